import type { Container } from '@deploy-actions/kit/compose/container';
import type { UnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import { hasExpired, isFrozen, type Lease } from '@deploy-actions/kit/state/lease';
import type { Ledger, Release } from '@deploy-actions/kit/state/release';
import { hasEnded } from '@deploy-actions/kit/plan/rollout-plan';

/** What one look at the server found; nothing of it is judged yet. */
export interface StatusFacts {
  /** Seconds since the epoch by the server's clock. */
  readonly now: number;
  readonly lease: Lease | undefined;
  /** That of the whole server, where `lease-scope` names one. */
  readonly hostLease?: Lease | undefined;
  readonly unfinished: UnfinishedDeploy | undefined;
  readonly ledger: Ledger;
  /** undefined: Docker gave no answer. */
  readonly containers: readonly Container[] | undefined;
  /** Image id → the references with digest that the server knows it by. */
  readonly repoDigests: ReadonlyMap<string, readonly string[]>;
}

export type Match =
  | 'as-released'
  /** Runs another image than the current release recorded. */
  | 'differs'
  | 'not-running'
  /** Runs, and the current release did not record it. */
  | 'not-in-release'
  /** There is no release to compare with. */
  | 'no-release';

export interface ServiceStatus {
  readonly service: string;
  /** Reference that its running containers were created with; several are joined by ` + `. */
  readonly image: string | null;
  /** `repository@sha256:…` of what runs, where the server knows one. */
  readonly digest: string | null;
  /** What the current release recorded. */
  readonly released: string | null;
  readonly running: number;
  readonly health: 'healthy' | 'unhealthy' | 'starting' | 'none' | 'down';
  /** Start of the newest running container, ISO 8601. */
  readonly since: string | null;
  readonly restarts: number;
  readonly match: Match;
}

export interface LeaseStatus {
  readonly kind: 'run' | 'frozen' | 'expired';
  readonly actor: string;
  readonly runUrl: string;
  readonly reason: string | null;
  readonly since: string;
  /** null: until it is unlocked. */
  readonly until: string | null;
}

export interface ReleaseStatus {
  readonly number: number;
  readonly result: string;
  readonly isCurrent: boolean;
  readonly commit: string;
  readonly actor: string;
  readonly finishedAt: string;
}

/** The output `status`. */
export interface ServerStatus {
  readonly lease: LeaseStatus | null;
  /** That of the whole server, where `lease-scope` names one. */
  readonly hostLease: LeaseStatus | null;
  readonly unfinished: { readonly deployId: string; readonly lastStep: string } | null;
  readonly current: number | null;
  readonly services: readonly ServiceStatus[];
  /** Newest first. */
  readonly releases: readonly ReleaseStatus[];
  /** What to do next, most urgent first; never empty. */
  readonly advice: readonly string[];
}

const shownReleases = 20;

/** Judges what was found. Pure. */
export function assessStatus(facts: StatusFacts): ServerStatus {
  const { ledger, unfinished } = facts;
  const status = {
    lease: facts.lease === undefined ? null : assessLease(facts.lease, facts.now),
    hostLease: facts.hostLease === undefined ? null : assessLease(facts.hostLease, facts.now),
    unfinished:
      unfinished === undefined
        ? null
        : { deployId: unfinished.deployId, lastStep: unfinished.lines.at(-1)?.step ?? 'none' },
    current: ledger.current?.number ?? null,
    services: assessServices(facts),
    releases: ledger.releases
      .toReversed()
      .slice(0, shownReleases)
      .map((release) => assessRelease(release, ledger)),
  };
  return { ...status, advice: advise(status, facts) };
}

function assessLease(lease: Lease, now: number): LeaseStatus {
  const { owner, reason, expires, acquired } = lease;
  return {
    kind: hasExpired(lease, now) ? 'expired' : isFrozen(lease) ? 'frozen' : 'run',
    actor: owner.actor,
    runUrl: owner.runUrl,
    reason: reason ?? null,
    since: isoTime(acquired),
    until: expires === undefined ? null : isoTime(expires),
  };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function assessRelease(release: Release, ledger: Ledger): ReleaseStatus {
  const { number, commit, actor, finishedAt } = release;
  return {
    number,
    result: describeResult(release),
    isCurrent: number === ledger.current?.number,
    commit,
    actor,
    finishedAt,
  };
}

/** `ok`, `rolled_back`, `failed`; a good one that no rollback may choose any more is `gate_failed`. */
export function describeResult(release: Release): string {
  return release.result === 'ok' && release.gateFailed === true ? 'gate_failed' : release.result;
}

function assessServices({ containers = [], ledger, repoDigests }: StatusFacts): readonly ServiceStatus[] {
  const recorded = ledger.current?.digests ?? {};
  const own = containers.filter((container) => !container.isOneOff);
  const names = new Set([...own.map(({ service }) => service), ...Object.keys(recorded)]);
  return [...names].toSorted().map((service) => {
    const running = own.filter((container) => container.service === service && !hasEnded(container));
    const released = recorded[service];
    return {
      service,
      image: running.length === 0 ? null : [...new Set(running.map(({ image }) => image))].join(' + '),
      digest: digestOf(running.at(-1), repoDigests) ?? null,
      released: released ?? null,
      running: running.length,
      health: worstHealth(running),
      since:
        running
          .map(({ startedAt }) => startedAt)
          .toSorted()
          .at(-1) ?? null,
      restarts: running.reduce((sum, { restartCount }) => sum + restartCount, 0),
      match: matchRelease(running, released, ledger, repoDigests),
    };
  });
}

/** Under the repository that the container was made from, where the server knows the image by several. */
function digestOf(container: Container | undefined, repoDigests: StatusFacts['repoDigests']): string | undefined {
  if (container === undefined || /@sha\d+:/.test(container.image)) return container?.image;
  const known = repoDigests.get(container.imageId) ?? [];
  const repository = container.image.replace(/:[^/:]*$/, '');
  return known.find((ref) => ref.startsWith(`${repository}@`)) ?? known[0];
}

function worstHealth(running: readonly Container[]): ServiceStatus['health'] {
  if (running.length === 0) return 'down';
  const states = new Set(running.map(({ health, status }) => (status === 'running' ? health?.status : 'unhealthy')));
  for (const state of ['unhealthy', 'starting', 'healthy'] as const) if (states.has(state)) return state;
  return 'none';
}

function matchRelease(
  running: readonly Container[],
  released: string | undefined,
  ledger: Ledger,
  repoDigests: StatusFacts['repoDigests'],
): Match {
  if (ledger.current === undefined) return 'no-release';
  if (released === undefined) return 'not-in-release';
  if (running.length === 0) return 'not-running';
  const digest = /@(sha\d+:[0-9a-f]+)$/.exec(released)?.[1];
  const isSame = ({ image, imageId }: Container): boolean =>
    image === released ||
    (digest !== undefined && (repoDigests.get(imageId) ?? []).some((ref) => ref.endsWith(digest)));
  return running.every(isSame) ? 'as-released' : 'differs';
}

type Judged = Omit<ServerStatus, 'advice'>;

/** What to do next, most urgent first. */
function advise(status: Judged, facts: StatusFacts): readonly string[] {
  const advice = [...adviseLease(status), ...adviseServices(status, facts)];
  return advice.length === 0 ? ['Nothing to do.'] : advice;
}

function adviseLease({ lease, hostLease, unfinished }: Judged): readonly string[] {
  const holder = [lease, hostLease].find((one) => one !== null && one.kind !== 'expired') ?? undefined;
  if (holder?.kind === 'frozen')
    return [`Frozen by ${holder.actor} (${holder.reason ?? ''}): no run deploys here until it is unlocked.`];
  if (holder !== undefined)
    return [`A deploy goes on: ${holder.runUrl} by ${holder.actor}. Wait for it, or look at that run.`];
  if (unfinished === null) return [];
  return [
    `Deploy ${unfinished.deployId} did not reach its end (last step: ${unfinished.lastStep}). The next run settles it before anything else: run the job again.`,
  ];
}

function adviseServices(status: Judged, { containers, ledger }: StatusFacts): readonly string[] {
  if (containers === undefined) return ['Docker gave no answer: is it running, and may this user use it?'];
  const names = (match: (service: ServiceStatus) => boolean): string =>
    status.services
      .filter(match)
      .map(({ service }) => service)
      .join(', ');
  const advice: string[] = [];
  const say = (services: string, text: string): void => {
    if (services !== '') advice.push(`${services}: ${text}`);
  };
  const current = String(status.current);
  say(
    names(({ match }) => match === 'not-running'),
    `not running, though release ${current} started it. Deploy again, or look at docker compose ps -a.`,
  );
  say(
    names(({ health }) => health === 'unhealthy'),
    'unhealthy. Look at its log; `mode: rollback` goes back to the release before.',
  );
  say(
    names(({ match }) => match === 'differs'),
    `runs another image than release ${current} recorded: somebody changed it by hand. Deploying again brings it back.`,
  );
  if (ledger.current?.gateFailed === true)
    advice.push(`Release ${current} was marked by a red gate: roll back, or deploy a fixed version.`);
  if (ledger.current === undefined)
    advice.push(
      status.services.length === 0
        ? 'Nothing was deployed here yet.'
        : 'These actions have not deployed here yet: the first deploy records what runs as release 0, to go back to.',
    );
  return advice;
}
