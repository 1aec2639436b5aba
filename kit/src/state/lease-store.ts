import { randomBytes } from 'node:crypto';
import { DeployError } from '../action/errors.ts';
import type { BatchPart } from '../host/batch.ts';
import { scriptOrThrow, type Host } from '../host/host.ts';
import type { Clock } from '../time/clock.ts';
import {
  describeLease,
  isFrozen,
  judgeUnlock,
  nextLease,
  parseLease,
  type Lease,
  type LeaseDecision,
  type LeaseOwner,
  type UnlockDecision,
} from './lease.ts';
import type { DeployPath } from './deploy-path.ts';

export type LeaseErrorCode = 'LOCKED' | 'LEASE_LOST' | 'STATE_UNREADABLE';
export class LeaseError extends DeployError<LeaseErrorCode> {}

/** A held lease. `release` and `renew` verify the generation and throw LEASE_LOST when another holds it by now. */
export interface HeldLease {
  /** True when this step took it (and so releases it in its post); false when an earlier step of the job did. */
  readonly isNew: boolean;
  /** What lease.json says as long as no later step, of this job or another, has begun. */
  readonly step: string;
  renew(): Promise<void>;
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly host: Host;
  readonly deployPath: DeployPath;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  /** How long to wait while another run holds it. */
  readonly waitMs: number;
  /** Covers the gaps between a job's steps. */
  readonly ttlSeconds: number;
  readonly signal: AbortSignal;
  readonly onWait: (message: string) => void;
  /** Called before the lease is written: a connection that breaks there leaves it taken, and nobody told of it. */
  readonly onTake?: () => void;
  /** Asks GitHub whether the run that holds it is over; false where that cannot be known. */
  readonly isHolderGone?: HolderCheck;
  /** Names of what the holder's job started on the server and that still works there: it keeps an expired lease alive. */
  readonly runningWork?: (holder: LeaseOwner) => Promise<readonly string[]>;
}

/** Whether the job that holds a lease is known to be over. */
export type HolderCheck = (holder: LeaseOwner) => Promise<boolean>;

/** GitHub is asked this often while another run holds the lease. */
const askEveryMs = 30_000;

/** Prints the server's time and the lease in one line; absent or empty file = time only. */
const readScript = `date +%s; cat "$1/.deploy/lease.json" 2>/dev/null | tr -d '\\n'`;

/**
 * Compare and swap under flock. $1 deploy path; stdin: line 1 the expected text ("-" for none), line 2 the new text
 * ("-" to remove). Exit 75 when another was faster. flock is absent on some systems, where mkdir is atomic; BusyBox's knows no `-w`.
 * A power cut may leave an empty lease.json: that is none. A lease.lock that a person's freeze made may be root's.
 */
export const swapScript = `
set -eu
cd "$1/.deploy"
IFS= read -r expected; IFS= read -r next; tries=0
swap() {
  found=$(cat lease.json 2>/dev/null | tr -d '\\n')
  [ "\${found:--}" = "$expected" ] || exit 75
  if [ "$next" = "-" ]; then rm -f lease.json; else printf '%s\\n' "$next" > lease.json.new; mv -f lease.json.new lease.json; fi
}
if command -v flock >/dev/null 2>&1; then
  if [ -w lease.lock ] || [ ! -e lease.lock ]; then exec 9>>lease.lock; else exec 9<lease.lock; fi
  until flock -n 9; do
    tries=$((tries + 1)); [ $tries -lt 100 ] || { echo 'lease.lock is held by another process' >&2; exit 76; }
    sleep 0.1 2>/dev/null || sleep 1
  done
  swap
else
  until mkdir lease.lock.d 2>/dev/null; do
    tries=$((tries + 1)); [ $tries -lt 100 ] || { echo 'lease.lock.d is there: remove it if no deploy runs' >&2; exit 76; }
    sleep 0.1 2>/dev/null || sleep 1
  done
  trap 'rmdir lease.lock.d' EXIT; swap
fi`;

/** The lease as it was a moment ago. */
export interface SeenLease {
  /** Seconds since the epoch by the server's clock. */
  readonly now: number;
  readonly lease: Lease | undefined;
}

interface Seen extends SeenLease {
  /** What a swap expects to find: the file's text, `-` for none. */
  readonly text: string;
}

/** Where a lease is. */
export type LeasePlace = Pick<LeaseOptions, 'host' | 'deployPath'>;

