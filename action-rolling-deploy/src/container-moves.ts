import { runCompose } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { inspectImage, listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { execOrThrow, lastLines } from '@deploy-actions/kit/host/host';
import { parseDuration } from '@deploy-actions/kit/time/duration';
import { RolloutError } from './errors.ts';
import { observeService, type RolloutContext } from './rollout-context.ts';
import { hasEnded } from './rollout-plan.ts';
import { dependencyClosure } from './strategy.ts';

/** Labels of a service, read from the NEW model: how its old container is taken out of service before SIGTERM. */
export const preStopLabel = 'deploy-actions.pre-stop';
export const drainWaitLabel = 'deploy-actions.drain-wait';

const createTimeoutMs = 180_000;
const preStopTimeoutMs = 60_000;

/**
 * Creates `count` more containers of a service without touching the others, and proves that they are new and run the
 * wanted image. `create` and not `up --no-deps`: Compose 2.26 leaves `depends_on` out of the configuration hash of the
 * latter, so that a person's next plain `up -d` would recreate them (research lab.md 4.4); and it starts nothing.
 */
export async function addContainers(
  context: RolloutContext,
  service: string,
  existing: readonly Container[],
  count: number,
): Promise<readonly string[]> {
  await context.journal.append('intent', { service, existing: existing.map((container) => container.id) });
  const scale = [`${service}=${existing.length + count}`, ...(await dependencyScales(context, service))];
  const args = [
    'create',
    '--no-recreate',
    '--no-build',
    '--pull',
    'never',
    ...scale.flatMap((s) => ['--scale', s]),
    service,
  ];
  return createContainers(context, service, args, existing);
}

/**
 * Recreates a service in place, its old containers being stopped already: for services of which two cannot exist.
 * Compose carries anonymous volumes over to the new container.
 */
export async function recreateContainers(context: RolloutContext, service: string): Promise<readonly string[]> {
  const existing = await observeService(context, service);
  await context.journal.append('intent', {
    service,
    existing: existing.map((container) => container.id),
    replace: true,
  });
  const args = ['create', '--force-recreate', '--no-build', '--pull', 'never', service];
  const ids = await createContainers(context, service, args, existing);
  return ids;
}

async function createContainers(
  context: RolloutContext,
  service: string,
  args: readonly string[],
  existing: readonly Container[],
): Promise<readonly string[]> {
  const { scope, model, signal } = context;
  const result = await runCompose(scope, model, args, { timeoutMs: createTimeoutMs, signal });
  const before = new Set(existing.map((container) => container.id));
  const now = await listProjectContainers(context.host, model.name);
  const made = now.filter((c) => c.service === service && !c.isOneOff && !before.has(c.id));
  const ids = made.map((container) => container.id);
  // Recorded before anything can fail: what was made must be removable.
  for (const id of ids) context.known.add(id);
  context.created.set(service, [...(context.created.get(service) ?? []), ...ids]);
  await context.journal.append('created', { service, ids });
  if (result.code !== 0 || ids.length === 0)
    throw new RolloutError({
      code: 'WRONG_CONTAINER',
      message: `${context.host.name}: docker compose could not create ${service}: ${lastLines(result.stderr, 2).join(' ')}`,
      evidence: lastLines(result.stderr, 20),
    });
  await proveImage(context, service, made);
  return ids;
}

/** Siblings scaled by hand keep their number: without these flags Compose would scale them to what the file says. */
async function dependencyScales(context: RolloutContext, service: string): Promise<readonly string[]> {
  const closure = dependencyClosure(context.model, service);
  if (closure.length === 0) return [];
  const containers = await listProjectContainers(context.host, context.model.name);
  return closure.flatMap((name) => {
    const count = containers.filter((container) => container.service === name && !container.isOneOff).length;
    return count === 0 ? [] : [`${name}=${count}`];
  });
}

async function proveImage(context: RolloutContext, service: string, made: readonly Container[]): Promise<void> {
  const wanted = context.model.services[service]?.image;
  const image = wanted === undefined ? undefined : await inspectImage(context.host, wanted);
  const wrong = made.find((container) => image !== undefined && container.imageId !== image.id);
  if (wrong === undefined) return;
  throw new RolloutError({
    code: 'WRONG_CONTAINER',
    message: `${context.host.name}: ${wrong.name} runs ${wrong.imageId}, but ${wanted ?? service} is ${image?.id ?? 'unknown'}.`,
    hint: 'The image on the server changed during the deploy. Pin it by digest.',
  });
}

/** Starts created containers. */
export async function startContainers(context: RolloutContext, ids: readonly string[]): Promise<void> {
  await execOrThrow(context.host, ['docker', 'start', ...ids], { timeoutMs: createTimeoutMs, signal: context.signal });
}

/** Takes one container out of service, in order: pre-stop, drain wait, SIGTERM with its own grace. It stays, stopped. */
export async function drainAndStop(context: RolloutContext, container: Container): Promise<void> {
  const { host, clock, signal } = context;
  if (hasEnded(container)) return;
  const labels = context.model.services[container.service]?.labels ?? {};
  const command = labels[preStopLabel];
  if (command !== undefined) {
    await context.journal.append('unrouted', { service: container.service, id: container.id });
    context.spent.add(container.id);
    const result = await host.exec(['docker', 'exec', container.id, 'sh', '-c', command], {
      timeoutMs: preStopTimeoutMs,
    });
    if (result.code !== 0)
      context.log(
        `${container.name}: pre-stop command ended with ${result.code}: ${lastLines(result.stderr, 1).join('')}; going on`,
      );
  }
  const wait = labels[drainWaitLabel];
  if (wait !== undefined)
    await clock.sleep(parseDuration(wait, `label ${drainWaitLabel} of ${container.service}`), signal);
  await context.journal.append('stopping', { service: container.service, id: container.id });
  // A restart policy would bring a stopped old container back when dockerd restarts.
  await host.exec(['docker', 'update', '--restart=no', container.id]);
  const timeoutMs = (container.stopGraceSeconds + 30) * 1000;
  await execOrThrow(host, ['docker', 'stop', container.id], { timeoutMs });
  const code = await host.exec(['docker', 'inspect', '--format', '{{.State.ExitCode}}', container.id]);
  const wasKilled = code.stdout.trim() === '137';
  context.log(
    wasKilled
      ? `${container.name}: did not end within its grace period of ${container.stopGraceSeconds}s and was killed (137); raise stop_grace_period or handle SIGTERM`
      : `${container.name}: stopped`,
  );
}

/** Removes containers by id; one that is gone already is fine, one that cannot be removed is not. */
export async function removeContainers(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const result = await context.host.exec(['docker', 'rm', '--force', ...ids], { timeoutMs: 60_000 });
  const isOnlyMissing = result.stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .every((line) => /No such container/i.test(line));
  if (result.code !== 0 && !isOnlyMissing) await execOrThrow(context.host, ['docker', 'rm', '--force', ...ids]);
  await context.journal.append('removed', { service, ids });
}
