import { connect, createServer, type Socket } from 'node:net';
import { pipeDelayed } from './delay.ts';

/** A TCP relay on loopback that lets every byte wait. */
export interface SlowLine extends AsyncDisposable {
  readonly port: number;
}

/**
 * Relays to an address with half the round trip added each way, the handshake included. Bytes are delayed, not slowed:
 * the line is as broad as loopback.
 * @param watch is given both sockets of each connection before a byte passes; it may destroy them
 */
export async function openSlowLine(
  target: { readonly host: string; readonly port: number },
  roundTripMs: number,
  watch?: (near: Socket, far: Socket) => void,
): Promise<SlowLine> {
  const sockets = new Set<Socket>();
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
    watch?.(near, far);
    // A kernel has answered the handshake already: its round trip is made up for by the first bytes.
    pipeDelayed(near, far, roundTripMs / 2, roundTripMs);
    pipeDelayed(far, near, roundTripMs / 2, roundTripMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new RangeError('the slow line has no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
