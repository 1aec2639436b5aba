import type { StepContext } from '@deploy-actions/kit/action/run';
import type { Host } from '@deploy-actions/kit/host/host';
import type { DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { acquireLease } from '@deploy-actions/kit/state/lease-store';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { readLedger, writeRelease, type Ledger, type Release } from '@deploy-actions/kit/state/release';
import { systemClock } from '@deploy-actions/kit/time/clock';

/** Long enough for one write; a lease that an earlier step of the job took keeps its own time. */
const leaseTtlSeconds = 600;

/**
 * Marks the current release `gate_failed` in the server's ledger, so that no rollback ever picks it (I5 of docs/architecture.md). Only the
 * release that THIS run deployed: a gate that looks at a server for other reasons must not condemn somebody's release.
 * @returns its number; undefined when there is no such release
 * @throws LeaseError LOCKED when another run deploys right now
 */
export async function markGateFailed(
  { runner, signal }: StepContext,
  host: Host,
  deployPath: DeployPath,
): Promise<number | undefined> {
  const owner = currentOwner(runner);
  if (releaseToMark(await readLedger(host, deployPath), owner.runUrl) === undefined) return undefined;
  const lease = await acquireLease({
    host,
    deployPath,
    owner,
    signal,
    clock: systemClock,
    waitMs: 0,
    ttlSeconds: leaseTtlSeconds,
    onWait: () => undefined,
  });
  try {
    // Read again: only what is read under the lease may be written.
    const release = releaseToMark(await readLedger(host, deployPath), owner.runUrl);
    if (release !== undefined) await writeRelease(host, deployPath, { ...release, gateFailed: true }, false);
    return release?.number;
  } finally {
    if (lease.isNew) await lease.release();
  }
}

/** When the deploy of this run began, as the server's ledger says; undefined when it knows of none. */
export async function findDeployStart(
  { runner }: StepContext,
  host: Host,
  deployPath: DeployPath,
): Promise<string | undefined> {
  const { current } = await readLedger(host, deployPath);
  return current?.runUrl === currentOwner(runner).runUrl ? current.startedAt : undefined;
}

/** The current release when this run made it and no gate marked it yet. Pure. */
export function releaseToMark({ current }: Ledger, runUrl: string): Release | undefined {
  return current !== undefined && current.runUrl === runUrl && current.gateFailed !== true ? current : undefined;
}
