import { describeLease } from '@deploy-actions/kit/state/lease';
import { lookAtLease, type LeasePlace } from '@deploy-actions/kit/state/lease-store';
import { HostError } from '@deploy-actions/kit/host/host';
import { MigrateError } from './error.ts';
import { isConnectionLoss } from './reconnecting-host.ts';

/** Thrown in place of beginning a command or a file: of what it names nothing was started. */
export class NotBegun extends MigrateError {}

/**
 * Looks whether this job still holds its lease, before it begins what cannot be taken back: the heartbeat of withLease
 * tells of a lost one only after minutes. It reads alone, so it cannot collide with that heartbeat.
 * @param ownerId the job, see LeaseOwner
 * @throws NotBegun LEASE_LOST naming the holder, SSH_LOST; HostError CANCELLED
 */
export async function requireLease(place: LeasePlace, ownerId: string): Promise<void> {
  const { now, lease } = await look(place);
  if (lease?.owner.id === ownerId) return;
  const holder = lease === undefined ? 'nobody holds it now' : `it is held by ${describeLease(lease, now)}`;
  throw new NotBegun({
    code: 'LEASE_LOST',
    message: `${place.host.name}:${place.deployPath}: this job no longer holds the lease; ${holder}.`,
    hint: 'See who took it and what they do; then run the job again: what was done is not done a second time.',
  });
}

async function look(place: LeasePlace): ReturnType<typeof lookAtLease> {
  // A look changes nothing, so it may be repeated on the connection that is made anew.
  for (let isLast = false; ; isLast = true)
    try {
      return await lookAtLease(place);
    } catch (thrown) {
      if (isConnectionLoss(thrown) && !isLast) continue;
      if (!(thrown instanceof HostError) || thrown.code === 'CANCELLED') throw thrown;
      throw new NotBegun({
        code: 'SSH_LOST',
        message: `${thrown.message} So nothing more was started.`,
        hint: 'Run the job again when the server answers: what was done is not done a second time.',
        cause: thrown,
      });
    }
}
