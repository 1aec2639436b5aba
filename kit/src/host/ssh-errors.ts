import { HostError } from './host.ts';
import { fingerprintOf, isUnpinned, knownHostsLine } from './host-key.ts';
import { keyTypeOf } from './known-hosts.ts';
import type { SshTarget } from './ssh-target.ts';

/** How far one attempt to connect had come. */
export type ConnectPhase =
  /** TCP, or the proxy command. */
  | 'dial'
  /** Connected; the server has not said anything yet. */
  | 'banner'
  | 'handshake'
  | 'authentication';

/** One failed attempt, as it was observed. */
export interface FailedAttempt {
  readonly phase: ConnectPhase;
  readonly message: string;
  /** `code` of a socket error: ENOTFOUND, ECONNREFUSED … */
  readonly errno: string | undefined;
  /** `level` of the SSH library: client-socket, client-timeout, client-authentication, handshake, protocol. */
  readonly level: string | undefined;
  /** What a proxy command wrote to stderr. */
  readonly lastWords: string;
}

/** `no`: trying again changes nothing, or makes it worse; `soon`: after a moment; `later`: the server may be penalising us. */
export type RetryAdvice = 'no' | 'soon' | 'later';

/**
 * Whether another attempt makes sense: only for failures before authentication. Never after a refused key: sshd (since 9.8)
 * locks an address out that fails repeatedly, with a reset before its banner, for everybody behind that address.
 */
export function adviseRetry(failed: FailedAttempt): RetryAdvice {
  if (failed.phase === 'dial') return failed.errno === undefined ? 'no' : 'soon';
  if (failed.phase === 'authentication' || failed.level === 'handshake') return 'no';
  if (failed.level === 'client-timeout') return 'soon';
  return failed.phase === 'banner' ? 'later' : 'soon';
}

const socketErrors: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name could not be resolved now (DNS does not answer)',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ETIMEDOUT: 'the connection was not answered in time',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
};

/** `ssh: web1 (port 22)`: how every message about connecting begins. */
function where(target: SshTarget): string {
  return `ssh: ${target.host} (port ${target.port})`;
}

/** Whether the server may have no host key of a type that was asked for. Dropbear does not say so: it hangs up. */
export function mayBeTypeMissing(failed: FailedAttempt): boolean {
  if (/no matching/i.test(failed.message)) return /no matching (server )?host key/i.test(failed.message);
  return failed.phase === 'handshake' && failed.level !== 'client-timeout';
}

/** Client and server share no algorithm: another client may. */
export class NoCommonAlgorithmError extends HostError {}

/** The error for the attempt that was the last. */
export function connectError(target: SshTarget, failed: FailedAttempt, attempts: number): HostError {
  if (failed.level === 'client-authentication') return authenticationError(target);
  const tries = attempts > 1 ? ` (${attempts} attempts)` : '';
  const said = failed.lastWords === '' ? '' : ` The proxy command said: ${failed.lastWords}`;
  const Kind = /no matching/i.test(failed.message) ? NoCommonAlgorithmError : HostError;
  return new Kind({
    code: 'HOST_UNREACHABLE',
    message: `${where(target)}: ${describeFailure(failed)}${tries}.${said}`,
    hint: hintFor(target, failed),
  });
}

function describeFailure(failed: FailedAttempt): string {
  if (failed.level === 'client-timeout')
    return `connected, but the server did not finish the ${phaseName(failed.phase)} in time`;
  const known = failed.errno === undefined ? undefined : socketErrors[failed.errno];
  if (failed.phase === 'dial') return known ?? (failed.message || 'the connection failed');
  if (failed.phase === 'banner') return 'the server accepted the connection and closed it before it said anything';
  if (/no matching/i.test(failed.message))
    return `no algorithm in common: ${failed.message.replace(/^Handshake failed: /, '')}`;
  return `the connection broke during ${phaseName(failed.phase)}: ${known ?? failed.message}`;
}

function phaseName(phase: ConnectPhase): string {
  return phase === 'banner' || phase === 'dial' ? 'handshake' : phase;
}

