import { createHash, hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Dirent,
  type Stats,
} from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { basename, join } from 'node:path';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { foldersOf, type ManifestEntry, type ManifestFile } from '@deploy-actions/kit/state/manifest';
import { readThrough, Shelf, smallBytes, type Place } from './file-content.ts';
import { makeRules, type PathRules, type RuleLines } from './path-rules.ts';
import type { ContentGuard } from './source-key.ts';
import { refuseLink, refuseName } from './source-name.ts';
import type { SourcePlace } from './source-place.ts';
import { SyncError } from './sync-error.ts';

/** The set as it is on the runner. */
export interface Scan {
  /** Sorted by path. */
  readonly entries: readonly ManifestEntry[];
  /** Path of a file → where it is on the runner. */
  readonly places: ReadonlyMap<string, Place>;
  /** Paths of the source that are left out because they are protected; without `.git`. */
  readonly leftOut: readonly string[];
  /** Whether the rules of a source keep a path out of the set: what is there on the server is none of ours. */
  readonly isLeftOut: (path: string) => boolean;
  /** Compose files at the top of a source that its rules leave out: mostly by mistake. */
  readonly composeLeftOut: readonly string[];
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
  readonly composeLeftOut: string[];
}

/** Where Compose looks when it is told nothing. */
const composeName = /^(docker-)?compose\.ya?ml$/;

/** After so many files the connection, which is being made meanwhile, gets its turn. */
const turn = 64;
/** A set up to this size is read once and kept until it is sent. */
export const keptBytes = 32 * 1024 * 1024;

export interface ScanListeners {
  /** Files hashed so far. */
  readonly onProgress: (done: number) => void;
  /** Is shown each small file while it is in memory. */
  readonly guard: ContentGuard;
}

/**
 * Lists and hashes what is to be synced.
 * @throws SyncError SOURCE_REFUSED naming the path, SOURCE_EMPTY; ConfigurationError when two sources bring the same path;
 * what the guard throws
 */
export async function scanSources(
  sources: readonly SourcePlace[],
  lines: Omit<RuleLines, 'ignoreFile'>,
  { onProgress, guard }: ScanListeners,
): Promise<Scan> {
  const walks: Walk[] = [];
  for (const source of sources) walks.push(await walkSource(source, lines));
  const files = walks.flatMap((walk) => walk.files);
  const hashed: ManifestFile[] = [];
  const places = new Map<string, Place>();
  const shelf = new Shelf(keptBytes);
  for (const found of files) {
    const { file, place, content } = await hashFile(found, shelf);
    if (content !== undefined) guard(found.path, content);
    hashed.push(file);
    places.set(file.path, place);
    if (hashed.length % turn !== 0) continue;
    onProgress(hashed.length);
    await setImmediate();
  }
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
    places,
    leftOut: walks.flatMap((walk) => walk.leftOut).sort(),
    composeLeftOut: walks.flatMap((walk) => walk.composeLeftOut),
    isLeftOut: (path) => walks.some(({ rules }) => rules.judge(path, false) === 'excluded'),
    bytes: hashed.reduce((sum, file) => sum + file.size, 0),
  };
}

async function walkSource(source: SourcePlace, lines: Omit<RuleLines, 'ignoreFile'>): Promise<Walk> {
  const ignoreFile = source.isFolder ? readIgnoreFile(source.path) : '';
  const walk: Walk = {
    rules: makeRules({ ...lines, ignoreFile }),
    files: [],
    links: [],
    leftOut: [],
    composeLeftOut: [],
  };
  if (source.isFolder) await walkFolder(walk, source.path, '');
  else await visit(walk, lstatSync(source.path), source.path, basename(source.path));
  return walk;
}

