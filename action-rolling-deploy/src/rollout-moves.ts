/** One move of a rolling replacement. */
export type Move =
  | { readonly kind: 'add'; readonly count: number }
  | { readonly kind: 'retire'; readonly which: 'stale' | 'fresh'; readonly count: number }
  | { readonly kind: 'done' };

/**
 * The next move for a service with these numbers of running containers: at most `replicas + maxSurge` at once, at most
 * `parallelism` replaced at a time, and nothing retired while the wanted number would not be left (I1 of
 * docs/architecture.md). Replicas that are missing from the wanted number are all added at once. With `maxSurge` 0 the
 * old go first, `parallelism` at a time: the order of a service that must not be more than it is.
 */
export function nextMove(fresh: number, stale: number, replicas: number, maxSurge = 1, parallelism = 1): Move {
  const all = fresh + stale;
  const room = replicas + maxSurge - all;
  if (fresh < replicas && room > 0)
    return { kind: 'add', count: Math.min(replicas - fresh, room, Math.max(parallelism, replicas - all)) };
  if (stale > 0) {
    const surplus = all - replicas;
    return { kind: 'retire', which: 'stale', count: Math.min(stale, parallelism, surplus > 0 ? surplus : parallelism) };
  }
  if (fresh > replicas) return { kind: 'retire', which: 'fresh', count: Math.min(fresh - replicas, parallelism) };
  return { kind: 'done' };
}
