/** Bounds how many session channels are open on one connection: sshd's MaxSessions is 10 by default, often less. */
export interface ChannelPool {
  /** Waits for a free place; rejects with the signal's reason. `isFirst` puts it before all that wait. */
  acquire(signal: AbortSignal, isFirst?: boolean): Promise<void>;
  /** Takes a place if another one is left after it: one that is held for long must not be the last. */
  tryAcquire(): boolean;
  release(): void;
  /**
   * The server refused a channel while `active` were open: from now on use one less.
   * @returns false when this one was alone, so that less is not possible
   */
  shrink(): boolean;
  readonly limit: () => number;
}

interface Waiting {
  readonly start: () => void;
}

/** @param initialLimit how many channels at once */
export function channelPool(initialLimit: number): ChannelPool {
  const waiting: Waiting[] = [];
  let limit = initialLimit;
  let active = 0;
  const startNext = (): void => {
    while (active < limit) {
      const next = waiting.shift();
      if (next === undefined) return;
      active++;
      next.start();
    }
  };
  return {
    limit: () => limit,
    acquire: (signal, isFirst = false) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(new Error('no longer waiting for a channel', { cause: signal.reason }));
        };
        const entry: Waiting = {
          start: () => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        if (isFirst) waiting.unshift(entry);
        else waiting.push(entry);
        startNext();
      }),
    tryAcquire: () => {
      if (active + 1 >= limit || waiting.length > 0) return false;
      active++;
      return true;
    },
    release: () => {
      active--;
      startNext();
    },
    shrink: () => {
      if (active <= 1) return false;
      limit = Math.max(1, Math.min(limit, active - 1));
      return true;
    },
  };
}
