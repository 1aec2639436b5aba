import type { Container } from '@deploy-actions/kit/compose/container';
import { programPart, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import { lastLines } from '@deploy-actions/kit/host/host';
import { parseDuration } from '@deploy-actions/kit/time/duration';
import { removePart } from './container-moves.ts';
import { addSpent } from './footprint.ts';
import { mutate, type RolloutContext } from './rollout-context.ts';

/** Labels of a service, read from the NEW model: how its old container is taken out of service before SIGTERM. */
export const preStopLabel = 'deploy-actions.pre-stop';
export const drainWaitLabel = 'deploy-actions.drain-wait';

const preStopTimeoutMs = 60_000;
const slackMs = 30_000;

/**
 * Takes a container out of service for good: pre-stop command and proxy first, SIGTERM with its own grace, then it is
 * removed. Not cut short by a cancel between SIGTERM and removal: the journal has promised it.
 */
export function retire(
  context: RolloutContext,
  container: Container,
  staying: readonly Container[],
): Promise<readonly Container[]> {
  context.log(`${container.service}: draining and stopping ${container.name}`);
  const { service, id } = container;
  const removal = [removePart(context, [id]), context.journal.line('removed', { service, ids: [id] })];
  return takeOut(context, container, staying, removal);
}

/** The same without the removal: Compose recreates the container in place. */
export function drainAndStop(context: RolloutContext, container: Container): Promise<readonly Container[]> {
  return takeOut(context, container, [], []);
}

/** One remote command where nothing has to be waited for between the pre-stop command and SIGTERM. */
async function takeOut(
  context: RolloutContext,
  container: Container,
  staying: readonly Container[],
  then: readonly BatchPart[],
): Promise<readonly Container[]> {
  const { journal, route } = context;
  const { service, id } = container;
  const labels = context.model.services[service]?.labels ?? {};
  const command = labels[preStopLabel];
  const wait = labels[drainWaitLabel];
  const hook =
    command === undefined ? [] : [programPart(preStop, ['docker', 'exec', id, 'sh', '-c', command], { mayFail: true })];
  const unroute = hook.length > 0 || route.kind !== 'none' ? [journal.line('unrouted', { service, id }), ...hook] : [];
  addSpent(context.footprint, service, id);
  const isAtOnce = wait === undefined && route.kind === 'none';
  if (!isAtOnce) {
    await run(context, container, unroute, preStopTimeoutMs);
    await route.withdraw(service, container, staying);
    if (wait !== undefined)
      await context.clock.sleep(parseDuration(wait, `label ${drainWaitLabel} of ${service}`), context.signal);
  }
  const parts = [...(isAtOnce ? unroute : []), journal.line('stopping', { service, id }), ...stopParts(id), ...then];
  const timeoutMs = preStopTimeoutMs + container.stopGraceSeconds * 1000 + slackMs;
  return run(context, container, parts, timeoutMs);
}

const preStop = 'run the pre-stop command';
const readExitCode = 'read the exit code';

function stopParts(id: string): readonly BatchPart[] {
  return [
    // A restart policy would bring a stopped old container back when dockerd restarts.
    programPart('docker update', ['docker', 'update', '--restart=no', id], { mayFail: true }),
    programPart('docker stop', ['docker', 'stop', id]),
    programPart(readExitCode, ['docker', 'inspect', '--format', '{{.State.ExitCode}}', id], { mayFail: true }),
  ];
}

async function run(
  context: RolloutContext,
  container: Container,
  parts: readonly BatchPart[],
  timeoutMs: number,
): Promise<readonly Container[]> {
  const { service, id, name, stopGraceSeconds } = container;
  const { results, own } = await mutate(context, { service, touches: [id], parts, timeoutMs });
  const resultOf = (purpose: string): PartResult | undefined =>
    results[parts.findIndex((part) => part.purpose === purpose)];
  const hook = resultOf(preStop);
  if (hook !== undefined && hook.code !== 0)
    context.log(`${name}: pre-stop command ended with ${hook.code}: ${lastLines(hook.stderr, 1).join('')}; going on`);
  const exitCode = resultOf(readExitCode)?.stdout.trim();
  if (exitCode === '137')
    context.log(
      `${name}: did not end within its grace period of ${stopGraceSeconds}s and was killed (137); raise stop_grace_period or handle SIGTERM`,
    );
  else if (exitCode !== undefined) context.log(`${name}: stopped`);
  return own;
}
