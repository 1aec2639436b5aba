import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { giveBack } from './spent-memory.ts';

/** The byte stream under an SSH connection. */
export interface Wire {
  readonly stream: Duplex;
  /** Why the stream ended, where it has words of its own (stderr of a proxy command). */
  readonly lastWords: () => string;
  /** Waits, not for long, until {@link lastWords} are complete. */
  readonly ended: () => Promise<void>;
  readonly destroy: () => void;
}

/**
 * A socket that sends what is written within one tick as one segment. The SSH library writes each packet in three pieces,
 * and leaves Nagle's algorithm on: together they cost 85 ms per small request on loopback.
 */
class CorkedSocket extends Socket {
  private isCorked = false;

  override write(
    chunk: Uint8Array | string,
    encodingOrDone?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ): boolean {
    if (!this.isCorked) {
      this.isCorked = true;
      this.cork();
      process.nextTick(() => {
        this.isCorked = false;
        this.uncork();
      });
    }
    return typeof encodingOrDone === 'string'
      ? super.write(chunk, encodingOrDone, done)
      : super.write(chunk, encodingOrDone);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    super._write(chunk, encoding, (error) => {
      giveBackPacket(chunk);
      done(error);
    });
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: (error?: Error | null) => void): void {
    const sent = chunks.map(({ chunk }) => chunk);
    super._writev?.(chunks, (error) => {
      for (const chunk of sent) giveBackPacket(chunk);
      done(error);
    });
  }
}

/** An encrypted packet has its memory for itself (see ssh-cipher.ts), and nobody has it but the socket. */
function giveBackPacket(chunk: unknown): void {
  if (chunk instanceof Uint8Array && chunk.byteOffset === 0) giveBack(chunk);
}

/**
 * Opens the TCP connection.
 * @throws the socket's own error (`code` ENOTFOUND, ECONNREFUSED …), ETIMEDOUT after `timeoutMs`, or the signal's reason
 */
export function dialTcp(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = new CorkedSocket();
    const settle = (failure: unknown): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners('error');
      // Whoever takes the socket over listens too, but an error between two owners must not end the process.
      socket.on('error', () => undefined);
      if (failure === undefined) {
        resolve({
          stream: socket,
          lastWords: () => '',
          ended: () => Promise.resolve(),
          destroy: () => void socket.destroy(),
        });
        return;
      }
      socket.destroy();
      reject(failure instanceof Error ? failure : new Error('cancelled', { cause: failure }));
    };
    const onAbort = (): void => {
      settle(signal.reason);
    };
    const timer = setTimeout(() => {
      settle(Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', settle);
    socket.setNoDelay(true);
    socket.connect({ host, port }, () => {
      settle(undefined);
    });
    // Node's connect() puts its own write() on the object, in front of the class's.
    Reflect.deleteProperty(socket, 'write');
    if (signal.aborted) onAbort();
  });
}
