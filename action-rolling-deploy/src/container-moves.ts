import { composePart, throwIfUnusable } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { removeContainers, startContainers } from '@deploy-actions/kit/compose/engine-changes';
import { programPart, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import { commandFailed, lastLines } from '@deploy-actions/kit/host/host';
import { RolloutError } from './errors.ts';
import { addCreated } from './footprint.ts';
import {
  foreign,
  mutate,
  ownContainers,
  type Mutation,
  type MutationResult,
  type RolloutContext,
} from './rollout-context.ts';
import { dependencyClosure } from '@deploy-actions/kit/plan/strategy';

const createTimeoutMs = 180_000;

/**
 * Creates `count` more containers of a service without touching the others, and proves that they are new and run the
 * wanted image. `create` and not `up --no-deps`: Compose 2.26 leaves `depends_on` out of the configuration hash of the
 * latter, so that a person's next plain `up -d` would recreate them (ADR 0005); and it starts nothing.
 */
export function addContainers(
  context: RolloutContext,
  service: string,
  existing: readonly Container[],
  count: number,
): Promise<readonly Container[]> {
  const scale = [`${service}=${existing.length + count}`, ...dependencyScales(context, service)];
  const flags = ['--no-recreate', ...scale.flatMap((entry) => ['--scale', entry])];
  return createContainers(context, service, flags, existing);
}

/**
 * Makes a service's containers anew, its old ones being stopped already: for services of which two cannot exist. Only
 * Compose can carry anonymous volumes over to a new container, by recreating it; it would also recreate dependencies
 * that are not as the files say, and leave them stopped (planRollout replaces those before). Without such volumes the
 * old ones are removed first, and nothing but this service is touched.
 */
export function recreateContainers(
  context: RolloutContext,
  service: string,
  existing: readonly Container[],
): Promise<readonly Container[]> {
  const ids = existing.map(({ id }) => id);
  const keepsVolumes = existing.some(({ anonymousVolumes = [] }) => anonymousVolumes.length > 0);
  const scale = [`${service}=${context.model.services[service]?.replicas ?? 1}`, ...dependencyScales(context, service)];
  const flags = [keepsVolumes ? '--force-recreate' : '--no-recreate', ...scale.flatMap((entry) => ['--scale', entry])];
  return createContainers(context, service, flags, existing, {
    touches: ids,
    first: keepsVolumes || ids.length === 0 ? [] : [removePart(context, ids)],
  });
}

async function createContainers(
  context: RolloutContext,
  service: string,
  flags: readonly string[],
  existing: readonly Container[],
  { touches, first }: Pick<Mutation, 'touches'> & { readonly first: readonly BatchPart[] } = { touches: [], first: [] },
): Promise<readonly Container[]> {
  const { scope, model, journal, signal, footprint } = context;
  const before = new Set(existing.map((container) => container.id));
  const hash = context.wantedHashes[service] ?? '';
  const isNew = (container: Container): boolean => !before.has(container.id);
  const isMade = (container: Container): boolean => isNew(container) && !isForeign(context, existing, container);
  const args = ['create', '--no-build', '--pull', 'never', ...flags, service];
  const create = (): Promise<MutationResult> =>
    mutate(context, {
      service,
      touches,
      parts: [
        journal.line('intent', { service, hash, existing: [...before] }),
        ...first,
        composePart(scope, model, args),
      ],
      timeoutMs: createTimeoutMs,
      signal,
      record: (now) => {
        addCreated(
          footprint,
          service,
          now.filter(isMade).map(({ id }) => id),
        );
      },
    });
  const { results, own } = await oneAtATime(context, async () => {
    try {
      return await create();
    } catch (thrown) {
      await recordCut(context, service, isMade);
      throw thrown;
    }
  });
  const stranger = own.find((container) => isNew(container) && !isMade(container));
  if (stranger !== undefined) throw foreign(context, service, `${stranger.name} appeared`);
  const made = own.filter(isMade);
  const ids = made.map((container) => container.id);
  const result: PartResult = results.at(-1) ?? { code: 1, stdout: '', stderr: '' };
  throwIfUnusable(scope, result);
  if (result.code !== 0 || ids.length === 0) {
    // Recorded before the failure: what was made must be removable.
    await journal.append('created', { service, ids });
    throw new RolloutError({
      code: 'WRONG_CONTAINER',
      message: `${context.host.name}: docker compose could not create ${service}: ${lastLines(result.stderr, 2).join(' ')}`,
      evidence: lastLines(result.stderr, 20),
    });
  }
  proveImage(context, service, made, model.services[service]?.image);
  return made;
}

/** A creation that was cut short (cancel, time limit, a sibling's failure) may have made its container all the same. */
async function recordCut(
  context: RolloutContext,
  service: string,
  isMade: (container: Container) => boolean,
): Promise<void> {
  const { host, model, footprint, wantedHashes } = context;
  const containers = await listProjectContainers(host, model.name).catch(() => []);
  const made = containers.filter(
    (container) =>
      container.service === service &&
      !container.isOneOff &&
      container.configHash === wantedHashes[service] &&
      !footprint.known.has(container.id) &&
      isMade(container),
  );
  addCreated(
    footprint,
    service,
    made.map(({ id }) => id),
  );
}

/**
 * Whether somebody else made a new container of the service while Compose made ours: it is not of the wanted
 * configuration, but of that of an old one, or of another image.
 */
function isForeign(context: RolloutContext, existing: readonly Container[], container: Container): boolean {
  const { configHash, service, imageId } = container;
  if (configHash === context.wantedHashes[service]) return false;
  const wanted = context.images.get(context.model.services[service]?.image ?? '');
  return existing.some((old) => old.configHash === configHash) || (wanted !== undefined && wanted.id !== imageId);
}

/** Waits for its turn; what the one before it threw is its caller's. */
async function oneAtATime<T>(context: RolloutContext, body: () => Promise<T>): Promise<T> {
  const turn = context.creation.last.then(body, body);
  context.creation.last = turn.catch(() => undefined);
  return turn;
}

/** Siblings scaled by hand keep their number: without these flags Compose would scale them to what the file says. */
function dependencyScales(context: RolloutContext, service: string): readonly string[] {
  return dependencyClosure(context.model, service).flatMap((name) => {
    const count = ownContainers(context, name).length;
    return count === 0 ? [] : [`${name}=${count}`];
  });
}

function proveImage(
  context: RolloutContext,
  service: string,
  made: readonly Container[],
  wanted: string | undefined,
): void {
  const image = wanted === undefined ? undefined : context.images.get(wanted);
  const wrong = made.find((container) => image !== undefined && container.imageId !== image.id);
  if (wrong === undefined) return;
  throw new RolloutError({
    code: 'WRONG_CONTAINER',
    message: `${context.host.name}: ${wrong.name} runs ${wrong.imageId}, but ${wanted ?? service} is ${image?.id ?? 'unknown'}.`,
    hint: 'The image on the server changed during the deploy. Pin it by digest.',
  });
}

/**
 * Starts containers that were just created, once the journal holds their ids and `first` has run. Returns them as they
 * are when `then` has run, too.
 */
export async function startCreated(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
  first: readonly BatchPart[],
  then: readonly BatchPart[],
): Promise<readonly Container[]> {
  const { own } = await mutate(context, {
    service,
    touches: ids,
    parts: [
      context.journal.line('created', { service, ids }),
      ...first,
      {
        ...programPart('docker start', ['docker', 'start', ...ids]),
        act: (engine, signal) => startContainers(engine, ids, signal),
      },
      ...then,
    ],
    timeoutMs: createTimeoutMs,
    signal: context.signal,
  });
  return own.filter((container) => ids.includes(container.id));
}

/** Starts containers again that somebody, or this engine, stopped; those may have lost their restart policy. */
export async function startAgain(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
): Promise<readonly Container[]> {
  const policy = context.model.services[service]?.restart ?? 'no';
  const { own } = await mutate(context, {
    service,
    touches: ids,
    parts: [
      context.journal.line('starting', { service, ids }),
      programPart('docker update', ['docker', 'update', `--restart=${policy}`, ...ids], { mayFail: true }),
      programPart('docker start', ['docker', 'start', ...ids]),
    ],
    timeoutMs: createTimeoutMs,
    signal: context.signal,
  });
  return own.filter((container) => ids.includes(container.id));
}

/** Removes containers by id, ended ones of an older configuration. */
export async function removeLeftovers(
  context: RolloutContext,
  service: string,
  ids: readonly string[],
): Promise<readonly Container[]> {
  const { own } = await mutate(context, {
    service,
    touches: ids,
    parts: [context.journal.line('leftovers', { service, ids }), removePart(context, ids)],
    timeoutMs: 60_000,
  });
  return own;
}

/** `docker rm --force`: one that is gone already is fine, one that cannot be removed is not. */
export function removePart(context: RolloutContext, ids: readonly string[]): BatchPart {
  return {
    purpose: 'docker rm',
    source: `
said=$(docker rm --force "$@" 2>&1 >/dev/null) && exit 0
for id; do if docker inspect --type container "$id" >/dev/null 2>&1; then printf '%s\\n' "$said" >&2; exit 1; fi; done`,
    args: ids,
    act: (engine, signal) => removeContainers(engine, ids, signal),
    fail: (result) => commandFailed(context.host, `docker rm ${ids.join(' ').slice(0, 60)}`, result),
  };
}
