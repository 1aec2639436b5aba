import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { DeployError, describeThrown } from '@deploy-actions/kit/action/errors';
import type { Host } from '@deploy-actions/kit/host/host';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import type { Phase, Probe } from './verdict.ts';

/** Opens a connected stream to an address, as seen from the runner or from the server. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/** Dials from the runner itself. */
export const dialFromRunner: Dial = (address, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal });
    socket.once('connect', () => {
      resolve(socket);
    });
    // Stays attached: an error after the connection must not end the process.
    socket.on('error', reject);
  });

/** Dials through the SSH connection: ports bound to the server's loopback and container addresses are in reach. */
export function dialFromServer(host: Host): Dial {
  return async (address, port, signal) => {
    const opening = host.forward(address, port);
    // A forwarding that opens after its attempt is over is closed at once.
    void opening.then(
      (stream) => {
        stream.on('error', () => undefined);
        if (signal.aborted) stream.destroy();
      },
      () => undefined,
    );
    return opening;
  };
}

/** Opens a connection and closes it: something listens there. */
export async function probeTcp(
  address: string,
  port: number,
  dial: Dial,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Probe> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)))]);
  try {
    const stream = await abortable(dial(address, port, bound), bound);
    stream.destroy();
    return { kind: 'connected' };
  } catch (thrown) {
    rethrowTerminal(thrown, signal);
    return { kind: 'broken', phase: phaseOf(thrown, 'connect'), problem: describeProblem(thrown, timeoutMs) };
  }
}

/** Settles with the promise or rejects with the signal's reason, whichever comes first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      const reason: unknown = signal.reason;
      reject(reason instanceof Error ? reason : new Error(describeThrown(reason)));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}

/** Without the connection, or where sshd forwards nothing, no later attempt can succeed. A refused port is "not yet". */
const terminalCodes: ReadonlySet<string> = new Set([
  'CONNECTION_LOST',
  'HOST_KEY_MISMATCH',
  'SSH_AUTH_REJECTED',
  'SSH_KEY_INVALID',
  'FORWARD_PROHIBITED',
  'CANCELLED',
]);

/** Throws again what ends the gate; returns for everything that is "not yet". */
export function rethrowTerminal(thrown: unknown, signal: AbortSignal): void {
  if (thrown instanceof DeployError && terminalCodes.has(String(thrown.code)) && !signal.aborted) throw thrown;
}

/** The phase an error belongs to: a failed name lookup surfaces from the same call as a failed connection. */
export function phaseOf(thrown: unknown, phase: Phase): Phase {
  return readProperty(thrown, 'syscall') === 'getaddrinfo' ? 'lookup' : phase;
}

/** What went wrong, for people: `connect ECONNREFUSED 127.0.0.1:8000`, `no answer within 5.0s`. */
export function describeProblem(thrown: unknown, timeoutMs: number): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const isTimeout = (error: unknown): boolean => readProperty(error, 'name') === 'TimeoutError';
  if (isTimeout(thrown) || isTimeout(thrown.cause)) return `no answer within ${formatDuration(timeoutMs)}`;
  // Several addresses were tried (IPv6 and IPv4): Node gives one empty message around theirs.
  const inner =
    thrown instanceof AggregateError ? thrown.errors.map((error: unknown) => readProperty(error, 'message')) : [];
  const message = inner.length > 0 ? inner.join('; ') : thrown.message;
  const isV6Unreachable = /E(NET|HOST)UNREACH.*[0-9a-f]*:[0-9a-f]*:/.test(message);
  return `${message}${isV6Unreachable ? ' (GitHub-hosted runners cannot reach IPv6 addresses)' : ''}`;
}

function readProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
