import type { Duplex } from 'node:stream';
import { describeThrown } from '../action/errors.ts';
import { HostError } from './host.ts';
import type { SshConnection } from './ssh-connection.ts';

const forwardTimeoutMs = 15_000;

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254 §5.1. */
const prohibited = 1;

/**
 * A stream to an address as seen from the server (direct-tcpip).
 * @throws HostError FORWARD_PROHIBITED, FORWARD_FAILED, CONNECTION_LOST
 */
export function openForward(name: string, connection: SshConnection, address: string, port: number): Promise<Duplex> {
  const failed = (code: 'FORWARD_PROHIBITED' | 'FORWARD_FAILED', why: string, hint?: string): HostError =>
    new HostError({
      code,
      message: `${name}: no connection to ${address}:${port} from the server: ${why}.`,
      ...(hint === undefined ? {} : { hint }),
    });
  const lostError = (reason: unknown): HostError =>
    new HostError({
      code: 'CONNECTION_LOST',
      message: `${name}: the connection is gone (${describeThrown(reason)}).`,
      cause: reason,
    });
  const explain = (error: Error): HostError => {
    if (!('reason' in error)) return lostError(error);
    if (error.reason !== prohibited) {
      return failed('FORWARD_FAILED', error.message.replace(/^\(SSH\) Channel open failure: /, ''));
    }
    const hint = 'Set `AllowTcpForwarding local` (or yes) for this user in sshd_config.';
    return failed('FORWARD_PROHIBITED', 'sshd does not allow forwarding', hint);
  };
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(failed('FORWARD_FAILED', `no answer within ${forwardTimeoutMs / 1000} s`));
    }, forwardTimeoutMs);
    const settle = (error: Error | undefined, channel?: Duplex): void => {
      clearTimeout(timer);
      if (error !== undefined || channel === undefined) reject(explain(error ?? new Error('no channel')));
      else if (isLate) channel.destroy();
      else resolve(channel);
    };
    connection.lost.catch((reason: unknown) => {
      settle(reason instanceof Error ? reason : new Error(String(reason)));
    });
    try {
      connection.client.forwardOut('127.0.0.1', 0, address, port, settle);
    } catch (thrown) {
      settle(new Error(describeThrown(thrown)));
    }
  });
}
