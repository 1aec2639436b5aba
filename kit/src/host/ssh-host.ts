import type { Duplex } from 'node:stream';
import { maskSecret } from '../action/secrets.ts';
import { describeThrown } from '../action/errors.ts';
import type { Runner } from '../action/runner.ts';
import { channelPool } from './channel-pool.ts';
import { describeScript, runCommand, scriptWords } from './command.ts';
import { describeCommand, HostError, type Host } from './host.ts';
import { defaultTuning, openConnection, type SshConnection, type SshTuning } from './ssh-connection.ts';
import { sshShell } from './ssh-shell.ts';
import type { SshTarget } from './ssh-target.ts';

/**
 * Connects to a server. `signal` cancels the connecting only: a cancelled step still has to put the server right.
 * @throws HostError HOST_UNREACHABLE, HOST_KEY_MISMATCH, SSH_AUTH_REJECTED, CANCELLED
 */
export async function connectSsh(
  target: SshTarget,
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning = defaultTuning,
): Promise<Host> {
  // The input was masked as it was typed; this is the same key after repair (base64 decoded, lines unfolded).
  maskSecret(runner, target.privateKey.text);
  const connection = await openConnection(target, runner, signal, tuning);
  const name = `${target.user}@${target.host}`;
  const reconnect = (again: AbortSignal): Promise<SshConnection> => openConnection(target, runner, again, tuning);
  const shell = sshShell(name, connection, channelPool(tuning.maxChannels), tuning.clock, reconnect);
  let commandCount = 0;
  const run: Host['exec'] = (argv, options = {}) => {
    commandCount++;
    return runCommand(shell, argv, describeCommand(argv), options);
  };
  return {
    name,
    kind: 'ssh',
    exec: run,
    script: (source, args, options = {}) => {
      commandCount++;
      return runCommand(shell, scriptWords(source, args), describeScript(source), options);
    },
    forward: (address, port) => openForward(name, connection, address, port),
    get commandCount() {
      return commandCount;
    },
    close: connection.close,
  };
}

const forwardTimeoutMs = 15_000;

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254 §5.1. */
const prohibited = 1;

function openForward(name: string, connection: SshConnection, address: string, port: number): Promise<Duplex> {
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
    const timer = setTimeout(() => {
      reject(failed('FORWARD_FAILED', `no answer within ${forwardTimeoutMs / 1000} s`));
    }, forwardTimeoutMs);
    const settle = (error: Error | undefined, channel?: Duplex): void => {
      clearTimeout(timer);
      if (error === undefined && channel !== undefined) resolve(channel);
      else reject(explain(error ?? new Error('no channel')));
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
