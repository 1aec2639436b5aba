import { setTimeout as sleepFor } from 'node:timers/promises';

/** The door to time. Injected, so that waiting is tested without waiting. */
export interface Clock {
  /** Monotonic milliseconds: for measuring. */
  now(): number;
  /** Wall time: for records. Times that decide about a lease come from the server, never from here. */
  date(): Date;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => {
    // Not performance.now(): a bundle would start some milliseconds later for loading all that comes with it.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  date: () => new Date(),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    try {
      await sleepFor(ms, undefined, signal === undefined ? {} : { signal });
    } catch (thrown) {
      signal?.throwIfAborted();
      throw thrown;
    }
  },
};