async function readLease({ host, deployPath }: LeasePlace): Promise<Seen> {
  const { stdout } = await scriptOrThrow(host, 'read the lease', readScript, [deployPath]);
  return parseSeen(stdout, deployPath);
}

function parseSeen(stdout: string, deployPath: DeployPath): Seen {
  const [time = '', text = ''] = stdout.split('\n');
  return { ...seenLease(Number(time), text, deployPath), text: text.trim() === '' ? '-' : text };
}

/** The look at a lease as a part; {@link releaseOwnLease} takes its output. */
export function readLeasePart(deployPath: DeployPath): BatchPart {
  return { purpose: 'read the lease', source: readScript, args: [deployPath] };
}

/** Looks at the lease and takes nothing. @throws LeaseError STATE_UNREADABLE */
export async function lookAtLease(place: LeasePlace): Promise<SeenLease> {
  const { now, lease } = await readLease(place);
  return { now, lease };
}

/** The lease in the text of lease.json; empty: none. */
function seenLease(now: number, text: string, deployPath: DeployPath): SeenLease {
  if (text.trim() === '') return { now, lease: undefined };
  const lease = parseLease(text);
  if (lease !== undefined) return { now, lease };
  throw new LeaseError({
    code: 'STATE_UNREADABLE',
    message: `${deployPath}/.deploy/lease.json on the server is not a lease.`,
    hint: 'If no deploy is running, remove that file and run again.',
  });
}

async function swapLease(options: LeasePlace, expected: string, next: string): Promise<boolean> {
  const { host, deployPath } = options;
  const result = await host.script(swapScript, [deployPath], { stdin: `${expected}\n${next}\n` });
  if (result.code === 75) return false;
  if (result.code === 0) return true;
  throw new LeaseError({
    code: 'STATE_UNREADABLE',
    message: `${host.name}: the lease in ${deployPath}/.deploy could not be written: ${result.stderr.trim()}`,
    hint: 'Check the permissions and the free space of that folder.',
  });
}

/**
 * Takes or renews the lease, waiting up to `waitMs` while another run holds it. `.deploy/` must exist.
 * @throws LeaseError LOCKED naming the holder's run URL, or the person and the reason
 */
export async function acquireLease(options: LeaseOptions): Promise<HeldLease> {
  const { owner, clock, signal } = options;
  const start = clock.now();
  const isGone = holderCheck(options);
  for (;;) {
    signal.throwIfAborted();
    const seen = await readLease(options);
    let decision = nextLease(seen.lease, owner, seen.now, options.ttlSeconds);
    if (decision.kind === 'held' && (await isGone(decision.by)))
      decision = nextLease(seen.lease, owner, seen.now, options.ttlSeconds, true);
    const work = await outlivingWork(options, decision);
    if (decision.kind !== 'held' && work.length === 0) {
      if (decision.kind === 'take') options.onTake?.();
      // Lost the race: look again at once, the other one is the holder now.
      const step = makeStep();
      const next = JSON.stringify({ ...decision.lease, step });
      if (await swapLease(options, seen.text, next)) return heldLease(options, decision, step);
      continue;
    }
    const waited = clock.now() - start;
    const by = decision.kind === 'held' ? decision.by : (seen.lease ?? decision.lease);
    if (waited >= options.waitMs) throw locked(options, by, seen.now, waited, work);
    options.onWait(`waiting for the lease: held by ${describeLease(by, seen.now)}${describeWork(work)}`);
    await clock.sleep(Math.min(5000, options.waitMs - waited), signal);
  }
}

/**
 * A one-off that outlived its runner keeps the lease of its job: whoever comes next waits for it. A later attempt of the
 * same run does not; it attaches to it.
 */
async function outlivingWork(
  { owner, runningWork }: LeaseOptions,
  decision: LeaseDecision,
): Promise<readonly string[]> {
  if (decision.kind !== 'take' || decision.takenOverFrom === undefined || runningWork === undefined) return [];
  const { repository, runId } = decision.takenOverFrom.owner;
  const isSameRun = runId !== '' && runId === owner.runId && repository === owner.repository;
  return isSameRun ? [] : runningWork(decision.takenOverFrom.owner);
}

function describeWork(work: readonly string[]): string {
  return work.length === 0 ? '' : `, whose ${work.join(', ')} still runs on the server`;
}

