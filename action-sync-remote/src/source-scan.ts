import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { ancestorsOf, type ManifestEntry, type ManifestFile } from '@deploy-actions/kit/state/manifest';
import { readContent } from './file-content.ts';
import { makeRules, type PathRules, type RuleLines } from './path-rules.ts';
import { refuseLink, refuseName } from './source-name.ts';
import type { SourcePlace } from './source-place.ts';
import { SyncError } from './sync-error.ts';

/** The set as it is on the runner. */
export interface Scan {
  /** Sorted by path. */
  readonly entries: readonly ManifestEntry[];
  /** Path of a file → where it is on the runner. */
  readonly places: ReadonlyMap<string, string>;
  /** Paths of the source that are left out because they are protected; without `.git`. */
  readonly leftOut: readonly string[];
  readonly bytes: number;
}

/** A file of the source before its content was read. */
interface Found {
  readonly path: string;
  readonly place: string;
}

interface Walk {
  readonly rules: PathRules;
  readonly files: Found[];
  readonly links: { readonly path: string; readonly link: string }[];
  readonly leftOut: string[];
}

/** Files hashed side by side: more only makes a disk seek. */
const lanes = 8;

/**
 * Lists and hashes what is to be synced.
 * @param onProgress files hashed so far, of how many
 * @throws SyncError SOURCE_REFUSED naming the path, SOURCE_EMPTY; ConfigurationError when two sources bring the same path
 */
export async function scanSources(
  sources: readonly SourcePlace[],
  lines: Omit<RuleLines, 'ignoreFile'>,
  onProgress: (done: number, total: number) => void,
): Promise<Scan> {
  const walks = await Promise.all(sources.map((source) => walkSource(source, lines)));
  const files = walks.flatMap((walk) => walk.files);
  const hashed: ManifestFile[] = [];
  const queue = files.values();
  const work = async (): Promise<void> => {
    for (const file of queue) {
      hashed.push(await hashFile(file));
      onProgress(hashed.length, files.length);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  const entries = [...hashed, ...walks.flatMap((walk) => walk.links)].sort((a, b) => (a.path < b.path ? -1 : 1));
  refuseCollisions(entries);
  if (entries.length === 0)
    throw new SyncError({
      code: 'SOURCE_EMPTY',
      message:
        'the source has no file to sync; what an earlier sync put on the server would be deleted. Nothing was changed.',
      hint: 'Check `source`, `include`, `exclude` and `.deployignore`.',
    });
  return {
    entries,
    places: new Map(files.map((file) => [file.path, file.place])),
    leftOut: walks.flatMap((walk) => walk.leftOut).sort(),
    bytes: hashed.reduce((sum, file) => sum + file.size, 0),
  };
}

async function walkSource(source: SourcePlace, lines: Omit<RuleLines, 'ignoreFile'>): Promise<Walk> {
  const ignoreFile = source.isFolder ? await readFile(join(source.path, '.deployignore'), 'utf8').catch(() => '') : '';
  const walk: Walk = { rules: makeRules({ ...lines, ignoreFile }), files: [], links: [], leftOut: [] };
  if (source.isFolder) await walkFolder(walk, source.path, '');
  else await visit(walk, source.path, basename(source.path));
  return walk;
}

async function walkFolder(walk: Walk, place: string, prefix: string): Promise<void> {
  for (const name of (await readdir(place)).sort()) await visit(walk, join(place, name), `${prefix}${name}`);
}

async function visit(walk: Walk, place: string, path: string): Promise<void> {
  const found = await lstat(place);
  const verdict = walk.rules.judge(path, found.isDirectory());
  if (verdict === 'protected' && basename(path) !== '.git') walk.leftOut.push(path);
  if (verdict !== 'synced') return;
  const name = refuseName(basename(path));
  if (name !== undefined) throw refused(path, name);
  if (found.isDirectory()) return walkFolder(walk, place, `${path}/`);
  if (found.isSymbolicLink()) {
    const link = await readlink(place);
    const reason = refuseLink(path, link);
    if (reason !== undefined) throw refused(path, reason);
    walk.links.push({ path, link });
  } else if (found.isFile()) walk.files.push({ path, place });
  else throw refused(path, 'it is a device, socket or pipe');
}

function refused(path: string, reason: string): SyncError {
  return new SyncError({
    code: 'SOURCE_REFUSED',
    message: `${JSON.stringify(path)} in the source cannot be synced: ${reason}. Nothing was changed.`,
    hint: 'Change it in the repository, or leave it out with `exclude`.',
  });
}

async function hashFile({ path, place }: Found): Promise<ManifestFile> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    // Git keeps one bit of the mode, and artifacts and umasks blur the others.
    const isExecutable = ((await lstat(place)).mode & 0o100) !== 0;
    for await (const chunk of readContent(place)) {
      hash.update(chunk);
      size += chunk.length;
    }
    return { path, mode: isExecutable ? '0755' : '0644', sha256: hash.digest('hex'), size };
  } catch (cause) {
    throw new SyncError({
      code: 'SOURCE_REFUSED',
      message: `${JSON.stringify(path)} in the source could not be read. Nothing was changed.`,
      hint: 'Check its permissions on the runner, and that no earlier step still writes it.',
      cause,
    });
  }
}

function refuseCollisions(entries: readonly ManifestEntry[]): void {
  const paths = new Set<string>();
  for (const { path } of entries) {
    const twice = [path, ...ancestorsOf(path)].find((part) => paths.has(part));
    if (twice !== undefined)
      throw new ConfigurationError(
        `input \`source\`: two of its lines bring ${JSON.stringify(twice)}.`,
        'Each path may come from one source only; leave it out of one of them with `exclude`.',
      );
    paths.add(path);
  }
}
