import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import { parseContainers, type Container } from '@deploy-actions/kit/compose/container';
import { listContainersPart } from '@deploy-actions/kit/compose/docker-cli';
import { askService, type ServiceMember } from '@deploy-actions/kit/compose/engine-api';
import type { StoredImages } from '@deploy-actions/kit/compose/local-images';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { runBatch, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import { commandFailed, HostError, type Host } from '@deploy-actions/kit/host/host';
import type { Journal } from '@deploy-actions/kit/state/journal';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { RolloutError } from './errors.ts';
import type { Footprint } from './footprint.ts';
import type { Route } from './route/route.ts';
import type { Wishes } from './wishes.ts';

/** How a rollout waits and how much it does at once. */
export interface RolloutOptions extends Pick<Wishes, 'healthcheck' | 'parallelism' | 'maxSurge'> {
  readonly healthTimeoutMs: number | undefined;
  readonly minHealthyMs: number | undefined;
}

/** What every move of a rollout needs. */
export interface RolloutContext {
  readonly host: Host;
  /** The live files with the pins of this rollout. */
  readonly scope: ComposeScope;
  readonly model: ComposeModel;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly options: RolloutOptions;
  readonly log: (line: string) => void;
  readonly footprint: Footprint;
  readonly route: Route;
  /** Compose's hash of every service of the model: what a container that this deploy makes is labelled with. */
  readonly wantedHashes: Readonly<Record<string, string>>;
  /** The images that the plan needs, as they are on the server, by reference. */
  readonly images: StoredImages;
  /** The project as last seen. A service that rolls beside others brings only its own containers up to date. */
  readonly project: ProjectView;
  /** Compose creates for one service at a time: two at once could both make what they share. */
  readonly creation: { last: Promise<unknown> };
  /** Containers that this rollout proved healthy, with their service: they must still be so when it commits. */
  readonly proved: Map<string, string>;
}

/** The project as last seen, and how current that is. */
export interface ProjectView {
  containers: readonly Container[];
  /** Commands that were begun and may change it, and how many of them are under way. */
  begun: number;
  underWay: number;
  /** The whole project after the last of them, by the rollout's clock; undefined where that one was not alone. */
  latest: { readonly containers: readonly Container[]; readonly at: number } | undefined;
}

/** A change on the server. Its parts begin with the journal line that announces it. */
export interface Mutation {
  readonly service: string;
  /** Containers that it changes; any other one of the service must be as it was before. */
  readonly touches: readonly string[];
  /** Containers without which it must not happen: what stays when this one goes. They must run just before. */
  readonly needs?: readonly string[];
  readonly parts: readonly BatchPart[];
  readonly timeoutMs: number;
  /** Remembers what is there afterwards, before anything is judged: what was made must be removable. */
  readonly record?: (own: readonly Container[]) => void;
  /** Undefined for what must run to its end, cancelled or not. */
  readonly signal?: AbortSignal;
}

export interface MutationResult {
  /** One for each of `parts`. */
  readonly results: readonly PartResult[];
  /** The containers of the service afterwards, one-offs left out. */
  readonly own: readonly Container[];
}

/**
 * $1 project, $2 service, $3 ids that must run, then the ids that may be there. Exit 70: another container is there (its
 * name is printed); 71: a needed one does not run (its id is printed).
 */
const guardScript = `
found=$(docker ps -a --no-trunc --format '{{.ID}} {{.State}}' --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" --filter "label=com.docker.compose.oneoff=False") || exit 1
needed=$3; shift 3
for id in $(printf '%s\\n' "$found" | cut -d ' ' -f 1); do case " $* " in *" $id "*) ;; *) docker inspect --format '{{.Name}}' "$id"; exit 70 ;; esac; done
for id in $needed; do case $found in *"$id running"*) ;; *) printf '%s' "$id"; exit 71 ;; esac; done`;

/** What {@link guardScript} says of the containers that are there. Pure. */
export function judgeMembers(
  members: readonly ServiceMember[],
  { known }: Pick<Footprint, 'known'>,
  needs: readonly string[],
): PartResult {
  const stranger = members.find(({ id }) => !known.has(id));
  if (stranger !== undefined) return { code: 70, stdout: stranger.name, stderr: '' };
  const gone = needs.find((needed) => !members.some(({ id, state }) => id === needed && state === 'running'));
  return gone === undefined ? { code: 0, stdout: '', stderr: '' } : { code: 71, stdout: gone, stderr: '' };
}

/** A look that is no older, by the runner's clock, serves as the guard of the next move. */
const freshMs = 500;

/** The project as it was a moment ago; undefined: it has to be looked at again. */
export function justSeen({
  project,
  clock,
}: Pick<RolloutContext, 'project' | 'clock'>): readonly Container[] | undefined {
  const { latest } = project;
  return latest !== undefined && clock.now() - latest.at < freshMs ? latest.containers : undefined;
}

/** @throws RolloutError CONCURRENT_CHANGE where that look shows a container that is neither an old one nor ours */
function isJustSeen(context: RolloutContext, service: string, needs: readonly string[]): boolean {
  const seen = justSeen(context);
  // What is needed and was not well is asked for once more.
  if (!needs.every((id) => seen?.some((container) => container.id === id && container.status === 'running')))
    return false;
  const stranger = findStranger(context.footprint, service, seen ?? []);
  if (stranger !== undefined) throw foreign(context, service, `${stranger.name} appeared`);
  return seen !== undefined;
}

/** A container of the service that neither existed at the start nor was made by this deploy. Pure. */
export function findStranger(
  { known }: Pick<Footprint, 'known'>,
  service: string,
  containers: readonly Container[],
): Container | undefined {
  return containers.find(({ id, service: of, isOneOff }) => of === service && !isOneOff && !known.has(id));
}

/**
 * Guard, journal, mutation and look, in one remote command: nothing happens when a container is there that neither
 * existed at the start nor was made by this deploy, and what happened is seen at once.
 * @throws RolloutError CONCURRENT_CHANGE
 */
export async function mutate(context: RolloutContext, mutation: Mutation): Promise<MutationResult> {
  const { host, model, footprint } = context;
  const { service, touches, parts, timeoutMs, signal, needs = [] } = mutation;
  const guard: BatchPart = {
    purpose: `look for foreign containers of ${service}`,
    source: guardScript,
    args: [model.name, service, needs.join(' '), ...footprint.known],
    ask: async (engine, signal) =>
      judgeMembers(await askService(engine, model.name, service, signal), footprint, needs),
    fail: ({ code, stdout, stderr }) =>
      code === 70
        ? foreign(context, service, `${stdout.trim().replace(/^\//, '')} appeared`)
        : code === 71
          ? new NeededGone(stdout.trim())
          : commandFailed(host, 'docker ps', { code, stdout, stderr }),
  };
  const before = ownContainers(context, service);
  const guards = isJustSeen(context, service, needs) ? [] : [guard];
  const all = [...guards, ...parts, listContainersPart(model.name)];
  const results = await watch(context, () =>
    runBatch(host, all, { timeoutMs, ...(signal === undefined ? {} : { signal }) }),
  ).catch(async (thrown: unknown) => {
    if (thrown instanceof NeededGone) return judgeGone(context, service, before, thrown.id);
    throw (await findForeignCause(context, mutation, before, thrown)) ?? thrown;
  });
  // One of before ended by itself: it keeps nothing from being replaced.
  if (results === undefined) return mutate(context, { ...mutation, needs: [] });
  const own = updateOwn(context, service, results.at(-1)?.stdout ?? '');
  mutation.record?.(own);
  refuseTampering(
    context,
    service,
    before.filter(({ id }) => !touches.includes(id)),
    own,
  );
  return { results: results.slice(guards.length, -1), own };
}

/** Thrown by the guard: nothing was done, because a container that has to stay does not run. */
class NeededGone extends Error {
  readonly id: string;
  constructor(id: string) {
    super(id);
    this.id = id;
  }
}

/** @throws RolloutError CONCURRENT_CHANGE where somebody took it away, CONTAINER_EXITED where it is one of ours */
async function judgeGone(
  context: RolloutContext,
  service: string,
  before: readonly Container[],
  id: string,
): Promise<undefined> {
  const [listing] = await runBatch(context.host, [listContainersPart(context.model.name)]);
  const now = updateOwn(context, service, listing?.stdout ?? '');
  refuseTampering(context, service, before, now);
  if (!context.proved.has(id)) return undefined;
  const name = before.find((container) => container.id === id)?.name ?? id.slice(0, 12);
  if (!now.some((container) => container.id === id)) throw foreign(context, service, `${name} was removed`);
  throw new RolloutError({
    code: 'CONTAINER_EXITED',
    message: `${context.host.name}: the new container of ${service} (${name}) does not run any more; nothing was taken away for it.`,
    hint: 'Its log tells why: docker logs on the server, if it is still there.',
  });
}

/** A command that failed because somebody took the container away is no failure of the deploy's own. */
async function findForeignCause(
  context: RolloutContext,
  { service, touches }: Mutation,
  before: readonly Container[],
  thrown: unknown,
): Promise<RolloutError | undefined> {
  if (!(thrown instanceof HostError) || thrown.code !== 'COMMAND_FAILED') return undefined;
  const isMissing = /No such (container|object)/i.test([thrown.message, ...thrown.evidence].join('\n'));
  const watched = isMissing ? before : before.filter(({ id }) => !touches.includes(id));
  const [listing] = await runBatch(context.host, [listContainersPart(context.model.name)]);
  const now = updateOwn(context, service, listing?.stdout ?? '');
  const change = findTampering(watched, now) ?? (isMissing ? findRemoved(before, touches, now) : undefined);
  return change === undefined ? undefined : foreign(context, service, change);
}

/**
 * Runs a command that ends with a listing of the project. What it lists is the latest view, unless another such command
 * ran at the same time.
 */
export async function watch(
  { project, clock }: Pick<RolloutContext, 'project' | 'clock'>,
  run: () => Promise<readonly PartResult[]>,
): Promise<readonly PartResult[]> {
  project.latest = undefined;
  const turn = ++project.begun;
  const isAlone = project.underWay++ === 0;
  try {
    const results = await run();
    if (isAlone && project.begun === turn)
      project.latest = { containers: parseContainers(results.at(-1)?.stdout ?? ''), at: clock.now() };
    return results;
  } finally {
    project.underWay--;
  }
}

/** Takes what a listing says of one service: of the others it may be older than what is known. */
export function updateOwn(context: RolloutContext, service: string, listing: string): readonly Container[] {
  const others = context.project.containers.filter((container) => container.service !== service);
  const seen = parseContainers(listing).filter((container) => container.service === service);
  context.project.containers = [...others, ...seen];
  return ownContainers(context, service);
}

/** The containers of a service as last seen, one-offs left out. */
export function ownContainers(context: RolloutContext, service: string): readonly Container[] {
  return context.project.containers.filter((container) => container.service === service && !container.isOneOff);
}

/**
 * @param before containers that nothing of ours has touched since
 * @throws RolloutError CONCURRENT_CHANGE when somebody removed or restarted one of them
 */
export function refuseTampering(
  context: RolloutContext,
  service: string,
  before: readonly Container[],
  now: readonly Container[],
): void {
  const change = findTampering(before, now);
  if (change !== undefined) throw foreign(context, service, change);
}

/** What somebody did to containers that run: `app-1 was removed`. A restart by its own policy is no such thing. Pure. */
export function findTampering(before: readonly Container[], now: readonly Container[]): string | undefined {
  for (const old of before) {
    if (old.status !== 'running') continue;
    const found = now.find(({ id }) => id === old.id);
    if (found === undefined) return `${old.name} was removed`;
    if (found.startedAt !== old.startedAt && found.restartCount <= old.restartCount) return `${old.name} was restarted`;
  }
  return undefined;
}

/** What somebody took away of containers that were to be changed, whatever state they were in (created, not started). Pure. */
export function findRemoved(
  before: readonly Container[],
  touches: readonly string[],
  now: readonly Container[],
): string | undefined {
  const gone = before.find(({ id }) => touches.includes(id) && !now.some((container) => container.id === id));
  return gone === undefined ? undefined : `${gone.name} was removed`;
}

/** The error for a change that is not this deploy's. */
export function foreign(context: RolloutContext, service: string, what: string): RolloutError {
  return new RolloutError({
    code: 'CONCURRENT_CHANGE',
    message: `${context.host.name}: service ${service} was changed during this deploy, and not by it: ${what}. Nothing foreign was touched.`,
    hint: 'Somebody ran docker compose by hand, or another tool deploys here. Settle that, then run again.',
  });
}
