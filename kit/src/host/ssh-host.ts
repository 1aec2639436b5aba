import { maskSecret } from '../action/secrets.ts';
import type { Runner } from '../action/runner.ts';
import { channelPool } from './channel-pool.ts';
import { describeScript, runCommand, scriptWords } from './command.ts';
import { describeCommand, type Host } from './host.ts';
import { defaultTuning, openConnection, type SshConnection, type SshTuning } from './ssh-connection.ts';
import { openForward } from './ssh-forward.ts';
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
