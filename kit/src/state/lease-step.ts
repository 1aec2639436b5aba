import { describeThrown, isDeployError } from '../action/errors.ts';
import { inputReader } from '../action/inputs.ts';
import type { StepContext } from '../action/run.ts';
import { locateEnginePart, openLocatedEngine } from '../compose/engine-location.ts';
import { runBatch, type BatchPart, type PartResult } from '../host/batch.ts';
import { connectHost, readHostTarget } from '../host/connect.ts';
import { engineDoorOf, longestAskMs } from '../host/engine-door.ts';
import type { Host } from '../host/host.ts';
import { systemClock } from '../time/clock.ts';
import { readDeployPath, type DeployPath } from './deploy-path.ts';
import {
  acquireLease,
  LeaseError,
  readLeasePart,
  releaseOwnLease,
  type HeldLease,
  type HolderCheck,
  type LeaseOptions,
} from './lease-store.ts';
import { ensureLeaseFolder, leaseSeats, readLeaseScope, type LeaseSeat, type LeaseWish } from './lease-scope.ts';
import { findOneOffsOfRun, findRunningOneOffs } from './one-off.ts';
import { currentOwner } from './owner.ts';

const leaseTtlSeconds = 600;
const heartbeatMs = 120_000;

/** What a step's lease is taken with. */
export function leaseOptions(context: StepContext, host: Host, seat: LeaseSeat, waitMs: number): LeaseOptions {
  const { runner, signal } = context;
  return {
    host,
    deployPath: seat.folder,
    waitMs,
    signal,
    owner: currentOwner(runner),
    clock: systemClock,
    ttlSeconds: leaseTtlSeconds,
    onWait: (message) => {
      runner.info(message);
    },
    runningWork: ({ runId }) => findOneOffsOfRun(host, runId),
    onTake: () => {
      runner.saveState(seat.stateName, 'asked');
    },
  };
}

/**
 * Takes one lease after the other; where the project's own cannot be had, that of the server is let go.
 * @returns the project's own first
 */
async function acquireAll(
  context: StepContext,
  host: Host,
  deployPath: DeployPath,
  { waitMs, scope }: LeaseWish,
  isHolderGone: HolderCheck | undefined,
  taken: HeldLease | undefined,
): Promise<readonly [HeldLease, ...HeldLease[]]> {
  const start = systemClock.now();
  const take = async (seat: LeaseSeat): Promise<HeldLease> => {
    const options = leaseOptions(context, host, seat, Math.max(0, waitMs - (systemClock.now() - start)));
    return acquireLease(isHolderGone === undefined ? options : { ...options, isHolderGone });
  };
  const others: HeldLease[] = [];
  for (const seat of leaseSeats(scope, deployPath).filter(({ stateName }) => stateName === 'host-lease')) {
    await ensureLeaseFolder(host, seat.folder);
    const lease = await take(seat);
    others.push(lease);
    if (!lease.isNew) continue;
    context.runner.saveState(seat.stateName, 'taken');
    context.runner.info(`Lease of the whole server (${seat.folder}) taken for this job; its post step releases it.`);
  }
  try {
    const own = taken ?? (await take({ folder: deployPath, stateName: 'lease' }));
    if (own.isNew) {
      context.runner.saveState('lease', 'taken');
      context.runner.info('Lease taken for this job; its post step releases it.');
    }
    return [own, ...others];
  } catch (thrown) {
    for (const lease of others) if (lease.isNew) await lease.release().catch(() => undefined);
    throw thrown;
  }
}

/**
 * Takes the job's lease, or renews the one an earlier step of this job took, runs `body` while it is kept alive, and
 * leaves it held: the step that took it releases it in its post ({@link releaseLeaseInPost}), so it covers the chain.
 * The signal that `body` gets is aborted with LEASE_LOST when another took the lease meanwhile (after a forced unlock,
 * or a silence longer than it lives), and by a cancel.
 * `.deploy/` must exist (see ensureStateFolder).
 */
export async function withLease<T>(
  context: StepContext,
  host: Host,
  deployPath: DeployPath,
  wish: LeaseWish,
  body: (lease: HeldLease, signal: AbortSignal) => Promise<T>,
  isHolderGone?: HolderCheck,
  /** Taken already, by an offer of lease-offer.ts. */
  taken?: HeldLease,
): Promise<T> {
  const leases = await acquireAll(context, host, deployPath, wish, isHolderGone, taken);
  const lost = new AbortController();
  const heartbeat = setInterval(() => {
    Promise.all(leases.map((lease) => lease.renew())).catch((thrown: unknown) => {
      // A lost connection shows itself at the next step of the body, which reports it better than a timer can.
      context.runner.debug(`lease renewal: ${describeThrown(thrown)}`);
      if (thrown instanceof LeaseError && thrown.code === 'LEASE_LOST') lost.abort(thrown);
    });
  }, heartbeatMs);
  try {
    return await body(leases[0], AbortSignal.any([context.signal, lost.signal]));
  } catch (thrown) {
    // What was stopped says that it was stopped; this says why.
    throw lossOf(lost.signal) ?? thrown;
  } finally {
    clearInterval(heartbeat);
  }
}

