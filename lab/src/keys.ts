import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { LabPaths } from './paths.ts';

export interface KeyPair {
  readonly privateKeyFile: string;
  /** One line: type, base64, comment. */
  readonly publicKey: string;
}

/** An ed25519 key pair without a passphrase, made with the tree's ssh-keygen at the first call. */
export async function ensureKeyPair(paths: LabPaths, tree: string, name: string): Promise<KeyPair> {
  const privateKeyFile = join(paths.keys, name);
  mkdirSync(paths.keys, { recursive: true, mode: 0o700 });
  if (!existsSync(`${privateKeyFile}.pub`)) {
    // The tree's program on the machine's libraries may not start, and in the tree it does not see our folder: it writes into its own /tmp.
    await generate(tree, privateKeyFile, name);
  }
  return { privateKeyFile, publicKey: readFileSync(`${privateKeyFile}.pub`, 'utf8').trim() };
}

/** `SHA256:…` as ssh prints it, of a public key line. */
export function fingerprintOf(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

async function generate(tree: string, target: string, comment: string): Promise<void> {
  const inTree = ['unshare', '--mount', 'sh', '-c', GENERATE, 'keygen', tree, target, `${comment}@lab`];
  await runCommand(inTree);
}

/** Mounts stay in a mount namespace that ends with the shell. Arguments: tree, target, comment. */
const GENERATE = `set -eu
mount --make-rprivate /
mount --bind "$(dirname "$2")" "$1/mnt"
mount --bind /dev "$1/dev"
rm -f "$2" "$2.pub"
exec chroot "$1" /usr/bin/ssh-keygen -q -t ed25519 -N '' -C "$3" -f "/mnt/$(basename "$2")"`;
