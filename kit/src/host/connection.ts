import type { Duplex } from 'node:stream';
import { systemClock, type Clock } from '../time/clock.ts';
import type { ProgramIo } from './command.ts';
import { HostError } from './host.ts';

/** How one program in one session of a connection ended. */
export type ChannelEnd =
  /** The command's exit status, 128 + n for death by signal n. */
  | { readonly kind: 'exit'; readonly code: number }
  /** The server would not open one more session; the connection is fine. */
  | { readonly kind: 'no-session'; readonly reason: string }
  /** The server opened the session, but refuses to run commands in it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No exit status came: the connection or the session broke, and what the command did is unknown. */
  | { readonly kind: 'lost' };

/** An authenticated connection, whichever program speaks the protocol. */
export interface SshConnection {
  /**
   * Runs a program text for `sh` in a session of its own. Resolves however the session ends.
   * @throws what the stdin stream failed with
   */
  readonly runProgram: (program: string, io: ProgramIo) => Promise<ChannelEnd>;
  /**
   * A stream to an address as seen from the server.
   * @throws HostError FORWARD_PROHIBITED, FORWARD_FAILED, CONNECTION_LOST
   */
  readonly forward: (address: string, port: number) => Promise<Duplex>;
  /** A stream to a unix socket of the server; absent where the program in between cannot. */
  readonly openSocket?: (path: string) => Promise<Duplex>;
  /** Rejects with the reason when the connection is gone, whoever ended it. */
  readonly lost: Promise<never>;
  /** The same reason; undefined as long as the connection stands. */
  readonly lossReason: () => Error | undefined;
  /** What the server called itself, as `OpenSSH_9.2p1` or `dropbear_2022.83`; undefined where it is not known. */
  readonly serverSoftware: () => string | undefined;
  /** Whether sessions are asked for in the order in which the commands were given, so that a spare one takes nobody's. */
  readonly isInOrder: boolean;
  readonly close: () => Promise<void>;
}

/** Time bounds; tests shorten them. */
export interface SshTuning {
  readonly clock: Clock;
  /** From 0 to 1: jitter of the waits between attempts. */
  readonly random: () => number;
  readonly connectTimeoutMs: number;
  /** Handshake and authentication together. */
  readonly handshakeTimeoutMs: number;
  readonly attempts: number;
  readonly keepAliveMs: number;
  /** So many keep-alive intervals without a byte from the server: it is gone. */
  readonly silentIntervals: number;
  readonly maxChannels: number;
}

export const defaultTuning: SshTuning = {
  clock: systemClock,
  random: Math.random,
  connectTimeoutMs: 15_000,
  handshakeTimeoutMs: 20_000,
  attempts: 3,
  keepAliveMs: 4_000,
  silentIntervals: 4,
  maxChannels: 8,
};

/** Why no stream to an address behind the server came about; the same words on every transport. */
export function forwardError(
  name: string,
  address: string,
  port: number,
  failure: { readonly kind: 'prohibited' } | { readonly kind: 'failed'; readonly why: string },
): HostError {
  const isProhibited = failure.kind === 'prohibited';
  const why = isProhibited ? 'sshd does not allow forwarding' : failure.why;
  return new HostError({
    code: isProhibited ? 'FORWARD_PROHIBITED' : 'FORWARD_FAILED',
    message: `${name}: no connection to ${address}:${port} from the server: ${why}.`,
    ...(isProhibited ? { hint: 'Set `AllowTcpForwarding local` (or yes) for this user in sshd_config.' } : {}),
  });
}

/** How long a stream to an address behind the server may take to open. */
export const forwardTimeoutMs = 15_000;
