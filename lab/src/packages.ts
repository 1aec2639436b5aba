import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { tryDownload } from './download.ts';
import { LabError } from './error.ts';
import type { Log } from './log.ts';

/**
 * The distribution's packages without installing any: apt keeps its lists and downloads in the lab's folder and checks
 * every signature and hash as always; dpkg-deb unpacks into a tree of ours. The machine's own package state is not touched.
 */
export interface PackageSource {
  readonly folder: string;
  /** Extra apt options, for instance another sources file. */
  readonly options: readonly string[];
  readonly log: Log;
}

export interface PackageVersion {
  readonly name: string;
  readonly version: string;
}

/** Half a day: a mirror drops replaced packages, so older lists give 404. */
const LISTS_AGE_MS = 12 * 3600 * 1000;

export function openPackageSource(folder: string, log: Log, options: readonly string[] = []): PackageSource {
  for (const name of ['lists/partial', 'debs/partial']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  return { folder, options, log };
}

/** Fetches the package lists where they are missing or old. */
async function refreshLists(source: PackageSource, force: boolean): Promise<void> {
  const stamp = join(source.folder, 'stamp');
  if (!force && existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < LISTS_AGE_MS) return;
  source.log('fetching package lists (apt-get update, into the lab folder)');
  await updateLists(source);
  writeFileSync(stamp, '');
}

/** Takes packages by fresh lists; where that fails, again by new ones: a mirror may have replaced them meanwhile. */
export async function fetchByLists<T>(what: string, source: PackageSource, take: () => Promise<T>): Promise<T> {
  let isAgain = false;
  return tryDownload(what, source.log, async () => {
    await refreshLists(source, isAgain);
    isAgain = true;
    return take();
  });
}

async function updateLists(source: PackageSource): Promise<void> {
  const result = await runCommand(['apt-get', 'update', '-q', ...aptOptions(source)], { allowFailure: true });
  const hasLists = readdirSync(join(source.folder, 'lists')).some(
    (name) => name.endsWith('_Packages') || name.includes('_Packages.'),
  );
  if (!hasLists) {
    throw new LabError(`apt-get update got no package lists:\n  ${result.stderr.trim()}`, {
      hint: 'The first start needs a Debian or Ubuntu mirror; check the network and the proxy settings of apt.',
    });
  }
}

/** Those of the given names that the distribution has. */
export async function selectAvailable(source: PackageSource, names: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await runCommand(['apt-cache', ...aptOptions(source), 'policy', ...names]);
  return names.filter((name) =>
    new RegExp(`^${name.replaceAll(/[.+]/g, '\\$&')}:\\n {2}Installed: .*\\n {2}Candidate: (?!\\(none\\))`, 'm').test(
      stdout,
    ),
  );
}

/** All packages that the given ones need, from an empty system, without Recommends. */
export async function resolveClosure(
  source: PackageSource,
  names: readonly string[],
): Promise<readonly PackageVersion[]> {
  const { stdout } = await runCommand(['apt-get', 'install', '-s', '-q', ...aptOptions(source), ...names]);
  return parseSimulation(stdout);
}

/** Reads the `Inst name (version …)` lines of `apt-get install -s`. */
export function parseSimulation(text: string): readonly PackageVersion[] {
  return text.split('\n').flatMap((line) => {
    const match = /^Inst (\S+) \((\S+) /.exec(line);
    return match?.[1] === undefined || match[2] === undefined ? [] : [{ name: match[1], version: match[2] }];
  });
}

/** Downloads (or finds) the .deb files of exactly these versions. */
export async function downloadPackages(
  source: PackageSource,
  packages: readonly PackageVersion[],
): Promise<readonly string[]> {
  const folder = join(source.folder, 'debs');
  const isThere = (wanted: PackageVersion): boolean => findDeb(folder, wanted) !== undefined;
  const missing = packages.filter((wanted) => !isThere(wanted));
  if (missing.length > 0) {
    source.log(`downloading ${String(missing.length)} packages`);
    const argv = [
      'apt-get',
      'download',
      '-q',
      ...aptOptions(source),
      ...missing.map(({ name, version }) => `${name}=${version}`),
    ];
    await runCommand(argv, { cwd: folder });
  }
  return packages.map((wanted) => {
    const file = findDeb(folder, wanted);
    if (file === undefined)
      throw new LabError(`apt-get download did not leave ${wanted.name} ${wanted.version} in ${folder}`);
    return file;
  });
}

/** Unpacks packages into a tree whose /bin, /lib and /sbin are links into /usr. No maintainer script runs. */
export async function unpackPackages(files: readonly string[], tree: string): Promise<void> {
  mkdirSync(tree, { recursive: true });
  for (const name of ['bin', 'lib', 'sbin', 'lib64']) {
    mkdirSync(join(tree, 'usr', name), { recursive: true });
    if (!existsSync(join(tree, name))) await runCommand(['ln', '-s', `usr/${name}`, join(tree, name)]);
  }
  for (const file of files) {
    const archive = `${tree}.tar`;
    await runCommand(['sh', '-c', 'dpkg-deb --fsys-tarfile "$1" > "$2"', 'unpack', file, archive]);
    await runCommand(['tar', '-C', tree, '--keep-directory-symlink', '-xf', archive]);
    rmSync(archive);
  }
}

function findDeb(folder: string, wanted: PackageVersion): string | undefined {
  const prefix = `${wanted.name}_${wanted.version.replaceAll(':', '%3a')}_`;
  const name = readdirSync(folder).find((file) => file.startsWith(prefix) && file.endsWith('.deb'));
  return name === undefined ? undefined : join(folder, name);
}

function aptOptions({ folder, options }: PackageSource): readonly string[] {
  const settings = [
    `Dir::State::lists=${folder}/lists`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}`,
    `Dir::Cache::archives=${folder}/debs`,
    'APT::Sandbox::User=root',
    'APT::Install-Recommends=false',
    'Acquire::Languages=none',
    'Acquire::Retries=3',
  ];
  return [...settings, ...options].flatMap((setting) => ['-o', setting]);
}
