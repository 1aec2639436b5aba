import { isIP, isIPv6 } from 'node:net';
import { ConfigurationError } from '../action/errors.ts';
import { badInput, type InputReader } from '../action/inputs.ts';
import { parseFingerprint, type Fingerprint, type HostKeyPolicy } from './host-key.ts';
import { findKnownHost, knownHostName, parseKnownHosts, type KnownHost } from './known-hosts.ts';
import { readPrivateKey, type PrivateKey } from './private-key.ts';
import { parseProxyCommand } from './proxy-command-line.ts';

/** A server to deploy to, validated, with all that is needed to connect and nothing dialed. */
export interface SshTarget {
  readonly kind: 'ssh';
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: PrivateKey;
  readonly hostKeys: HostKeyPolicy;
  /** A command on the runner whose stdio is the connection; host, port and user are filled in. */
  readonly proxyCommand?: readonly string[];
  /** The server through which this one is reached; never together with a proxy command. */
  readonly jump?: SshTarget;
}

/**
 * Reads the SSH inputs (docs/architecture.md). `host` was read by the caller.
 * @throws ConfigurationError naming the input; HostError SSH_KEY_INVALID
 */
export function readSshTarget(inputs: InputReader, host: string): SshTarget {
  const address = parseHostAddress(host);
  const port = readPort(inputs);
  const user = parseUser(inputs.required('user', { env: 'DEPLOY_USER' }));
  const keyText = inputs.requiredSecret('ssh-private-key', { env: 'DEPLOY_SSH_PRIVATE_KEY' });
  const passphrase = inputs.secret('ssh-passphrase', { env: 'DEPLOY_SSH_PASSPHRASE' })?.replace(/\r?\n$/, '');
  const privateKey = readPrivateKey(keyText, passphrase);
  const target = {
    kind: 'ssh',
    host: address,
    port,
    user,
    privateKey,
    hostKeys: readHostKeyPolicy(inputs, address, port),
  } as const;
  const proxy = inputs.optional('proxy-command', { env: 'DEPLOY_PROXY_COMMAND' });
  const jump = readJumpHosts(inputs, user, privateKey);
  if (proxy !== undefined && jump !== undefined) {
    throw new ConfigurationError(
      'inputs `jump-host` and `proxy-command` are both given; only one can be the way to the server.',
    );
  }
  return {
    ...target,
    ...(jump === undefined ? {} : { jump }),
    ...(proxy === undefined ? {} : { proxyCommand: parseProxyCommand(proxy, { host: address, port, user }) }),
  };
}

/**
 * The chain of `jump-host` (`user@bastion:22`, several separated by commas, the first nearest to the runner), as the
 * target that is nearest to the server. Every hop is checked against `known-hosts`, and takes the same key.
 */
function readJumpHosts(inputs: InputReader, defaultUser: string, privateKey: PrivateKey): SshTarget | undefined {
  const text = inputs.optional('jump-host', { env: 'DEPLOY_JUMP_HOST' });
  if (text === undefined) return undefined;
  const knownHosts = inputs.optional('known-hosts', { env: 'DEPLOY_KNOWN_HOSTS' });
  if (knownHosts === undefined) {
    throw new ConfigurationError(
      'input `jump-host` needs `known-hosts`: a line for every host on the way; `host-fingerprint` is only for the last.',
    );
  }
  return text.split(',').reduce<SshTarget | undefined>((previous, hop) => {
    const match = /^(?:([^@]+)@)?(\[[^\]]+\]|[^:@]+)(?::(\d{1,5}))?$/.exec(hop.trim());
    const [, user = defaultUser, host, portText = '22'] = match ?? [];
    const port = Number(portText);
    if (host === undefined || port < 1 || port > 65_535)
      throw badInput('jump-host', hop.trim(), 'user@host:port (user and port may be left out)');
    const address = parseHostAddress(host, 'jump-host');
    const hostKeys = pinnedIn(knownHosts, address, port, []);
    const target = {
      kind: 'ssh',
      host: address,
      port,
      user: parseUser(user, 'jump-host'),
      privateKey,
      hostKeys,
    } as const;
    return previous === undefined ? target : { ...target, jump: previous };
  }, undefined);
}

/** 22 when the action's `port` has no default of its own. */
function readPort(inputs: InputReader): number {
  const env = { env: 'DEPLOY_PORT' };
  return inputs.optional('port', env) === undefined ? 22 : inputs.integer('port', { min: 1, max: 65_535 }, env);
}

