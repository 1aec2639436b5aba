import type { Container } from '@deploy-actions/kit/compose/container';
import { inspectContainers, readLogs } from '@deploy-actions/kit/compose/docker-cli';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { poll, type Look } from '@deploy-actions/kit/time/poll';
import { describeWait, healthDeadlineMs, judgeContainer } from './container-health.ts';
import { RolloutError } from './errors.ts';
import type { RolloutContext } from './rollout-context.ts';

const lookEveryMs = 500;
const minHealthyWithoutCheckMs = 10_000;
const progressEveryMs = 2_000;
const evidenceLines = 40;

/**
 * Waits until every given new container is ready and has stayed so for `min-healthy`.
 * @throws RolloutError CONTAINER_UNHEALTHY, CONTAINER_EXITED or HEALTH_TIMEOUT with health log and last log lines
 */
export async function waitUntilHealthy(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
): Promise<void> {
  const first = await inspectContainers(context.host, ids);
  const deadlineMs = context.options.healthTimeoutMs ?? Math.max(0, ...first.map(healthDeadlineMs));
  const hasCheck = first.every((container) => container.health !== undefined);
  if (!hasCheck)
    context.log(`${service}: no health check; running for a while is the only proof. Add one to know more.`);
  const start = context.clock.now();
  const healthy = await pollContainers(context, service, ids, deadlineMs, 'ready');
  context.log(`${service}: ${names(healthy)} ready after ${formatDuration(context.clock.now() - start)}`);
  const stayMs = context.options.minHealthyMs ?? (hasCheck ? 0 : minHealthyWithoutCheckMs);
  if (stayMs === 0) return;
  await pollContainers(context, service, ids, stayMs, 'stays');
  context.log(`${service}: stayed ready for ${formatDuration(stayMs)}`);
}

/** `ready`: until all are ready. `stays`: for the whole time, all the while ready or failing the deploy. */
async function pollContainers(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
  deadlineMs: number,
  purpose: 'ready' | 'stays',
): Promise<readonly Container[]> {
  let lastProgress = context.clock.now();
  const look = async (): Promise<Look<readonly Container[]>> => {
    const containers = await inspectContainers(context.host, ids);
    const waiting: string[] = [];
    for (const id of ids) {
      const container = containers.find((candidate) => candidate.id === id);
      const judgement = judgeContainer(container);
      if (judgement.kind === 'failed') throw await failure(context, service, container, judgement);
      if (judgement.kind === 'waiting') waiting.push(`${container?.name ?? id.slice(0, 12)} (${judgement.seen})`);
    }
    if (purpose === 'ready' && waiting.length === 0) return { done: true, value: containers };
    return { done: false, seen: waiting.length === 0 ? 'ready' : waiting.join(', ') };
  };
  const result = await poll(look, {
    clock: context.clock,
    intervalMs: lookEveryMs,
    deadlineMs,
    signal: context.signal,
    onWait: (seen, elapsedMs) => {
      if (context.clock.now() - lastProgress < progressEveryMs) return;
      lastProgress = context.clock.now();
      context.log(`  ${describeWait(service, seen, elapsedMs)}`);
    },
  });
  if (result.kind === 'done') return result.value;
  if (purpose === 'stays' && result.lastSeen === 'ready') return inspectContainers(context.host, ids);
  throw await timedOut(context, service, ids, result.lastSeen, deadlineMs);
}

async function failure(
  context: RolloutContext,
  service: string,
  container: Container | undefined,
  judgement: { readonly code: 'CONTAINER_UNHEALTHY' | 'CONTAINER_EXITED'; readonly reason: string },
): Promise<RolloutError> {
  return new RolloutError({
    code: judgement.code,
    message: `${context.host.name}: the new container of ${service} ${container === undefined ? '' : `(${container.name}) `}${judgement.reason}.`,
    hint: 'Its health probes and last log lines are in the log and in the job summary.',
    evidence: container === undefined ? [] : await collectEvidence(context, container),
  });
}

async function timedOut(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
  seen: string,
  deadlineMs: number,
): Promise<RolloutError> {
  const containers = await inspectContainers(context.host, ids);
  const evidence = await Promise.all(containers.map((container) => collectEvidence(context, container)));
  return new RolloutError({
    code: 'HEALTH_TIMEOUT',
    message: `${context.host.name}: ${service} was not ready within ${formatDuration(deadlineMs)}: ${seen}.`,
    hint: 'Raise `health-timeout` if it only boots slowly; else its health probes and last log lines tell why.',
    evidence: evidence.flat(),
  });
}

/** Health probes and last log lines of a container, for the person on call. */
async function collectEvidence(context: RolloutContext, container: Container): Promise<readonly string[]> {
  const logs = await readLogs(context.host, container.id, evidenceLines);
  const probes = container.health?.probes ?? [];
  return [
    `--- ${container.name}: ${describeState(container)}, ${container.restartCount} restarts`,
    ...probes.map((probe) => `health probe: ${probe}`),
    `--- last ${logs.length} log lines of ${container.name}`,
    ...logs,
  ];
}

/** The exit code of a running container is the one of its last life, and misleads. */
function describeState({ status, exitCode }: Container): string {
  return status === 'running' ? status : `${status}, exit code ${exitCode}`;
}

function names(containers: readonly Container[]): string {
  return containers.map((container) => container.name).join(', ');
}
