import type { Runner } from '../action/runner.ts';
import { channelPool } from './channel-pool.ts';
import { describeScript, runCommand, scriptWords, type Shell } from './command.ts';
import { defaultTuning, type SshConnection, type SshTuning } from './connection.ts';
import { describeCommand, type Host } from './host.ts';
import { limitsOf } from './server-software.ts';
import { maskCredential } from './ssh-credential.ts';
import { sshShell } from './ssh-shell.ts';
import type { SshTarget } from './ssh-target.ts';
import { openTransport } from './transport.ts';

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
  for (let hop: SshTarget | undefined = target; hop !== undefined; hop = hop.jump)
    maskCredential(runner, hop.credential);
  const name = `${target.user}@${target.host}`;
  const dial = (until: AbortSignal): Promise<SshConnection> => openTransport(target, runner, until, tuning);
  const shellOver = (over: SshConnection): Shell => {
    const { mostSessions = tuning.maxChannels } = limitsOf(over.serverSoftware());
    return sshShell(name, over, channelPool(Math.min(mostSessions, tuning.maxChannels)), tuning.clock, dial);
  };
  let connection = await dial(signal);
  let shell = shellOver(connection);
  let commandCount = 0;
  return {
    name,
    kind: 'ssh',
    exec: (argv, options = {}) => {
      commandCount++;
      return runCommand(shell, argv, describeCommand(argv), options);
    },
    script: (source, args, options = {}) => {
      commandCount++;
      return runCommand(shell, scriptWords(source, args), describeScript(source), options);
    },
    forward: (address, port) => connection.forward(address, port),
    openSocket: (path) => connection.openSocket?.(path) ?? Promise.reject(new Error('this transport opens no sockets')),
    reconnect: async (until) => {
      const broken = connection;
      connection = await dial(until);
      shell = shellOver(connection);
      await broken.close();
    },
    get commandCount() {
      return commandCount;
    },
    close: () => connection.close(),
  };
}
