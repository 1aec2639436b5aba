import { quoteCommand } from './quote.ts';
import type { HostKeyPolicy } from './host-key.ts';
import { keyTypeOf } from './known-hosts.ts';
import { certificateAlgorithms, plainAlgorithms, preferredCiphers, type HostKeyType } from './ssh-algorithms.ts';
import type { SshTarget } from './ssh-target.ts';

/** One host on the way, with the files that `ssh` gets for it. */
export interface Hop {
  readonly target: SshTarget;
  /** How ssh_config calls it. */
  readonly alias: string;
  readonly policy: HostKeyPolicy;
  readonly types: readonly HostKeyType[];
  /** known_hosts for this host alone. */
  readonly knownHosts: string;
  /** Where {@link recorderScript} notes the keys that the host showed. */
  readonly offered: string;
  /** The public half of its key: `ssh` then asks the agent for that one only. */
  readonly publicKey: string;
}

/** Files of one connection. */
export interface OpensshFiles {
  readonly config: string;
  readonly control: string;
  readonly agent: string;
  readonly recorder: string;
  /** Nearest to the runner first, the server last. */
  readonly hops: readonly Hop[];
}

/** Seconds, as ssh_config wants them. */
export interface OpensshTimes {
  readonly connect: number;
  readonly aliveInterval: number;
  readonly aliveCount: number;
}

/**
 * Called by `ssh` with each host key that it is shown (KnownHostsCommand), before it decides. $1 file, $2 fingerprints
 * between commas, then %I %H %t %f %K. Notes the key for the message, and answers with a known_hosts line when its
 * fingerprint is pinned.
 */
export const recorderScript = `[ "$3" = HOSTNAME ] || exit 0
printf '%s %s\\n' "$5" "$7" >> "$1"
case ",$2," in *",$6,"*) printf '%s %s %s\\n' "$4" "$5" "$7" ;; esac
`;

/** known_hosts lines for exactly what the policy says, under the alias by which the key is looked up. */
export function renderKnownHosts(policy: HostKeyPolicy, name: string): string {
  const line = (marker: string, key: Buffer): string =>
    `${marker}${name} ${keyTypeOf(key) ?? 'unknown'} ${key.toString('base64')}\n`;
  return [
    ...policy.revoked.map((key) => line('@revoked ', key)),
    ...(policy.authorities ?? []).map((key) => line('@cert-authority ', key)),
    ...policy.pins.map(({ key }) => line('', key)),
  ].join('');
}

/**
 * The configuration of one connection. What stands here wins over everything that follows; the runner's own ssh_config
 * follows only where the user asked for the system's `ssh`.
 */
export function renderConfig(files: OpensshFiles, readyMark: string, times: OpensshTimes): string {
  const last = files.hops.length - 1;
  const isSystem = files.hops[last]?.target.transport === 'openssh';
  const blocks = files.hops.map((hop, index) => {
    const previous = files.hops[index - 1];
    return [
      `Host ${hop.alias}`,
      ...describeHop(files, hop, isSystem && index === last),
      ...describeWay(hop, previous, isSystem && index === last),
      ...(index === last
        ? ['PermitLocalCommand yes', `LocalCommand echo ${readyMark}`, `ControlPath ${word(files.control)}`]
        : ['PermitLocalCommand no', 'ControlPath none', 'ControlMaster no']),
    ].join('\n  ');
  });
  const always = ['Host *', ...rules(times)].join('\n  ');
  const own = isSystem ? ['Match all', 'Include ~/.ssh/config', 'Include /etc/ssh/ssh_config'].join('\n') : '';
  return `IgnoreUnknown KnownHostsCommand,RequiredRSASize\n${[...blocks, always, own].join('\n')}\n`;
}

function describeHop(files: OpensshFiles, hop: Hop, isSystem: boolean): readonly string[] {
  const { target, policy } = hop;
  const { host, port, user, credential } = target;
  const command = [
    '/bin/sh',
    word(files.recorder),
    word(hop.offered),
    `"${policy.fingerprints.join(',')}"`,
    '%I %H %t %f %K',
  ];
  return [
    // The runner's own configuration may know the host by this name, and its real one.
    ...(isSystem ? [] : [`HostName ${host}`]),
    ...(isSystem && port === 22 ? [] : [`Port ${port}`]),
    `User ${user}`,
    `HostKeyAlias ${host.toLowerCase()}`,
    `UserKnownHostsFile ${policy.acceptsAny === true ? '/dev/null' : word(hop.knownHosts)}`,
    `StrictHostKeyChecking ${policy.acceptsAny === true ? 'no' : 'yes'}`,
    `KnownHostsCommand ${command.join(' ')}`,
    `HostKeyAlgorithms ${[...certificateAlgorithms(policy.authorities ?? []), ...plainAlgorithms(hop.types)].join(',')}`,
    ...describeLogin(files, hop, credential.kind),
  ];
}

function describeLogin(files: OpensshFiles, hop: Hop, kind: 'key' | 'agent' | 'system'): readonly string[] {
  const { credential } = hop.target;
  if (kind === 'key')
    return [`IdentityAgent ${word(files.agent)}`, `IdentityFile ${word(hop.publicKey)}`, 'IdentitiesOnly yes'];
  return credential.kind === 'agent' ? [`IdentityAgent ${word(credential.socket)}`] : [];
}

function describeWay(hop: Hop, previous: Hop | undefined, isSystem: boolean): readonly string[] {
  if (previous !== undefined) return [`ProxyJump ${previous.alias}`];
  const { proxyCommand } = hop.target;
  // A way of its own in the runner's configuration counts only where nothing else is said.
  if (proxyCommand === undefined) return isSystem ? [] : ['ProxyJump none'];
  return [`ProxyCommand ${quoteCommand(proxyCommand).replaceAll('%', '%%')}`];
}

function rules({ connect, aliveInterval, aliveCount }: OpensshTimes): readonly string[] {
  return [
    'GlobalKnownHostsFile /dev/null',
    'CheckHostIP no',
    'UpdateHostKeys no',
    'VerifyHostKeyDNS no',
    'BatchMode yes',
    'PreferredAuthentications publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'NumberOfPasswordPrompts 0',
    // Of the system's own defaults, less what needs SHA-1 or MD5; none of them has CBC. The order is the library's.
    'KexAlgorithms -*sha1*',
    `Ciphers ^${preferredCiphers.join(',')}`,
    'MACs -*sha1*,*md5*',
    `ConnectTimeout ${connect}`,
    'ConnectionAttempts 1',
    `ServerAliveInterval ${aliveInterval}`,
    `ServerAliveCountMax ${aliveCount}`,
    'ControlPersist no',
    'ForwardAgent no',
    'ForwardX11 no',
    'ClearAllForwardings yes',
    'Tunnel no',
    'RequestTTY no',
    'EscapeChar none',
    'LogLevel INFO',
  ];
}

/** One word of ssh_config: `%` begins a token there. */
function word(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
