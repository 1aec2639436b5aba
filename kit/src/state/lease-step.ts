import { describeThrown } from '../action/errors.ts';
import { inputReader, type InputReader } from '../action/inputs.ts';
import type { StepContext } from '../action/run.ts';
import { connectHost, readHostTarget } from '../host/connect.ts';
import type { Host } from '../host/host.ts';
import { systemClock } from '../time/clock.ts';
import type { Duration } from '../time/duration.ts';
import { readDeployPath, type DeployPath } from './deploy-path.ts';
import {
  acquireLease,
  LeaseError,
  releaseOwnLease,
  type HeldLease,
  type HolderCheck,
  type LeaseOptions,
} from './lease-store.ts';
import { findRunningOneOffs } from './one-off.ts';
import { currentOwner } from './owner.ts';

const leaseTtlSeconds = 600;
const heartbeatMs = 120_000;

/** Reads `lock-wait`: how long to wait for another run's lease. */
export function readLockWait(inputs: InputReader): Duration {
  return inputs.duration('lock-wait');
}

/** What a step's lease is taken with. */
export function leaseOptions(context: StepContext, host: Host, deployPath: DeployPath, waitMs: number): LeaseOptions {
  const { runner, signal } = context;
  return {
    host,
    deployPath,
    waitMs,
    signal,
    owner: currentOwner(runner),
    clock: systemClock,
    ttlSeconds: leaseTtlSeconds,
    onWait: (message) => {
      runner.info(message);
    },
    onTake: () => {
      runner.saveState('lease', 'asked');
    },
  };
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
  waitMs: number,
  body: (lease: HeldLease, signal: AbortSignal) => Promise<T>,
  isHolderGone?: HolderCheck,
  /** Taken already, by an offer of lease-offer.ts. */
  taken?: HeldLease,
): Promise<T> {
  const options = leaseOptions(context, host, deployPath, waitMs);
  const lease = taken ?? (await acquireLease(isHolderGone === undefined ? options : { ...options, isHolderGone }));
  const lost = new AbortController();
  if (lease.isNew) {
    context.runner.saveState('lease', 'taken');
    context.runner.info('Lease taken for this job; its post step releases it.');
  }
  const heartbeat = setInterval(() => {
    lease.renew().catch((thrown: unknown) => {
      // A lost connection shows itself at the next step of the body, which reports it better than a timer can.
      context.runner.debug(`lease renewal: ${describeThrown(thrown)}`);
      if (thrown instanceof LeaseError && thrown.code === 'LEASE_LOST') lost.abort(thrown);
    });
  }, heartbeatMs);
  try {
    return await body(lease, AbortSignal.any([context.signal, lost.signal]));
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * The whole post step of an action whose main used {@link withLease}: releases the lease if that step took it. A one-off
 * that outlived its step (cancelled, or its connection lost) keeps the lease: it expires by itself, a re-run takes it over.
 */
export async function releaseLeaseInPost(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  // Asked for, and never answered: it may be ours. An owner is its job alone, so that no other's is released.
  if (!['asked', 'taken'].includes(runner.state('lease'))) {
    runner.info('An earlier step of this job took the lease and releases it; nothing to do.');
    return;
  }
  const inputs = inputReader(runner);
  const host = await connectHost(readHostTarget(inputs), runner, signal);
  try {
    const deployPath = readDeployPath(inputs);
    const [running] = await findRunningOneOffs(host, deployPath);
    if (running !== undefined) {
      runner.warning(
        `${running} still runs on ${host.name}: the lease is left to expire. Run the job again to attach to it.`,
      );
      return;
    }
    const released = await releaseOwnLease(leaseOptions(context, host, deployPath, 0));
    runner.info(released ? 'Lease released.' : 'The lease is no longer held by this job; nothing to release.');
  } finally {
    await host.close();
  }
}