function hintFor(target: SshTarget, failed: FailedAttempt): string {
  if (failed.errno === 'ENOTFOUND') return 'Check `host`. Names of private networks do not resolve on a hosted runner.';
  if (failed.phase === 'banner') {
    return 'Either no SSH server listens there, or sshd refuses this address for a while (MaxStartups, PerSourcePenalties, fail2ban) after failed logins.';
  }
  if (/no matching/i.test(failed.message)) {
    return 'Only modern algorithms are offered (curve25519, ECDH, DH groups 14/16/18; AES-GCM/CTR, chacha20; SHA-2). Check KexAlgorithms, Ciphers and MACs in sshd_config. A server that wants post-quantum key exchange only is reached with `transport: openssh`.';
  }
  return `Is sshd running and port ${target.port} open to this runner (firewall, address list)?`;
}

function authenticationError(target: SshTarget): HostError {
  const { credential } = target;
  if (credential.kind !== 'key') {
    const keys = credential.kind === 'agent' ? 'of the agent (SSH_AUTH_SOCK)' : 'that ssh_config names';
    return new HostError({
      code: 'SSH_AUTH_REJECTED',
      message: `${where(target)} refused user ${target.user} with every key ${keys}.`,
      hint: `Is \`user\` right, and does \`ssh-add -L\` list a key of its authorized_keys on the server, among the first five?${target.transport === 'openssh' ? '' : ' A security key (sk-…) or a certificate needs `transport: openssh`.'}`,
    });
  }
  const { type, fingerprint, publicLine } = credential.key;
  return new HostError({
    code: 'SSH_AUTH_REJECTED',
    message: `${where(target)} refused user ${target.user} with the key ${fingerprint} (${type}).`,
    hint: `Is \`user\` right, and does ~${target.user}/.ssh/authorized_keys on the server hold this line? ${publicLine}`,
  });
}

/** What a connection is warned of that Terrapin can touch (isTruncatable). */
export function describeTruncatable(target: SshTarget, cipher: string): string {
  return `${where(target)} agrees on nothing but ${cipher}, and knows no strict key exchange: somebody on the way can remove messages from the beginning of the connection unnoticed (Terrapin, CVE-2023-48795). Update its sshd (OpenSSH 9.6, or its distribution's fix), or add aes128-gcm@openssh.com or aes128-ctr to its Ciphers.`;
}

/** The server showed keys, none of which is trusted. */
export function hostKeyError(target: SshTarget, offered: readonly Buffer[], isRevoked: boolean): HostError {
  const shown = offered.map((key) => `${fingerprintOf(key)} (${keyTypeOf(key) ?? 'unknown type'})`).join(', ');
  if (isRevoked) {
    return new HostError({
      code: 'HOST_KEY_MISMATCH',
      message: `${where(target)} offered host key ${shown}, which \`known-hosts\` revokes.`,
      hint: 'Do not connect to this machine before you know why it still uses that key.',
    });
  }
  const lines = offered.map((key) => knownHostsLine(target.host, target.port, key));
  if (isUnpinned(target.hostKeys)) {
    return new HostError({
      code: 'HOST_KEY_MISMATCH',
      message: `${where(target)}: neither \`known-hosts\` nor \`host-fingerprint\` says which host key is right, so anybody on the way could pose as the server. It offered ${shown}.`,
      hint:
        'Compare with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the server. ' +
        `If it is the same, put this into \`known-hosts\` (or DEPLOY_KNOWN_HOSTS): ${lines.join(' and ')}`,
    });
  }
  const source = target.hostKeys.fingerprints.length > 0 ? 'host-fingerprint' : 'known-hosts';
  return new HostError({
    code: 'HOST_KEY_MISMATCH',
    message:
      offered.length === 0
        ? `${where(target)} has no host key of a type that \`${source}\` names, and showed no other.`
        : `${where(target)} offered host key ${shown}, which is not in \`${source}\`.`,
    hint:
      'Either the server was set up anew, or another machine answers in its place. Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the server. ' +
      `If you trust it, put this into \`known-hosts\`: ${lines.join(' and ')}`,
  });
}