/** Asks about one holder at once and then only now and then: a waiting run must not use up a token's rate limit. */
function holderCheck(options: LeaseOptions): (lease: Lease) => Promise<boolean> {
  const { isHolderGone, clock } = options;
  let asked: { readonly id: string; readonly at: number } | undefined;
  return async (lease) => {
    if (isHolderGone === undefined || isFrozen(lease)) return false;
    if (asked?.id === lease.owner.id && clock.now() - asked.at < askEveryMs) return false;
    asked = { id: lease.owner.id, at: clock.now() };
    return isHolderGone(lease.owner);
  };
}

function locked(options: LeaseOptions, by: Lease, now: number, waitedMs: number, work: readonly string[]): LeaseError {
  const waited = `waited ${Math.round(waitedMs / 1000)}s. Nothing was changed.`;
  const where = `${options.host.name}:${options.deployPath}`;
  if (isFrozen(by))
    return new LeaseError({
      code: 'LOCKED',
      message: `${where} is frozen by ${describeLease(by, now)}; ${waited}`,
      hint: `Ask ${by.owner.actor}; then end it with action-rolling-deploy \`mode: unlock\`, or rm .deploy/lease.json on the server.`,
    });
  return new LeaseError({
    code: 'LOCKED',
    message: `${where} is being deployed by ${describeLease(by, now)}${describeWork(work)}; ${waited}`,
    hint:
      work.length === 0
        ? 'Wait for that run, or raise `lock-wait`.'
        : `Run that job again to attach to it, wait for its end (docker wait ${work[0] ?? ''}), or raise \`lock-wait\`.`,
  });
}

/** What {@link freeLease} needs. */
export interface UnlockOptions extends LeasePlace {
  readonly owner: LeaseOwner;
  /** Also frees the lease of a run that may still go on. */
  readonly isForced: boolean;
  readonly isHolderGone: HolderCheck;
}

/** Frees a lease by somebody else's hand: never one that was taken after it was looked at. */
export async function freeLease(options: UnlockOptions): Promise<UnlockDecision & { readonly now: number }> {
  for (;;) {
    const seen = await readLease(options);
    const { lease, now } = seen;
    const isAsked = lease !== undefined && !isFrozen(lease) && !options.isForced;
    const isHolderGone = isAsked && (await options.isHolderGone(lease.owner));
    const decision = judgeUnlock(lease, options.owner, now, { isForced: options.isForced, isHolderGone });
    if (decision.kind !== 'free' || (await swapLease(options, seen.text, '-'))) return { ...decision, now };
  }
}

/** For {@link HeldLease.step}. */
export function makeStep(): string {
  return randomBytes(12).toString('hex');
}

/** The handle of a lease that was written as `decision` says. */
export function heldLease(
  options: LeaseOptions,
  decision: Exclude<LeaseDecision, { kind: 'held' }>,
  step: string,
): HeldLease {
  const { generation } = decision.lease;
  const change = async (next: (current: Lease, now: number) => string): Promise<void> => {
    const seen = await readLease(options);
    const isOurs = seen.lease?.owner.id === options.owner.id && seen.lease.generation === generation;
    if (!isOurs) throw lost(options, seen);
    if (!(await swapLease(options, seen.text, next(seen.lease, seen.now)))) throw lost(options, seen);
  };
  return {
    isNew: decision.kind === 'take',
    step,
    renew: () =>
      change((current, now) => JSON.stringify({ ...current, renewed: now, expires: now + options.ttlSeconds })),
    release: () => change(() => '-'),
  };
}

function lost(options: LeaseOptions, seen: Seen): LeaseError {
  const holder = seen.lease === undefined ? 'nobody' : describeLease(seen.lease, seen.now);
  return new LeaseError({
    code: 'LEASE_LOST',
    message: `${options.host.name}:${options.deployPath}: this job no longer holds the lease; it is held by ${holder}.`,
    hint: 'The job was silent for longer than the lease lives. Run it again; it starts from what is on the server.',
  });
}

/**
 * Releases the lease if this owner still holds it; used by post steps. Returns whether there was one to release.
 * @param said what {@link readLeasePart} printed a moment ago: one that was written since then is not touched
 */
export async function releaseOwnLease(options: LeaseOptions, said: string): Promise<boolean> {
  const seen = parseSeen(said, options.deployPath);
  if (seen.lease?.owner.id !== options.owner.id) return false;
  return swapLease(options, seen.text, '-');
}