/** @throws ConfigurationError for anything but one bare host name or address */
export function parseHostAddress(text: string, input = 'host'): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (isIPv6(bare) || isIP(text) !== 0) return bare;
  const refuse = (why: string, hint: string): ConfigurationError =>
    new ConfigurationError(`input \`${input}\`: ${JSON.stringify(text)} ${why}.`, hint);
  const one = 'Give one host name or IP address.';
  if (/[\s,;]/.test(text)) throw refuse('is more than one word', one);
  if (text.includes('://')) throw refuse('is a URL', one);
  if (text.includes('@'))
    throw refuse('contains a user', 'Give the user in `user`, and only the host name or address here.');
  if (text.includes('/')) throw refuse('contains a path', one);
  if (/^(\[.*\]|[^:]+):\d+$/.test(text)) throw refuse('contains a port', 'Give the port in `port`.');
  if (text.startsWith('-')) throw refuse('begins with a hyphen', one);
  if (!/^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})$/.test(text) || text.includes('..'))
    throw refuse('is not a host name or IP address', one);
  return text;
}

function parseUser(text: string, input = 'user'): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}\$?$/.test(text)) return text;
  throw badInput(input, text, 'a user name of a server (letters, digits, `.`, `_`, `-`)');
}

function readHostKeyPolicy(inputs: InputReader, host: string, port: number): HostKeyPolicy {
  const knownHosts = inputs.optional('known-hosts', { env: 'DEPLOY_KNOWN_HOSTS' });
  const fingerprint = inputs.optional('host-fingerprint', { env: 'DEPLOY_HOST_FINGERPRINT' });
  if (knownHosts === undefined && fingerprint === undefined) {
    throw new ConfigurationError(
      'input `known-hosts` or `host-fingerprint` is required: without it anybody on the way could pose as the server.',
      `On a machine that you trust run: ssh-keyscan${port === 22 ? '' : ` -p ${port}`} ${host}  — compare it with what ` +
        '`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the server, and store the line as `known-hosts` (or DEPLOY_KNOWN_HOSTS).',
    );
  }
  const fingerprints = fingerprint === undefined ? [] : parseFingerprints(fingerprint);
  if (knownHosts === undefined) return { pins: [], revoked: [], fingerprints };
  return pinnedIn(knownHosts, host, port, fingerprints);
}

function pinnedIn(knownHosts: string, host: string, port: number, fingerprints: readonly Fingerprint[]): HostKeyPolicy {
  const known = findKnownHost(parseKnownHosts(knownHosts, 'input `known-hosts`'), host, port);
  if (known.pins.length === 0 && fingerprints.length === 0) throw noUsableLine(known, knownHosts, host, port);
  return { pins: known.pins, revoked: known.revoked, fingerprints };
}

function parseFingerprints(text: string): readonly Fingerprint[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((word) => {
      const fingerprint = parseFingerprint(word);
      if (fingerprint !== undefined) return fingerprint;
      throw new ConfigurationError(
        `input \`host-fingerprint\`: ${JSON.stringify(word)} is not a SHA256 fingerprint (\`SHA256:\` and 43 characters).`,
        'On the server run: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub  — and give the second word of its answer. MD5 fingerprints are not accepted.',
      );
    });
}

function noUsableLine(known: KnownHost, text: string, host: string, port: number): ConfigurationError {
  const name = knownHostName(host, port);
  const keyscan = `Add the line that \`ssh-keyscan${port === 22 ? '' : ` -p ${port}`} ${host}\` prints, after comparing it with the server's own key.`;
  if (known.revoked.length > 0) {
    return new ConfigurationError(`input \`known-hosts\`: the lines for ${name} only revoke keys.`, keyscan);
  }
  if (known.hasCertAuthority) {
    return new ConfigurationError(
      `input \`known-hosts\`: ${name} is only covered by a @cert-authority line; host certificates cannot be checked here.`,
      keyscan,
    );
  }
  if (known.unusableTypes.length > 0) {
    return new ConfigurationError(
      `input \`known-hosts\`: the key types for ${name} (${known.unusableTypes.join(', ')}) cannot be checked here.`,
      keyscan,
    );
  }
  const elsewhere = findOtherPort(text, host, port);
  const seen = elsewhere === undefined ? '' : ` It has one for port ${elsewhere}; is \`port\` right?`;
  return new ConfigurationError(`input \`known-hosts\` has no line for ${name}.${seen}`, keyscan);
}

/** The port under which known-hosts has this host, for the message; hashed names cannot be searched. */
function findOtherPort(text: string, host: string, port: number): number | undefined {
  const lines = parseKnownHosts(text, 'input `known-hosts`');
  const named = lines.flatMap((line) => [...line.names.matchAll(/\[[^\]]+\]:(\d+)/g)].map((match) => Number(match[1])));
  return [22, ...named].find((other) => other !== port && findKnownHost(lines, host, other).pins.length > 0);
}
