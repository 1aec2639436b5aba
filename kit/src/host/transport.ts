import type { Runner } from '../action/runner.ts';
import type { SshConnection, SshTuning } from './connection.ts';
import { HostError } from './host.ts';
import { findOnPath } from './local-process.ts';
import { openSystemSsh } from './openssh-connection.ts';
import { openConnection } from './ssh-connection.ts';
import { NoCommonAlgorithmError } from './ssh-errors.ts';
import type { SshTarget } from './ssh-target.ts';

/** Opens a connection to a target; the two ways to do it have the same bounds, checks and errors. */
export type OpenTransport = (
  target: SshTarget,
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
) => Promise<SshConnection>;

/**
 * Connects as `transport` says. `auto` takes the library, which is faster, and the system's `ssh` only where the library
 * cannot do it: host certificates alone are trusted, or the server shares no algorithm with it.
 * @throws HostError HOST_UNREACHABLE, HOST_KEY_MISMATCH, SSH_AUTH_REJECTED, CANCELLED
 */
export const openTransport: OpenTransport = async (target, runner, signal, tuning) => {
  const needed = onlySystemSsh(target);
  if (target.transport === 'openssh' || (target.transport === 'auto' && needed !== undefined))
    return openSystemSsh(target, runner, signal, tuning);
  if (needed !== undefined) {
    throw new HostError({
      code: 'HOST_KEY_MISMATCH',
      message: `ssh: ${needed} is only covered by a @cert-authority line of \`known-hosts\`; host certificates cannot be checked with \`transport: ssh2\`.`,
      hint: 'Set `transport` to auto or openssh, or add the line of the host key itself.',
    });
  }
  try {
    return await openConnection(target, runner, signal, tuning);
  } catch (thrown) {
    if (target.transport !== 'auto' || !(thrown instanceof NoCommonAlgorithmError)) throw thrown;
    if (findOnPath('ssh') === undefined) throw thrown;
    runner.info(`${thrown.message} Trying the system's ssh.`);
    return openSystemSsh(target, runner, signal, tuning);
  }
};

/** The host on the way whose key only a certificate can prove. */
function onlySystemSsh(target: SshTarget): string | undefined {
  const { pins, fingerprints, authorities = [] } = target.hostKeys;
  if (pins.length + fingerprints.length === 0 && authorities.length > 0) return target.host;
  return target.jump === undefined ? undefined : onlySystemSsh(target.jump);
}
