import type { Readable, Writable } from 'node:stream';

/**
 * Copies a stream, each chunk `delayMs` after it came and in order; the end too. What comes in the first
 * `headStartMs` counts as come at their end.
 */
export function pipeDelayed(from: Readable, to: Writable, delayMs: number, headStartMs = 0): void {
  const openedAt = performance.now();
  const queue: (() => void)[] = [];
  const later = (act: () => void): void => {
    queue.push(act);
    const dueMs = Math.max(openedAt + headStartMs, performance.now()) + delayMs;
    // The oldest one, whichever timer fires: timers of unlike lengths may fire out of order.
    setTimeout(() => {
      const next = queue.shift();
      if (!to.destroyed) next?.();
    }, dueMs - performance.now());
  };
  from.on('data', (chunk: Buffer) => later(() => to.write(chunk)));
  from.on('end', () => later(() => to.end()));
}
