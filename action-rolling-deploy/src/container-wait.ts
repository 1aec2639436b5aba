import type { Container } from '@deploy-actions/kit/compose/container';
import { listContainersPart, listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { askStates } from '@deploy-actions/kit/compose/engine-api';
import { runBatch, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import type { EngineDoor } from '@deploy-actions/kit/host/engine-door';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { poll, type Look } from '@deploy-actions/kit/time/poll';
import { describeWait, healthDeadlineMs, judgeContainer, type Judgement } from './container-health.ts';
import { RolloutError } from './errors.ts';
import { collectEvidence } from './evidence.ts';
import {
  findStranger,
  foreign,
  ownContainers,
  refuseTampering,
  updateOwn,
  watch,
  type RolloutContext,
} from './rollout-context.ts';

/** Between two looks: the server itself holds them back. */
const lookEveryMs = 20;
/** How long the server holds a look back until something changes. */
const holdSeconds = 2;
const minHealthyWithoutCheckMs = 10_000;
const progressEveryMs = 2_000;
/** Between two looks of {@link bake}. */
const bakeEveryMs = 1_000;

/**
 * Waits until every given new container is ready and has stayed so for `min-healthy`.
 * @param started the new containers as they were at the first look after their start
 * @param since when they were told to start, by the rollout's clock
 * @throws RolloutError CONTAINER_UNHEALTHY, CONTAINER_EXITED or HEALTH_TIMEOUT with health log and last log lines;
 *   CONCURRENT_CHANGE
 */
export async function waitUntilHealthy(
  context: RolloutContext,
  service: string,
  started: readonly Container[],
  since = context.clock.now(),
): Promise<void> {
  const deadlineMs = context.options.healthTimeoutMs ?? Math.max(0, ...started.map(healthDeadlineMs));
  const hasCheck = started.every((container) => container.health !== undefined);
  if (!hasCheck && context.options.healthcheck !== 'ignore')
    context.log(`${service}: no health check; running for a while is the only proof. Add one to know more.`);
  const ids = started.map(({ id }) => id);
  const healthy = await pollContainers(context, service, ids, deadlineMs, 'ready');
  context.log(`${service}: ${names(healthy)} ready after ${formatDuration(context.clock.now() - since)}`);
  const stayMs = context.options.minHealthyMs ?? (hasCheck ? 0 : minHealthyWithoutCheckMs);
  if (stayMs === 0) return;
  const countRestarts = (containers: readonly Container[]): number =>
    containers.filter(({ id }) => ids.includes(id)).reduce((sum, { restartCount }) => sum + restartCount, 0);
  for (let before = countRestarts(healthy); ;) {
    const after = countRestarts(await pollContainers(context, service, ids, stayMs, 'stays'));
    if (after === before) break;
    context.log(`${service}: restarted meanwhile; its time begins anew`);
    before = after;
  }
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
  const start = context.clock.now();
  let lastProgress = start;
  let isFirst = true;
  const chosen = (): readonly Container[] => ownContainers(context, service).filter(({ id }) => ids.includes(id));
  const look = async (): Promise<Look<readonly Container[]>> => {
    // The first look is the one that came with the start.
    if (!isFirst) await lookForChange(context, service, ids, deadlineMs - (context.clock.now() - start));
    isFirst = false;
    const containers = chosen();
    const waiting: string[] = [];
    for (const id of ids) {
      const container = containers.find((candidate) => candidate.id === id);
      const judgement = judgeContainer(container);
      await refuseFailed(context, service, id, ownContainers(context, service), judgement);
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
  if (purpose === 'stays' && result.lastSeen === 'ready') return chosen();
  throw await timedOut(context, service, chosen(), result.lastSeen, deadlineMs);
}

/**
 * $1 longest wait in seconds, $2 the state as the caller knows it (`started`: as right after a start, all health checks
 * still to come), then the ids. Ends as soon as the state is another one: Docker's events wake it, so that neither side
 * polls. Without FIFOs it just waits a little. `.ID` is Docker's own field: with the `.Id` of the JSON its template would
 * fall back on a raw map, which has no health where there is no check.
 */
const holdScript = `
seconds=$1 known=$2; shift 2
state() { docker inspect --type container --format '{{.ID}} {{.State.Status}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' "$@" 2>/dev/null; }
dir=$(mktemp -d 2>/dev/null) && mkfifo "$dir/f" 2>/dev/null || { rm -rf "$dir"; sleep 0.5; exit 0; }
exec 3<>"$dir/f"; rm -rf "$dir"
filters=$(for id; do printf ' --filter container=%s' "$id"; done)
docker events --since "$(date +%s)" $filters --filter event=health_status --filter event=die --filter event=oom --format x >&3 2>/dev/null & events=$!
{ sleep "$seconds"; echo late >&3; } >/dev/null 2>&1 & timer=$!
seen=$(state "$@")
[ "$known" != started ] || known=$(printf '%s\\n' "$seen" | grep ' running [0-9]* starting$')
if [ "$seen" = "$known" ]; then IFS= read -r _ <&3; fi
kill "$events" "$timer" 2>/dev/null
exit 0`;

/** Between two questions to the engine: each costs it less than a millisecond. */
const askEveryMs = 100;

/** What {@link holdScript} does, asked of the engine. */
async function askForChange(
  engine: EngineDoor,
  ids: readonly string[],
  known: string,
  longestMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<PartResult> {
  const start = clock.now();
  const first = await askStates(engine, ids, signal);
  const isStarting = (line: string): boolean => / running \d+ starting$/.test(line);
  const before = known === 'started' ? first.split('\n').filter(isStarting).join('\n') : known;
  for (let seen = first; seen === before && clock.now() - start < longestMs;) {
    await clock.sleep(askEveryMs, signal);
    seen = await askStates(engine, ids, signal);
  }
  return { code: 0, stdout: '', stderr: '' };
}

/** Holds the batch back until the given containers are in another state than the known one, or for a while. */
function holdPart(clock: Clock, ids: readonly string[], known: string, longestMs: number): BatchPart {
  const seconds = Math.max(0.1, Math.min(holdSeconds, longestMs / 1000));
  return {
    purpose: 'wait for a change',
    source: holdScript,
    args: [seconds.toFixed(1), known, ...ids],
    ask: (engine, signal) => askForChange(engine, ids, known, seconds * 1000, clock, signal),
  };
}

/** Behind a start: the look that follows is one at containers that are ready already, where their health check is quick. */
export function holdAfterStart(clock: Clock, ids: readonly string[], longestMs: number | undefined): BatchPart {
  return holdPart(clock, ids, 'started', longestMs ?? Number.POSITIVE_INFINITY);
}

/** A new look at the project, held back on the server until the given containers change. */
async function lookForChange(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
  remainingMs: number,
): Promise<void> {
  const before = ownContainers(context, service);
  const known = ids
    .flatMap((id) => before.filter((container) => container.id === id))
    .map(({ id, status, restartCount, health }) => `${id} ${status} ${restartCount} ${health?.status ?? ''}`)
    .join('\n');
  const parts = [holdPart(context.clock, ids, known, remainingMs), listContainersPart(context.model.name)];
  const results = await watch(context, () => runBatch(context.host, parts, { signal: context.signal }));
  refuseTampering(context, service, before, updateOwn(context, service, results.at(-1)?.stdout ?? ''));
}

/**
 * @param of the service to look at; undefined: all
 * @throws RolloutError CONTAINER_UNHEALTHY, CONTAINER_EXITED when one that this rollout proved is not well any more
 */
export async function refuseLapsed(
  context: RolloutContext,
  of: string | undefined,
  containers: readonly Container[],
): Promise<void> {
  for (const [id, service] of context.proved) {
    if (of !== undefined && service !== of) continue;
    const judgement = judgeContainer(containers.find((candidate) => candidate.id === id));
    await refuseFailed(context, service, id, containers, judgement);
  }
}

/**
 * Everything runs together for a while before the release counts: what was proved must stay well, and start no second
 * time.
 * @throws RolloutError CONTAINER_UNHEALTHY, CONTAINER_EXITED
 */
export async function bake(context: RolloutContext, bakeMs: number): Promise<void> {
  if (bakeMs === 0 || context.proved.size === 0) return;
  const { clock, host, log, model, proved, signal } = context;
  log(`watching ${proved.size} new container(s) for ${formatDuration(bakeMs)} before the release counts`);
  const restarts = new Map(context.project.containers.map(({ id, restartCount }) => [id, restartCount]));
  const start = clock.now();
  for (;;) {
    const leftMs = bakeMs - (clock.now() - start);
    await clock.sleep(Math.min(bakeEveryMs, Math.max(0, leftMs)), signal);
    const containers = await listProjectContainers(host, model.name);
    for (const [id, service] of proved) {
      const container = containers.find((candidate) => candidate.id === id);
      await refuseFailed(context, service, id, containers, judgeContainer(container, restarts.get(id)));
    }
    if (leftMs <= bakeEveryMs) return;
  }
}

/**
 * What is gone was taken away by somebody; and where another container stands beside one that ended, that is a person's
 * `up -d` on its way: Compose makes its own first, stops ours and then removes it.
 * @param containers all of the service, as they were when this one was judged
 */
async function refuseFailed(
  context: RolloutContext,
  service: string,
  id: string,
  containers: readonly Container[],
  judgement: Judgement,
): Promise<void> {
  if (judgement.kind !== 'gone' && judgement.kind !== 'failed') return;
  const container = [...containers, ...context.project.containers].find((candidate) => candidate.id === id);
  if (judgement.kind === 'gone') throw foreign(context, service, `${container?.name ?? id.slice(0, 12)} was removed`);
  const stranger = findStranger(context.footprint, service, containers);
  if (stranger !== undefined) throw foreign(context, service, `${stranger.name} appeared`);
  throw await failure(context, service, container, judgement);
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
    hint: 'Its health probes, settings and last log lines are in the log and in the job summary.',
    evidence: container === undefined ? [] : await collectEvidence(context.host, container),
  });
}

async function timedOut(
  context: RolloutContext,
  service: string,
  containers: readonly Container[],
  seen: string,
  deadlineMs: number,
): Promise<RolloutError> {
  const evidence = await Promise.all(containers.map((container) => collectEvidence(context.host, container)));
  return new RolloutError({
    code: 'HEALTH_TIMEOUT',
    message: `${context.host.name}: ${service} was not ready within ${formatDuration(deadlineMs)}: ${seen}.`,
    hint: 'Raise `health-timeout` if it only boots slowly; else its health probes and last log lines tell why.',
    evidence: evidence.flat(),
  });
}

function names(containers: readonly Container[]): string {
  return containers.map((container) => container.name).join(', ');
}
