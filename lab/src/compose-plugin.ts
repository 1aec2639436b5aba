import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { openDebianSuite } from './debian.ts';
import { LabError } from './error.ts';
import type { Machine } from './machine.ts';
import { downloadPackages, fetchByLists, resolveClosure, selectAvailable, unpackPackages } from './packages.ts';
import type { PackageSource } from './packages.ts';

/** Where Docker's client looks for plugins, below a root or a prefix. */
const PLUGIN_FOLDERS = ['/usr/libexec/docker/cli-plugins', '/usr/lib/docker/cli-plugins'];
const MACHINE_FOLDERS = [
  ...PLUGIN_FOLDERS,
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/local/lib/docker/cli-plugins',
];
const OLDEST: readonly [number, number] = [2, 20];

/**
 * Puts Compose ≥ 2.20 into a tree as Docker's plugin: the machine's own where it is new enough, else the
 * distribution's package, else (Debian 12 has none) the package of Debian trixie, signature-checked by apt.
 */
export async function installCompose(
  source: PackageSource,
  cache: string,
  machine: Machine,
  tree: string,
): Promise<void> {
  const target = join(tree, '/usr/libexec/docker/cli-plugins/docker-compose');
  mkdirSync(join(target, '..'), { recursive: true });
  const found = (await findOnMachine()) ?? (await fetchPlugin(source, cache, machine));
  copyFileSync(found, target);
  chmodSync(target, 0o755);
  source.log(`compose ${(await readVersion(target)) ?? 'of unknown version'}`);
}

async function findOnMachine(): Promise<string | undefined> {
  for (const folder of [...MACHINE_FOLDERS, join(homedir(), '.docker/cli-plugins')]) {
    const file = join(folder, 'docker-compose');
    if (existsSync(file) && isNewEnough(await readVersion(file))) return file;
  }
  return undefined;
}

async function fetchPlugin(source: PackageSource, cache: string, machine: Machine): Promise<string> {
  const name = machine.distribution === 'ubuntu' ? 'docker-compose-v2' : 'docker-compose';
  const own = await fetchFrom(source, cache, name);
  if (own !== undefined) return own;
  if (machine.distribution === 'debian') {
    const trixie = await openDebianSuite(cache, 'trixie', source.log);
    const file = await fetchByLists('fetching Compose', trixie, () => fetchFrom(trixie, cache, name));
    if (file !== undefined) return file;
  }
  throw new LabError(
    `no package gives Compose ${OLDEST.join('.')} or newer on ${machine.distribution} ${machine.codename}.`,
    {
      hint: 'Install the docker compose plugin by hand into /usr/local/lib/docker/cli-plugins and run the command again.',
    },
  );
}

async function fetchFrom(source: PackageSource, cache: string, name: string): Promise<string | undefined> {
  if ((await selectAvailable(source, [name])).length === 0) return undefined;
  const closure = await resolveClosure(source, [name]);
  const wanted = closure.filter((item) => item.name === name && isNewEnough(item.version));
  if (wanted.length === 0) return undefined;
  const tree = join(cache, 'compose');
  rmSync(tree, { recursive: true, force: true });
  await unpackPackages(await downloadPackages(source, wanted), tree);
  const file = PLUGIN_FOLDERS.map((folder) => join(tree, folder, 'docker-compose')).find((path) => existsSync(path));
  return file !== undefined && isNewEnough(await readVersion(file)) ? file : undefined;
}

async function readVersion(file: string): Promise<string | undefined> {
  const { stdout } = await runCommand([file, 'version', '--short'], { allowFailure: true });
  return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
}

function isNewEnough(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '0').split('.').map((part) => Number.parseInt(part, 10));
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