function readIgnoreFile(folder: string): string {
  const place = join(folder, '.deployignore');
  return lstatSync(place, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(place, 'utf8') : '';
}

async function walkFolder(walk: Walk, place: string, prefix: string): Promise<void> {
  await setImmediate();
  for (const found of readdirSync(place, { withFileTypes: true }).sort(byName)) {
    const visited = visit(walk, found, `${place}/${found.name}`, `${prefix}${found.name}`);
    if (visited !== undefined) await visited;
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function visit(walk: Walk, found: Dirent | Stats, place: string, path: string): Promise<void> | undefined {
  const verdict = walk.rules.judge(path, found.isDirectory());
  if (verdict === 'protected' && basename(path) !== '.git') walk.leftOut.push(path);
  if (verdict === 'excluded' && composeName.test(path)) walk.composeLeftOut.push(path);
  if (verdict !== 'synced') return undefined;
  const name = refuseName(basename(path));
  if (name !== undefined) throw refused(path, name);
  if (found.isDirectory()) return walkFolder(walk, place, `${path}/`);
  if (found.isSymbolicLink()) {
    const link = readlinkSync(place);
    const reason = refuseLink(path, link);
    if (reason !== undefined) throw refused(path, reason);
    walk.links.push({ path, link });
  } else if (found.isFile()) walk.files.push({ path, place });
  else throw refused(path, 'it is a device, socket or pipe');
  return undefined;
}

function refused(path: string, reason: string): SyncError {
  return new SyncError({
    code: 'SOURCE_REFUSED',
    message: `${JSON.stringify(path)} in the source cannot be synced: ${reason}. Nothing was changed.`,
    hint: 'Change it in the repository, or leave it out with `exclude`.',
  });
}

interface Hashed {
  readonly file: ManifestFile;
  readonly place: Place;
  /** Of a small one, until the next one is read. */
  readonly content: Buffer | undefined;
}

async function hashFile({ path, place }: Found, shelf: Shelf): Promise<Hashed> {
  try {
    const { stat, content, isKept } = readSmall(place, shelf);
    // Git keeps one bit of the mode, and artifacts and umasks blur the others.
    const mode = (stat.mode & 0o100) !== 0 ? '0755' : '0644';
    const where: Place = { file: place, mtimeMs: stat.mtimeMs };
    if (content !== undefined) {
      const file: ManifestFile = { path, mode, sha256: hash('sha256', content), size: content.length };
      return { file, place: isKept ? { ...where, content } : where, content };
    }
    const digest = createHash('sha256');
    let size = 0;
    await readThrough(place, { from: 0, to: Infinity }, (chunk) => {
      digest.update(chunk);
      size += chunk.length;
    });
    return { file: { path, mode, sha256: digest.digest('hex'), size }, place: where, content };
  } catch (cause) {
    throw new SyncError({
      code: 'SOURCE_REFUSED',
      message: `${JSON.stringify(path)} in the source could not be read. Nothing was changed.`,
      hint: 'Check its permissions on the runner, and that no earlier step still writes it.',
      cause,
    });
  }
}

interface Read {
  readonly stat: Stats;
  /** Undefined for a file that is not small. Where it is not kept, only until the next one is read. */
  readonly content: Buffer | undefined;
  readonly isKept: boolean;
}

/** As few calls as can be: there are thousands of files. No link is followed that came after the folder was listed. */
function readSmall(place: string, shelf: Shelf): Read {
  const open = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(open);
    if (stat.size > smallBytes) return { stat, content: undefined, isKept: false };
    const { buffer, isKept } = shelf.take(stat.size);
    let size = 0;
    while (size < buffer.length) {
      const count = readSync(open, buffer, size, buffer.length - size, null);
      if (count === 0) break;
      size += count;
    }
    return { stat, content: buffer.subarray(0, size), isKept };
  } finally {
    closeSync(open);
  }
}

function refuseCollisions(entries: readonly ManifestEntry[]): void {
  const folders = foldersOf(entries.map(({ path }) => path));
  const paths = new Set<string>();
  for (const { path } of entries) {
    if (paths.has(path) || folders.has(path))
      throw new ConfigurationError(
        `input \`source\`: two of its lines bring ${JSON.stringify(path)}.`,
        'Each path may come from one source only; leave it out of one of them with `exclude`.',
      );
    paths.add(path);
  }
}
