import { connect, createServer, type Socket } from 'node:net';
import { pipeDelayed } from '../rollout/delay.ts';

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
  const sockets = new Set<Socket>();
  let turns = 0;
  let sent = 0;
  let limit = Infinity;
  let isServerLast = true;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (chunk: Buffer) => {
      if (isServerLast) turns++;
      isServerLast = false;
      sent += chunk.length;
      if (sent < limit) return;
      near.destroy();
      far.destroy();
    });
    far.on('data', () => (isServerLast = true));
    pipeDelayed(near, far, roundTripMs / 2, roundTripMs);
    pipeDelayed(far, near, roundTripMs / 2, roundTripMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new RangeError('the line has no port');
  return {
    port: address.port,
    turns: () => turns,
    sentBytes: () => sent,
    reset: (cutAt = Infinity) => {
      turns = 0;
      sent = 0;
      limit = cutAt;
      isServerLast = true;
    },
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