/** The LEASE_LOST by which {@link withLease} has ended the signal of its body; undefined where it goes on, or was cancelled. */
export function lossOf(signal: AbortSignal): LeaseError | undefined {
  const reason: unknown = signal.reason;
  return signal.aborted && reason instanceof LeaseError && reason.code === 'LEASE_LOST' ? reason : undefined;
}

/** Seats whose lease may be this step's: taken, or asked for and never answered. An owner is its job alone. */
function seatsToRelease({ runner }: StepContext): readonly LeaseSeat[] {
  const isOurs = ({ stateName }: Pick<LeaseSeat, 'stateName'>): boolean =>
    ['asked', 'taken'].includes(runner.state(stateName));
  if (!isOurs({ stateName: 'lease' }) && !isOurs({ stateName: 'host-lease' })) return [];
  const inputs = inputReader(runner);
  return leaseSeats(readLeaseScope(inputs), readDeployPath(inputs)).filter(isOurs);
}

/** The whole post step of an action whose main used {@link withLease}: releases the lease if that step took it. */
export async function releaseLeaseInPost(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  const seats = seatsToRelease(context);
  if (seats.length === 0) {
    sayNotOurs(context);
    return;
  }
  const host = await connectHost(readHostTarget(inputReader(runner)), runner, signal);
  try {
    await lookThenRelease(context, host, [], () => Promise.resolve(true));
  } finally {
    await host.close();
  }
}

/**
 * The same over a connection that is there, after a look of the caller's own in the same command: the end of a job runs
 * while users are served, too. A one-off that outlived its step (cancelled, or its connection lost) keeps the lease: it
 * expires by itself, a re-run takes it over.
 * @param judge gets the results of `looks`; where it does something that may change the lease, it says false: then the lease
 *   is read anew
 */
export async function lookThenRelease(
  context: StepContext,
  host: Host,
  looks: readonly BatchPart[],
  judge: (results: readonly PartResult[]) => Promise<boolean>,
): Promise<void> {
  const { runner } = context;
  const seats = seatsToRelease(context);
  const reads = seats.map(({ folder }) => readLeasePart(folder));
  const needsDoor = seats.length > 0 && host.openSocket !== undefined;
  const parts = [...looks, ...(needsDoor ? [locateEnginePart] : []), ...reads];
  const results = parts.length === 0 ? [] : await runBatch(host, parts);
  const isFresh = await judge(results.slice(0, looks.length));
  if (seats.length === 0) {
    sayNotOurs(context);
    return;
  }
  const found = await findOneOffs(context, host, needsDoor ? results[looks.length] : undefined);
  if (found === 'unknown') {
    runner.warning(
      `Docker on ${host.name} does not answer, so nobody knows whether a one-off of this job still runs: the lease is left to expire, in ${leaseTtlSeconds / 60} minutes at most.`,
    );
    return;
  }
  const [running] = found;
  if (running !== undefined) {
    runner.warning(
      `${running} still runs on ${host.name}: the lease is left to expire. Run the job again to attach to it.`,
    );
    return;
  }
  const seen = isFresh ? results.slice(-reads.length) : await runBatch(host, reads);
  const released: boolean[] = [];
  for (const [index, seat] of [...seats.entries()].toReversed())
    released.push(await releaseOwnLease(leaseOptions(context, host, seat, 0), seen[index]?.stdout ?? ''));
  runner.info(
    released.every(Boolean) ? 'Lease released.' : 'The lease is no longer held by this job; nothing to release.',
  );
}

/** An engine that hangs is asked once, not by its CLI too: the end of a job must not wait for it twice. */
async function findOneOffs(
  { runner }: StepContext,
  host: Host,
  place: PartResult | undefined,
): Promise<readonly string[] | 'unknown'> {
  const bound = AbortSignal.timeout(longestAskMs);
  if (place !== undefined && engineDoorOf(host) === undefined) await openLocatedEngine(host, place, bound);
  if (bound.aborted) return 'unknown';
  return findRunningOneOffs(host, readDeployPath(inputReader(runner))).catch((thrown: unknown) => {
    if (isDeployError(thrown) && thrown.code === 'COMMAND_TIMEOUT') return 'unknown';
    throw thrown;
  });
}

function sayNotOurs({ runner }: StepContext): void {
  runner.info('An earlier step of this job took the lease and releases it; nothing to do.');
}
