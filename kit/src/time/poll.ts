import type { Clock } from './clock.ts';

/** One look at a thing that changes: done with a value, or not yet with what was seen. */
export type Look<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly seen: string };

export type PollResult<T> =
  | { readonly kind: 'done'; readonly value: T; readonly tries: number; readonly elapsedMs: number }
  | { readonly kind: 'deadline'; readonly lastSeen: string; readonly tries: number; readonly elapsedMs: number };

export interface PollOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Called after each look that was not the last, at most every look: progress for people. */
  readonly onWait?: (seen: string, elapsedMs: number) => void;
}

/**
 * Looks again and again until done or until the deadline has passed; the last look happens at the deadline, never
 * after it plus an interval. What `look` throws ends the poll.
 */
export async function poll<T>(look: () => Promise<Look<T>>, options: PollOptions): Promise<PollResult<T>> {
  const { clock, intervalMs, deadlineMs, signal } = options;
  const start = clock.now();
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const seen = await look();
    const elapsedMs = clock.now() - start;
    if (seen.done) return { kind: 'done', value: seen.value, tries, elapsedMs };
    if (elapsedMs >= deadlineMs) return { kind: 'deadline', lastSeen: seen.seen, tries, elapsedMs };
    options.onWait?.(seen.seen, elapsedMs);
    await clock.sleep(Math.min(intervalMs, deadlineMs - elapsedMs), signal);
  }
}
