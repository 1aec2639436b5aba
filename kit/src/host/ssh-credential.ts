import { ConfigurationError } from '../action/errors.ts';
import { badInput, type InputReader } from '../action/inputs.ts';
import type { Runner } from '../action/runner.ts';
import { maskSecret } from '../action/secrets.ts';
import { readPrivateKey, type PrivateKey } from './private-key.ts';

const transports = ['auto', 'ssh2', 'openssh'] as const;

/**
 * Who speaks SSH: the library in this process, the system's `ssh`, or (`auto`) the first one, and the second one where a
 * server needs it.
 */
export type TransportChoice = (typeof transports)[number];

/** @throws ConfigurationError for another word */
export function readTransport(inputs: InputReader): TransportChoice {
  const given = inputs.optional('transport', { env: 'DEPLOY_TRANSPORT' }) ?? 'auto';
  const choice = transports.find((each) => each === given);
  if (choice === undefined) throw badInput('transport', given, `one of: ${transports.join(', ')}`);
  return choice;
}

/** What a user proves himself with. */
export type SshCredential =
  | { readonly kind: 'key'; readonly key: PrivateKey }
  /** A running agent (`SSH_AUTH_SOCK`); its keys never come here. */
  | { readonly kind: 'agent'; readonly socket: string }
  /** Whatever the runner's ssh_config names (key files, certificates, security keys): with `transport: openssh` only. */
  | { readonly kind: 'system' };

/**
 * The key of `ssh-private-key`; where none is given, the agent of SSH_AUTH_SOCK, or what ssh_config says.
 * @throws ConfigurationError where there is neither; HostError SSH_KEY_INVALID
 */
export function readCredential(inputs: InputReader, transport: TransportChoice): SshCredential {
  const given = inputs.secret('ssh-private-key', { env: 'DEPLOY_SSH_PRIVATE_KEY' });
  const passphrase = inputs.secret('ssh-passphrase', { env: 'DEPLOY_SSH_PASSPHRASE' });
  if (given !== undefined) return { kind: 'key', key: readPrivateKey(given, withoutLineEnd(passphrase)) };
  const socket = inputs.variable('SSH_AUTH_SOCK');
  if (socket !== undefined) return { kind: 'agent', socket };
  if (transport === 'openssh') return { kind: 'system' };
  throw new ConfigurationError(
    'input `ssh-private-key` is required and was empty, and no agent runs (SSH_AUTH_SOCK).',
    'Set `ssh-private-key` (or the environment variable DEPLOY_SSH_PRIVATE_KEY). A secret that does not exist in this repository or environment arrives here as an empty value.',
  );
}

/**
 * The keys for the hosts on the way, one for each: `jump-ssh-private-key` holds one key for all of them or one after
 * another, in the order of `jump-host`; where it is not given, they take the server's.
 * @throws ConfigurationError when the numbers do not fit; HostError SSH_KEY_INVALID
 */
export function readJumpCredentials(
  inputs: InputReader,
  count: number,
  fallback: SshCredential,
): readonly SshCredential[] {
  const given = inputs.secret('jump-ssh-private-key', { env: 'DEPLOY_JUMP_SSH_PRIVATE_KEY' });
  const passphrase = inputs.secret('jump-ssh-passphrase', { env: 'DEPLOY_JUMP_SSH_PASSPHRASE' });
  if (given === undefined) return Array.from({ length: count }, () => fallback);
  const names = { key: 'jump-ssh-private-key', passphrase: 'jump-ssh-passphrase' };
  const [first, ...others] = splitKeys(given).map((text) => readPrivateKey(text, withoutLineEnd(passphrase), names));
  if (first === undefined || count === 0) return [];
  if (others.length > 0 && others.length + 1 !== count) {
    throw new ConfigurationError(
      `input \`jump-ssh-private-key\` holds ${others.length + 1} keys for ${count} jump ${count === 1 ? 'host' : 'hosts'}.`,
      'Give one key for all of them, or one for each in the order of `jump-host`.',
    );
  }
  const keys = others.length === 0 ? Array.from({ length: count }, () => first) : [first, ...others];
  return keys.map((key) => ({ kind: 'key', key }));
}

/** The inputs were masked as they were typed; these are the same keys after repair (base64 decoded, lines unfolded). */
export function maskCredential(runner: Runner, credential: SshCredential): void {
  if (credential.kind === 'key') maskSecret(runner, credential.key.text);
}

/** Key files one after another; text that is none (base64 of a file) is one. */
function splitKeys(text: string): readonly string[] {
  const parts = text.split(/(?<=-----END [A-Z0-9 ]+-----)/).filter((part) => part.trim() !== '');
  return parts.length === 0 ? [text] : parts;
}

function withoutLineEnd(passphrase: string | undefined): string | undefined {
  return passphrase?.replace(/\r?\n$/, '');
}
