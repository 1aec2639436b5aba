/** Who deploys: enough for a person to find the job, and for a machine to know its own lease again. */
export interface LeaseOwner {
  /** Same id = same job: renews instead of waiting. */
  readonly id: string;
  readonly repository: string;
  readonly runId: string;
  readonly runAttempt: number;
  readonly job: string;
  readonly actor: string;
  readonly runUrl: string;
  readonly commit: string;
}

/** What lease.json holds. Times are seconds since the epoch by the SERVER's clock. */
export interface Lease {
  readonly owner: LeaseOwner;
  /** Grows by one with each new holder: a late writer of an old generation is refused. */
  readonly generation: number;
  readonly acquired: number;
  readonly renewed: number;
  readonly expires: number;
  /** Set when a person holds it by hand. */
  readonly reason?: string;
}

export type LeaseDecision =
  | { readonly kind: 'take'; readonly lease: Lease; readonly takenOverFrom: Lease | undefined }
  | { readonly kind: 'renew'; readonly lease: Lease }
  | { readonly kind: 'held'; readonly by: Lease };

/**
 * Whether `owner` may hold the lease now. Pure; `now` is the server's clock.
 * Free or expired: taken, with a new generation. Own: renewed. A later attempt of the same run and job takes over at
 * once, because GitHub starts an attempt only after the one before it ended.
 */
export function nextLease(
  current: Lease | undefined,
  owner: LeaseOwner,
  now: number,
  ttlSeconds: number,
): LeaseDecision {
  const fresh = { owner, acquired: now, renewed: now, expires: now + ttlSeconds };
  if (current === undefined) return { kind: 'take', lease: { ...fresh, generation: 1 }, takenOverFrom: undefined };
  if (current.owner.id === owner.id)
    return { kind: 'renew', lease: { ...current, renewed: now, expires: now + ttlSeconds } };
  if (current.expires <= now || isEarlierAttempt(current.owner, owner))
    return { kind: 'take', lease: { ...fresh, generation: current.generation + 1 }, takenOverFrom: current };
  return { kind: 'held', by: current };
}

function isEarlierAttempt(holder: LeaseOwner, owner: LeaseOwner): boolean {
  return (
    holder.repository === owner.repository &&
    holder.runId === owner.runId &&
    holder.job === owner.job &&
    holder.runAttempt < owner.runAttempt
  );
}

/** For people: who holds it, since when, until when. */
export function describeLease(lease: Lease, now: number): string {
  const { owner } = lease;
  const since = Math.max(0, now - lease.acquired);
  const reason = lease.reason === undefined ? '' : ` (${lease.reason})`;
  return `${owner.actor} in ${owner.runUrl}${reason}, since ${since}s, expires in ${Math.max(0, lease.expires - now)}s unless renewed`;
}
