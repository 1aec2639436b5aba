import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createHash } from 'node:crypto';
import { runProgram } from './process.ts';
import {
  findForeignLicenses,
  listPackageFolders,
  readPackage,
  renderLicenses,
  type BundledPackage,
} from './release/bundled-packages.ts';

/** One file of a bundle: its path inside dist/, its size and its hash. */
export interface BundledFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What an action's package.json may say under `bundle`: programs of its own that it starts as worker threads. */
interface WorkerBundle {
  /** Its entry, below the action's folder. */
  readonly entry: string;
  /** Files of packages that it reads at run time, copied beside it: `package/path`. */
  readonly assets: readonly string[];
}

/**
 * Bundles one action into the folder `dist`, wiped first, and each of its workers into a folder of its own there. ncc runs in
 * the action's folder: started elsewhere, its output depends on where (docs/adr/0001). Types are checked by `check:types`,
 * not here.
 * @returns what is now in `dist`, sorted by path
 * @throws Error with ncc's output when it fails, or leaves something native behind or a package whose licence was not agreed to
 */
export async function bundleAction(folder: string, dist: string): Promise<readonly BundledFile[]> {
  rmSync(dist, { recursive: true, force: true });
  const packages = [...(await bundleEntry(folder, 'src/index.ts', dist))];
  const expected: string[] = [];
  for (const [name, { entry, assets }] of Object.entries(readWorkers(folder))) {
    packages.push(...(await bundleEntry(folder, entry, join(dist, name))));
    const require = createRequire(join(folder, 'package.json'));
    for (const asset of assets) {
      // Its mode is the package's whim; a copy of the content is the same everywhere.
      writeFileSync(join(dist, name, basename(asset)), readFileSync(require.resolve(asset)));
      expected.push(join(name, basename(asset)));
    }
  }
  // ssh2's helper for PuTTY's agent on Windows. No action uses an agent; scanners flag binaries.
  rmSync(join(dist, 'pagent.exe'), { force: true });
  const files = listBundle(dist);
  const foreign = files.filter(
    ({ path }) => !/(^|\/)(licenses\.txt|[^/]+\.(js|cjs|mjs|json))$/.test(path) && !expected.includes(path),
  );
  if (foreign.length > 0) {
    throw new Error(
      `${folder}: the bundle holds ${foreign.map(({ path }) => path).join(', ')}: native or unknown parts. Was npm install run with install scripts on?`,
    );
  }
  const refused = findForeignLicenses(packages);
  if (refused.length > 0) throw new Error(`${folder}: what is bundled may not be passed on:\n${refused.join('\n')}`);
  return files;
}

function readWorkers(folder: string): Readonly<Record<string, WorkerBundle>> {
  // Our own file.
  const metadata = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly bundle?: Readonly<Record<string, WorkerBundle>>;
  };
  return metadata.bundle ?? {};
}

/** The programs of an action: its own, and its workers with the folder of each inside dist/. */
export function listEntries(folder: string): readonly { readonly entry: string; readonly path: string }[] {
  const workers = Object.entries(readWorkers(folder)).map(([path, { entry }]) => ({ entry, path }));
  return [{ entry: 'src/index.ts', path: '.' }, ...workers];
}

/**
 * Bundles one program into a folder, and writes licenses.txt beside it: every foreign package of which a file is in it. That of
 * the bundler itself leaves out what is loaded later.
 * @returns those packages
 */
export async function bundleEntry(folder: string, entry: string, dist: string): Promise<readonly BundledPackage[]> {
  // The bundler of the tree that is bundled: helpers of its own go in, and the numbers of modules follow from their paths.
  const ncc = createRequire(join(folder, 'package.json')).resolve('@vercel/ncc/dist/ncc/cli.js');
  const scratch = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    const statistics = join(scratch, 'statistics.json');
    const args = ['build', entry, '-o', dist, '--transpile-only', '--no-cache', '-q', '--stats-out', statistics];
    const hints = new URL('bundle-hints.ts', import.meta.url).href;
    const { code, output } = await runProgram(process.execPath, ['--import', hints, ncc, ...args], { cwd: folder });
    if (code !== 0) throw new Error(`ncc failed in ${folder} on ${entry}:\n${output}`);
    const packages = listPackageFolders(JSON.parse(readFileSync(statistics, 'utf8'))).map(readPackage);
    writeFileSync(join(dist, 'licenses.txt'), renderLicenses(packages));
    return packages;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What is in a dist folder, sorted by path; empty when there is none. */
export function listBundle(dist: string): readonly BundledFile[] {
  let names: string[];
  try {
    names = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => statSync(join(dist, name)).isFile())
    .sort()
    .map((path) => {
      const content = readFileSync(join(dist, path));
      return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    });
}

/** The files that differ between two listings, each with how. */
export function compareBundles(committed: readonly BundledFile[], built: readonly BundledFile[]): readonly string[] {
  const before = new Map(committed.map((file) => [file.path, file.sha256]));
  const after = new Map(built.map((file) => [file.path, file.sha256]));
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    if (!before.has(path)) return [`${path} (not committed)`];
    if (!after.has(path)) return [`${path} (left over)`];
    return before.get(path) === after.get(path) ? [] : [`${path} (differs)`];
  });
}
