import { isIP, isIPv6 } from 'node:net';
import { ConfigurationError } from '../action/errors.ts';
import { badInput, type InputReader } from '../action/inputs.ts';
import type { HostKeyPolicy } from './host-key.ts';
import { hostKeyPolicy, readHostKeyInputs, type HostKeyInputs } from './host-key-inputs.ts';
import { parseProxyCommand } from './proxy-command-line.ts';
import {
  readCredential,
  readJumpCredentials,
  readTransport,
  type SshCredential,
  type TransportChoice,
} from './ssh-credential.ts';

/** A server to deploy to, validated, with all that is needed to connect and nothing dialed. */
export interface SshTarget {
  readonly kind: 'ssh';
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly credential: SshCredential;
  readonly hostKeys: HostKeyPolicy;
  /** A command on the runner whose stdio is the connection; host, port and user are filled in. */
  readonly proxyCommand?: readonly string[];
  /** Of the whole way; a jump host's own is not read. */
  readonly transport: TransportChoice;
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
  const transport = readTransport(inputs);
  const credential = readCredential(inputs, transport);
  const hostKeys = readHostKeyInputs(inputs);
  const target = {
    kind: 'ssh',
    host: address,
    port,
    user,
    credential,
    transport,
    hostKeys: hostKeyPolicy(hostKeys, address, port),
  } as const;
  const proxy = inputs.optional('proxy-command', { env: 'DEPLOY_PROXY_COMMAND' });
  const jump = readJumpHosts(inputs, hostKeys, target);
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
 * target that is nearest to the server. Every hop is checked against `known-hosts`.
 */
function readJumpHosts(inputs: InputReader, hostKeys: HostKeyInputs, last: SshTarget): SshTarget | undefined {
  const text = inputs.optional('jump-host', { env: 'DEPLOY_JUMP_HOST' });
  const hops = text?.split(',').map((hop) => parseHop(hop.trim(), last.user)) ?? [];
  const credentials = readJumpCredentials(inputs, hops.length, last.credential);
  return hops.reduce<SshTarget | undefined>((previous, hop, index) => {
    const target = {
      kind: 'ssh',
      ...hop,
      transport: last.transport,
      credential: credentials[index] ?? last.credential,
      // A fingerprint is the last host's: no other may have that key.
      hostKeys: hostKeyPolicy({ ...hostKeys, fingerprints: [] }, hop.host, hop.port),
    } as const;
    return previous === undefined ? target : { ...target, jump: previous };
  }, undefined);
}

function parseHop(hop: string, defaultUser: string): Pick<SshTarget, 'host' | 'port' | 'user'> {
  const match = /^(?:([^@]+)@)?(\[[^\]]+\]|[^:@]+)(?::(\d{1,5}))?$/.exec(hop);
  const [, user = defaultUser, host, portText = '22'] = match ?? [];
  const port = Number(portText);
  if (host === undefined || port < 1 || port > 65_535)
    throw badInput('jump-host', hop, 'user@host:port (user and port may be left out)');
  return { host: parseHostAddress(host, 'jump-host'), port, user: parseUser(user, 'jump-host') };
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
