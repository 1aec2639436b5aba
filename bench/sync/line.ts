import { openSlowLine } from '../rollout/slow-line.ts';

/** A TCP relay on loopback in front of sshd: it delays, counts, and can be cut. */
export interface CountedLine extends AsyncDisposable {
  readonly port: number;
  /** How often the runner spoke after the server had: an upper bound of what was waited for. */
  turns(): number;
  /** Bytes from the runner to the server. */
  sentBytes(): number;
  /** Starts to count anew; with `cutAt` the line breaks when so many bytes went to the server. */
  reset(cutAt?: number): void;
}

/** @param roundTripMs added, half of it each way; 0: a relay that only counts */
export async function openCountedLine(
  target: { readonly host: string; readonly port: number },
  roundTripMs: number,
): Promise<CountedLine> {
  let turns = 0;
  let sent = 0;
  let limit = Infinity;
  let isServerLast = true;
  const line = await openSlowLine(target, roundTripMs, (near, far) => {
    near.on('data', (chunk: Buffer) => {
      if (isServerLast) turns++;
      isServerLast = false;
      sent += chunk.length;
      if (sent < limit) return;
      near.destroy();
      far.destroy();
    });
    far.on('data', () => (isServerLast = true));
  });
  return {
    port: line.port,
    turns: () => turns,
    sentBytes: () => sent,
    reset: (cutAt = Infinity) => {
      turns = 0;
      sent = 0;
      limit = cutAt;
      isServerLast = true;
    },
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  };
}
