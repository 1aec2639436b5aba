import { DeployError } from '../action/errors.ts';
import { scriptOrThrow, type Host } from '../host/host.ts';
import type { Clock } from '../time/clock.ts';
import { describeLease, nextLease, type Lease, type LeaseDecision, type LeaseOwner } from './lease.ts';
import type { DeployPath } from './deploy-path.ts';

export type LeaseErrorCode = 'LOCKED' | 'LEASE_LOST' | 'STATE_UNREADABLE';
export class LeaseError extends DeployError<LeaseErrorCode> {}

/** A held lease. `release` and `renew` verify the generation and throw LEASE_LOST when another holds it by now. */
export interface HeldLease {
  /** True when this step took it (and so releases it in its post); false when an earlier step of the job did. */
  readonly isNew: boolean;
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
}

/** Prints the server's time and the lease; absent file = time only. */
const readScript = `date +%s; cat "$1/.deploy/lease.json" 2>/dev/null || true`;

/**
 * Compare and swap under flock. $1 deploy path; stdin: line 1 the expected text ("-" for none), line 2 the new text
 * ("-" to remove). Exit 75 when another was faster. flock is absent on some BusyBox systems; mkdir is atomic there.
 */
const swapScript = `
set -eu
cd "$1/.deploy"
IFS= read -r expected; IFS= read -r next
swap() {
  found=$(cat lease.json 2>/dev/null || echo -)
  [ "$found" = "$expected" ] || exit 75
  if [ "$next" = "-" ]; then rm -f lease.json; else printf '%s\\n' "$next" > lease.json.new; mv -f lease.json.new lease.json; fi
}
if command -v flock >/dev/null 2>&1; then
  exec 9>lease.lock; flock -w 10 9 || exit 76; swap
else
  tries=0; until mkdir lease.lock.d 2>/dev/null; do tries=$((tries + 1)); [ $tries -lt 100 ] || exit 76; sleep 0.1; done
  trap 'rmdir lease.lock.d' EXIT; swap
fi`;

interface Seen {
  readonly now: number;
  readonly text: string;
  readonly lease: Lease | undefined;
}

async function readLease(host: Host, deployPath: DeployPath): Promise<Seen> {
  const result = await scriptOrThrow(host, 'read the lease', readScript, [deployPath]);
  const [time = '', ...rest] = result.stdout.split('\n');
  const text = rest.join('\n').trim();
  if (text === '') return { now: Number(time), text: '-', lease: undefined };
  return { now: Number(time), text, lease: parseLease(text, deployPath) };
}

function parseLease(text: string, deployPath: DeployPath): Lease {
  try {
    // Our own file, written by swapScript only; a hand-made one is caught by the checks below.
    const lease = JSON.parse(text) as Lease;
    if (typeof lease.expires === 'number' && typeof lease.owner.id === 'string') return lease;
  } catch {
    // Reported below, like a file of the wrong shape.
  }
  throw new LeaseError({
    code: 'STATE_UNREADABLE',
    message: `${deployPath}/.deploy/lease.json on the server is not a lease.`,
    hint: 'If no deploy is running, remove that file and run again.',
  });
}

async function swapLease(options: LeaseOptions, expected: string, next: string): Promise<boolean> {
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
 * @throws LeaseError LOCKED naming the holder's run URL
 */
export async function acquireLease(options: LeaseOptions): Promise<HeldLease> {
  const { host, deployPath, owner, clock } = options;
  const start = clock.now();
  for (;;) {
    const seen = await readLease(host, deployPath);
    const decision = nextLease(seen.lease, owner, seen.now, options.ttlSeconds);
    if (decision.kind !== 'held') {
      // Lost the race: look again at once, the other one is the holder now.
      if (await swapLease(options, seen.text, JSON.stringify(decision.lease))) return held(options, decision);
      continue;
    }
    const waited = clock.now() - start;
    if (waited >= options.waitMs) throw locked(options, decision.by, seen.now, waited);
    options.onWait(`waiting for the lease: held by ${describeLease(decision.by, seen.now)}`);
    await clock.sleep(Math.min(5000, options.waitMs - waited), options.signal);
  }
}

function locked(options: LeaseOptions, by: Lease, now: number, waitedMs: number): LeaseError {
  return new LeaseError({
    code: 'LOCKED',
    message: `${options.host.name}:${options.deployPath} is being deployed by ${describeLease(by, now)}; waited ${Math.round(waitedMs / 1000)}s. Nothing was changed.`,
    hint: 'Wait for that run, or raise `lock-wait`.',
  });
}

function held(options: LeaseOptions, decision: Exclude<LeaseDecision, { kind: 'held' }>): HeldLease {
  const { generation } = decision.lease;
  const change = async (next: (current: Lease, now: number) => string): Promise<void> => {
    const seen = await readLease(options.host, options.deployPath);
    const isOurs = seen.lease?.owner.id === options.owner.id && seen.lease.generation === generation;
    if (!isOurs) throw lost(options, seen);
    if (!(await swapLease(options, seen.text, next(seen.lease, seen.now)))) throw lost(options, seen);
  };
  return {
    isNew: decision.kind === 'take',
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

/** Releases the lease if this owner still holds it; used by post steps. Returns whether there was one to release. */
export async function releaseOwnLease(options: LeaseOptions): Promise<boolean> {
  const seen = await readLease(options.host, options.deployPath);
  if (seen.lease?.owner.id !== options.owner.id) return false;
  return swapLease(options, seen.text, '-');
}
