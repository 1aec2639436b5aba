import type { Duplex } from 'node:stream';
import { maskSecret } from '../action/secrets.ts';
import { describeThrown } from '../action/errors.ts';
import type { Runner } from '../action/runner.ts';
import { channelPool, type ChannelPool } from './channel-pool.ts';
import { describeScript, runCommand, scriptWords, type ProgramIo, type Shell } from './command.ts';
import { describeCommand, HostError, type Host } from './host.ts';
import { commandLine } from './launcher.ts';
import { runChannel, type ChannelEnd } from './ssh-channel.ts';
import { defaultTuning, openConnection, type SshConnection, type SshTuning } from './ssh-connection.ts';
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
  const shell = sshShell(name, connection, channelPool(tuning.maxChannels));
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

function sshShell(name: string, connection: SshConnection, pool: ChannelPool): Shell {
  const lostError = (reason: unknown): HostError =>
    new HostError({
      code: 'CONNECTION_LOST',
      message: `${name}: the connection broke while a command was running (${describeThrown(reason)}); whether it finished is unknown.`,
      hint: 'The next run continues from what it finds on the server.',
      cause: reason,
    });
  const runOnce = async (line: string, io: ProgramIo): Promise<ChannelEnd> => {
    io.onStart();
    return Promise.race([
      runChannel(connection.client, line, io),
      connection.lost.catch((reason: unknown) => {
        throw lostError(reason);
      }),
    ]);
  };
  const run = async (line: string, io: ProgramIo, isAgain: boolean): Promise<ChannelEnd> => {
    if (io.isUrgent === true) return runOnce(line, io);
    await pool.acquire(io.signal, isAgain);
    try {
      const end = await runOnce(line, io);
      if (end.kind !== 'no-session' || !pool.shrink()) return end;
    } finally {
      pool.release();
    }
    return run(line, io, true);
  };
  return {
    name,
    run: async (program, io) => {
      const end = await run(commandLine(program), io, false);
      switch (end.kind) {
        case 'exit':
          return end.code;
        case 'lost':
          throw lostError(await Promise.race([connection.lost.catch(asReason), closedChannel]));
        case 'no-session':
        case 'refused':
          throw new HostError({
            code: 'COMMAND_FAILED',
            message: `${name}: the server refuses to run commands for this user (${end.reason}).`,
            hint: 'Check MaxSessions, ForceCommand and the options of the key in authorized_keys.',
          });
      }
    },
  };
}

const asReason = (reason: unknown): unknown => reason;
/** Loses the race against the connection's own reason when there is one. */
const closedChannel = Promise.resolve(new Error('the server closed the session without an exit status'));

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
  const opened = new Promise<Duplex>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(failed('FORWARD_FAILED', `no answer within ${forwardTimeoutMs / 1000} s`));
    }, forwardTimeoutMs);
    try {
      connection.client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        clearTimeout(timer);
        if (error === undefined) resolve(channel);
        else if ('reason' in error && error.reason === prohibited) {
          reject(
            failed(
              'FORWARD_PROHIBITED',
              'sshd does not allow forwarding',
              'Set `AllowTcpForwarding local` (or yes) for this user in sshd_config.',
            ),
          );
        } else reject(failed('FORWARD_FAILED', error.message.replace(/^\(SSH\) Channel open failure: /, '')));
      });
    } catch (thrown) {
      clearTimeout(timer);
      reject(failed('FORWARD_FAILED', describeThrown(thrown)));
    }
  });
  const lost = connection.lost.catch((reason: unknown) => {
    throw new HostError({
      code: 'CONNECTION_LOST',
      message: `${name}: the connection is gone (${describeThrown(reason)}).`,
      cause: reason,
    });
  });
  return Promise.race([opened, lost]);
}
