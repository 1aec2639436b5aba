import type { Clock } from '@deploy-actions/kit/time/clock';
import { formatBytes } from './byte-size.ts';

/** Progress is for what takes long: one line for each of these. */
const everyMs = 5000;

/** Says where a long work stands, at most every five seconds, driven by the work itself. */
export interface Progress {
  readonly done: number;
  add(count: number): void;
}

/**
 * @param describe the line for so much done in so many seconds
 */
export function makeProgress(
  clock: Clock,
  log: (line: string) => void,
  describe: (done: number, seconds: number) => string,
): Progress {
  const start = clock.now();
  let said = start;
  let done = 0;
  return {
    get done() {
      return done;
    },
    add: (count) => {
      done += count;
      const now = clock.now();
      if (now - said < everyMs) return;
      said = now;
      log(describe(done, (now - start) / 1000));
    },
  };
}

/** `sent 12.3 MB of 45.6 MB (27 %), 8.1 MB/s` */
export function describeSent(done: number, total: number, seconds: number): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  return `sent ${formatBytes(done)} of ${formatBytes(total)} (${percent} %), ${formatBytes(done / Math.max(seconds, 0.001))}/s`;
}
