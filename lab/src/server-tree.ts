import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { installCompose } from './compose-plugin.ts';
import { openDebianSuite } from './debian.ts';
import { writeWhole } from './file.ts';
import type { Machine } from './machine.ts';
import type { PackageSource } from './packages.ts';
import { buildTree, INSTALL_TIME_ONLY } from './tree.ts';

/** Numbers of the server's accounts. */
export const DEPLOY_UID = 1000;
const DOCKER_GID = 990;

/** What a freshly installed Debian server has, and Docker. No curl, no Python, no Node: actions may not need them. */
const BASE = [
  'base-files',
  'bash',
  'dash',
  'coreutils',
  'debianutils',
  'diffutils',
  'findutils',
  'grep',
  'gzip',
  'hostname',
  'mawk',
  // Essential: no Debian or Ubuntu is without it.
  'perl-base',
  'sed',
  'tar',
];
const SYSTEM = [
  'e2fsprogs',
  'util-linux',
  'mount',
  'procps',
  'netbase',
  'libc-bin',
  'ncurses-base',
  'iproute2',
  'openssh-server',
  'openssh-client',
  'rsync',
  // Ubuntu's servers have it, and many of Debian's.
  'zstd',
  // As on every server that Docker's own instructions were followed on: ca-certificates needs it.
  'openssl',
];
const ENGINE = ['docker.io', 'iptables'];
const SERVER_WITHOUT = [/^(dmsetup|git|pigz|xz-utils)$/];

/**
 * What a server's programs are: this machine's distribution's, with a Compose that is new enough; or Debian 13's, or
 * Debian sid's, of everything.
 */
export type Engine = 'default' | 'debian-13' | 'modern';

/** The root folder of servers with this engine, read-only below each server's own changes. */
export async function buildServerTree(
  engine: Engine,
  source: PackageSource,
  cache: string,
  machine: Machine,
): Promise<string> {
  switch (engine) {
    case 'default':
      return buildDefaultTree(source, cache, machine);
    case 'debian-13':
      return buildWholeTree({ name: 'server-debian-13', version: 1, suite: 'trixie' }, source, cache);
    case 'modern':
      return buildWholeTree({ name: 'server-modern', version: 2, suite: 'sid' }, source, cache);
  }
}

function buildDefaultTree(source: PackageSource, cache: string, machine: Machine): Promise<string> {
  return buildTree(source, cache, {
    name: 'server',
    version: 7,
    packages: [...BASE, ...SYSTEM, ...ENGINE],
    // Debian 13 splits the client off.
    optional: ['docker-cli'],
    without: [...INSTALL_TIME_ONLY, ...SERVER_WITHOUT],
    finish: async (tree) => {
      makeFolders(tree);
      writeAccounts(tree);
      makeLinks(tree);
      await installCompose(source, cache, machine, tree);
    },
  });
}

/** All of it from one suite, C library and runc included: only the kernel is the machine's. */
async function buildWholeTree(
  { name, version, suite }: { readonly name: string; readonly version: number; readonly suite: 'trixie' | 'sid' },
  source: PackageSource,
  cache: string,
): Promise<string> {
  return buildTree(await openDebianSuite(cache, suite, source.log), cache, {
    name,
    version,
    packages: [...BASE, ...SYSTEM, ...ENGINE, 'docker-cli', 'docker-compose'],
    without: [...INSTALL_TIME_ONLY, ...SERVER_WITHOUT],
    finish: (tree) => {
      makeFolders(tree);
      writeAccounts(tree);
      makeLinks(tree);
      return Promise.resolve();
    },
  });
}

function makeFolders(tree: string): void {
  const folders = [
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'home',
    'srv',
    'opt',
    'mnt',
    'root',
    'var/lib/docker',
    'var/log',
    'etc/docker',
    'etc/ssh',
  ];
  for (const folder of folders) mkdirSync(join(tree, folder), { recursive: true });
  chmodSync(join(tree, 'root'), 0o700);
  for (const [path, target] of [
    ['var/run', '/run'],
    ['var/lock', '/run/lock'],
  ] as const) {
    rmSync(join(tree, path), { recursive: true, force: true });
    symlinkSync(target, join(tree, path));
  }
}

function writeAccounts(tree: string): void {
  const deploy = String(DEPLOY_UID);
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    `deploy:x:${deploy}:${deploy}:deploy:/home/deploy:/bin/bash`,
  ];
  const group = [
    'root:x:0:',
    'tty:x:5:',
    'shadow:x:42:',
    'nogroup:x:65534:',
    `docker:x:${String(DOCKER_GID)}:deploy`,
    `deploy:x:${deploy}:`,
  ];
  // '*', not '!': sshd without PAM refuses a locked account even with a key.
  const shadow = ['root', 'sshd', 'nobody', 'deploy'].map((name) => `${name}:*:20000:0:99999:7:::`);
  writeWhole(join(tree, 'etc/passwd'), `${passwd.join('\n')}\n`);
  writeWhole(join(tree, 'etc/group'), `${group.join('\n')}\n`);
  writeWhole(join(tree, 'etc/shadow'), `${shadow.join('\n')}\n`, 0o600);
  writeWhole(join(tree, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n');
  writeWhole(join(tree, 'etc/profile'), 'export PATH=/usr/local/bin:/usr/bin:/bin\n');
}

/** What maintainer scripts would have linked. */
function makeLinks(tree: string): void {
  const links = [
    ['usr/bin/sh', 'dash'],
    ['usr/bin/awk', 'mawk'],
    ['usr/bin/which', 'which.debianutils'],
  ] as const;
  for (const [path, target] of links) {
    if (!existsSync(join(tree, path))) symlinkSync(target, join(tree, path));
  }
}
