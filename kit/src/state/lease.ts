import { formatDuration } from '../time/duration.ts';

/** Who deploys: enough for a person to find the job, and for a machine to know its own lease again. */
export interface LeaseOwner {
  /** Same id = same job: renews instead of waiting. */
  readonly id: string;
  readonly repository: string;
  /** Empty outside of GitHub Actions. */
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
  /** Absent: never. Only a person's freeze may have none. */
  readonly expires?: number;
  /** Why a person holds it by hand: set by a freeze, never by a job. */
  readonly reason?: string;
  /** New with each step that takes or renews it at its start: a command of an earlier step that comes late is told by it. */
  readonly step?: string;
}

export type LeaseDecision =
  | { readonly kind: 'take'; readonly lease: Lease; readonly takenOverFrom: Lease | undefined }
  | { readonly kind: 'renew'; readonly lease: Lease }
  | { readonly kind: 'held'; readonly by: Lease };

/** True for a lease that a person took by hand with a reason. */
export function isFrozen(lease: Lease): boolean {
  return lease.reason !== undefined;
}

/** True once nobody holds it any more, by the server's clock. */
export function hasExpired(lease: Lease, now: number): boolean {
  return lease.expires !== undefined && lease.expires <= now;
}

/**
 * Whether `owner` may hold the lease now. Pure; `now` is the server's clock.
 * Free or expired: taken, with a new generation. Own: renewed. A later attempt of the same run and job takes over at
 * once, because GitHub starts an attempt only after the one before it ended; so does anybody where GitHub said that the
 * holder's run is over (`isHolderGone`). A freeze ends only by its own expiry, if it has one.
 */
export function nextLease(
  current: Lease | undefined,
  owner: LeaseOwner,
  now: number,
  ttlSeconds: number,
  isHolderGone = false,
): LeaseDecision {
  const fresh = { owner, acquired: now, renewed: now, expires: now + ttlSeconds };
  if (current === undefined) return { kind: 'take', lease: { ...fresh, generation: 1 }, takenOverFrom: undefined };
  const isJob = !isFrozen(current);
  if (isJob && current.owner.id === owner.id)
    return { kind: 'renew', lease: { ...current, renewed: now, expires: now + ttlSeconds } };
  const isOver = hasExpired(current, now) || (isJob && (isHolderGone || isEarlierAttempt(current.owner, owner)));
  if (!isOver) return { kind: 'held', by: current };
  return { kind: 'take', lease: { ...fresh, generation: current.generation + 1 }, takenOverFrom: current };
}

function isEarlierAttempt(holder: LeaseOwner, owner: LeaseOwner): boolean {
  return (
    owner.runId !== '' &&
    holder.repository === owner.repository &&
    holder.runId === owner.runId &&
    holder.job === owner.job &&
    holder.runAttempt < owner.runAttempt
  );
}

/** Why a lease may be freed by somebody else's hand, or that it may not. */
export type UnlockDecision =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'free';
      readonly lease: Lease;
      readonly why: 'expired' | 'frozen' | 'own' | 'holder-gone' | 'forced';
    }
  | { readonly kind: 'refused'; readonly by: Lease };

/** Whether `mode: unlock` may free the lease: a freeze and what is over, always; a live run's only by force. Pure. */
export function judgeUnlock(
  current: Lease | undefined,
  owner: LeaseOwner,
  now: number,
  given: { readonly isForced: boolean; readonly isHolderGone: boolean },
): UnlockDecision {
  if (current === undefined) return { kind: 'nothing' };
  if (isFrozen(current)) return { kind: 'free', lease: current, why: 'frozen' };
  if (current.owner.id === owner.id) return { kind: 'free', lease: current, why: 'own' };
  if (hasExpired(current, now)) return { kind: 'free', lease: current, why: 'expired' };
  if (given.isHolderGone) return { kind: 'free', lease: current, why: 'holder-gone' };
  if (given.isForced) return { kind: 'free', lease: current, why: 'forced' };
  return { kind: 'refused', by: current };
}

/** For people: who holds it, since when, until when. */
export function describeLease(lease: Lease, now: number): string {
  const { owner, reason, expires } = lease;
  const since = formatDuration(Math.max(0, now - lease.acquired) * 1000);
  const left = expires === undefined ? '' : formatDuration(Math.max(0, expires - now) * 1000);
  if (reason !== undefined)
    return `${owner.actor}, by hand: ${JSON.stringify(reason)}, since ${since}, ${expires === undefined ? 'until it is unlocked' : `ends in ${left}`}`;
  return `${owner.actor} in ${owner.runUrl}, since ${since}, expires in ${left} unless renewed`;
}

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);

/**
 * Parses lease.json. A person's freeze needs no more than `owner.id` and `reason`; without `expires` it holds until it
 * is unlocked. Undefined for anything that is no lease.
 */
export function parseLease(content: string): Lease | undefined {
  let body: Json;
  try {
    body = object(JSON.parse(content));
  } catch {
    return undefined;
  }
  const owner = object(body['owner']);
  const id = text(owner['id']);
  const reason = text(body['reason']);
  const expires = body['expires'];
  if (id === '' || (typeof expires !== 'number' && (reason === '' || expires !== undefined))) return undefined;
  const acquired = number(body['acquired'], 0);
  const step = text(body['step']);
  return {
    owner: {
      id,
      repository: text(owner['repository']),
      runId: text(owner['runId']),
      runAttempt: number(owner['runAttempt'], 1),
      job: text(owner['job']),
      actor: text(owner['actor']) || id,
      runUrl: text(owner['runUrl']),
      commit: text(owner['commit']),
    },
    generation: number(body['generation'], 1),
    acquired,
    renewed: number(body['renewed'], acquired),
    ...(typeof expires === 'number' ? { expires } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(step === '' ? {} : { step }),
  };
}
