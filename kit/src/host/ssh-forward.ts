import type { Duplex } from 'node:stream';
import { describeThrown } from '../action/errors.ts';
import { forwardError, forwardTimeoutMs } from './connection.ts';
import { HostError } from './host.ts';
import type { Client } from 'ssh2';

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254 §5.1. */
const prohibited = 1;

/**
 * A stream to an address as seen from the server (direct-tcpip).
 * @throws HostError FORWARD_PROHIBITED, FORWARD_FAILED, CONNECTION_LOST
 */
export function openForward(
  name: string,
  client: Client,
  lost: Promise<never>,
  address: string,
  port: number,
): Promise<Duplex> {
  const failed = (why: string): HostError => forwardError(name, address, port, { kind: 'failed', why });
  const lostError = (reason: unknown): HostError =>
    new HostError({
      code: 'CONNECTION_LOST',
      message: `${name}: the connection is gone (${describeThrown(reason)}).`,
      cause: reason,
    });
  const explain = (error: unknown): HostError => {
    if (error instanceof NoAnswer) return failed(error.message);
    if (!(error instanceof Error) || !('reason' in error)) return lostError(error);
    return error.reason === prohibited
      ? forwardError(name, address, port, { kind: 'prohibited' })
      : failed(error.message.replace(/^\(SSH\) Channel open failure: /, ''));
  };
  const begin = (settle: Settle): void => {
    client.forwardOut('127.0.0.1', 0, address, port, settle);
  };
  return openChannel(lost, begin).catch((thrown: unknown) => {
    throw explain(thrown);
  });
}

/**
 * A stream to a unix socket of the server (`direct-streamlocal@openssh.com`, PROTOCOL of OpenSSH 2.4): as the user who is
 * logged in, and no session of the server's limit.
 * @throws Error where the server forbids it (AllowStreamLocalForwarding), is no OpenSSH, or nobody listens there
 */
export function openSocketForward(client: Client, lost: Promise<never>, path: string): Promise<Duplex> {
  return openChannel(lost, (settle) => {
    client.openssh_forwardOutStreamLocal(path, settle);
  });
}

/** The server neither opened the channel nor refused it. */
class NoAnswer extends Error {}

type Settle = (error: Error | undefined, channel?: Duplex) => void;

/** The channel that `begin` asks for; one that comes too late is closed. */
function openChannel(lost: Promise<never>, begin: (settle: Settle) => void): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new NoAnswer(`no answer within ${forwardTimeoutMs / 1000} s`));
    }, forwardTimeoutMs);
    const settle: Settle = (error, channel) => {
      clearTimeout(timer);
      if (error !== undefined || channel === undefined) reject(error ?? new Error('no channel'));
      else if (isLate) channel.destroy();
      else resolve(channel);
    };
    lost.catch((reason: unknown) => {
      settle(reason instanceof Error ? reason : new Error(String(reason)));
    });
    try {
      begin(settle);
    } catch (thrown) {
      settle(new Error(describeThrown(thrown)));
    }
  });
}
