import type { Clock } from '../time/clock.ts';

/** A clock whose time passes only while somebody sleeps: each sleep ends as soon as nothing else has to be done. */
export interface FakeClock extends Clock {
  /** Lets time pass for code under test that takes its time without sleeping. */
  advance(ms: number): void;
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

export function fakeClock(startDate: Date = new Date('2026-01-02T03:04:05Z')): FakeClock {
  let nowMs = 0;
  const sleepers: Sleeper[] = [];
  const wakeNext = (): void => {
    const next = [...sleepers].sort((a, b) => a.wakeAt - b.wakeAt)[0];
    if (next === undefined) return;
    sleepers.splice(sleepers.indexOf(next), 1);
    nowMs = Math.max(nowMs, next.wakeAt);
    next.wake();
  };
  return {
    now: () => nowMs,
    date: () => new Date(startDate.getTime() + nowMs),
    advance: (ms) => {
      nowMs += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          const index = sleepers.indexOf(sleeper);
          if (index !== -1) sleepers.splice(index, 1);
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const sleeper: Sleeper = {
          wakeAt: nowMs + ms,
          wake: () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          },
        };
        if (signal?.aborted === true) {
          abort();
          return;
        }
        signal?.addEventListener('abort', abort, { once: true });
        sleepers.push(sleeper);
        // After all promise callbacks that are due: whoever else wants to sleep has said so by then.
        setImmediate(wakeNext);
      }),
  };
}
