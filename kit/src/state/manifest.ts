import { hasControlCharacter } from './deploy-path.ts';
import { StagedTreeError } from './staged-tree-error.ts';

export type FileMode = '0644' | '0755';

/** A regular file of a set; `path` is relative to deploy-path, without `./`. */
export interface ManifestFile {
  readonly path: string;
  readonly mode: FileMode;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** A symbolic link of a set; `link` is its target as written, always inside the set's folder. */
export interface ManifestLink {
  readonly path: string;
  readonly link: string;
}

export type ManifestEntry = ManifestFile | ManifestLink;

/** One set of synced files: `.deploy/manifest.json` (what is live) and `.deploy/staged/<release-id>/manifest.json`. */
export interface Manifest {
  readonly format: 1;
  readonly releaseId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Full commit, or `local` for a set that was not made from one. */
  readonly commit: string;
  readonly runUrl: string;
  readonly files: readonly ManifestEntry[];
  /** Paths that an earlier sync put there and that this set no longer has. */
  readonly deleted: readonly string[];
}

/** A manifest without its lists. */
export type ManifestHeader = Omit<Manifest, 'files' | 'deleted'>;

export function isLink(entry: ManifestEntry): entry is ManifestLink {
  return 'link' in entry;
}

export function isFile(entry: ManifestEntry): entry is ManifestFile {
  return !('link' in entry);
}

/**
 * `<UTC yyyymmddThhmmssmmmZ>-<commit, 12 hex, or local>-<4 hex>`: sorts by time, names the commit, unique.
 * @param random 4 hex digits
 */
export function formatReleaseId(date: Date, commit: string, random: string): string {
  // Milliseconds too: the newest staged set is the one that sorts last.
  const time = date.toISOString().replaceAll(/[-:.]/g, '');
  const short = /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit) ? commit.slice(0, 12) : 'local';
  return `${time}-${short}-${random}`;
}

/**
 * Paths that nothing of ours ever writes, deletes or reads: env files, Git's and our own state. At any depth, because
 * projects keep `.envs/production/` and nested `.env` files too.
 */
export function isAlwaysProtected(path: string): boolean {
  const parts = path.split('/');
  return parts[0] === '.deploy' || parts.some((part) => part.startsWith('.env') || part === '.git');
}

/** Every folder above a path, outermost first: `a/b/c` → `a`, `a/b`. */
export function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Every folder above any of these paths, each once. */
export function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    // Where one is known already, those above it are too: most files share their folders with others.
    for (let folder = parentOf(path); folder !== '' && !folders.has(folder); folder = parentOf(folder))
      folders.add(folder);
  }
  return folders;
}

/** The folder that holds a path; empty: deploy-path itself. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/**
 * The text of a manifest: JSON with the header alone on the first line, one entry a line after it, so that a header
 * is read without the rest and two manifests can be compared by eye.
 */
export function formatManifest(manifest: Manifest): string {
  const { files, deleted, ...header } = manifest;
  const list = (items: readonly unknown[]): string => items.map((item) => `\n${JSON.stringify(item)}`).join(',');
  return `${JSON.stringify(header).slice(0, -1)},\n"files":[${list(files)}],\n"deleted":[${list(deleted)}]}\n`;
}

/**
 * Parses what {@link formatManifest} wrote.
 * @param where how messages call the file
 * @throws StagedTreeError MANIFEST_UNREADABLE
 */
export function parseManifest(text: string, where: string): Manifest {
  const value = parseObject(text, where);
  const files = Array.isArray(value['files']) ? value['files'].map(parseEntry) : [undefined];
  const deleted = Array.isArray(value['deleted']) ? value['deleted'].map(parsePath) : [undefined];
  if (!files.every(isDefined) || !deleted.every(isDefined)) throw unreadable(where);
  return { ...parseHeaderFields(value, where), files, deleted };
}

/** Parses the first line alone. @throws StagedTreeError MANIFEST_UNREADABLE */
export function parseManifestHeader(firstLine: string, where: string): ManifestHeader {
  return parseHeaderFields(parseObject(firstLine.trimEnd().replace(/,$/, '}'), where), where);
}

type Json = Readonly<Record<string, unknown>>;

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function parseObject(text: string, where: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // Reported below, like a value of the wrong shape.
  }
  throw unreadable(where);
}

function parseHeaderFields(value: Json, where: string): ManifestHeader {
  const { format, releaseId, createdAt, commit, runUrl } = value;
  const isId = typeof releaseId === 'string' && /^\d{8}T\d{9}Z-[0-9a-z]+-[0-9a-f]+$/.test(releaseId);
  if (format !== 1 || !isId || typeof createdAt !== 'string' || typeof commit !== 'string') throw unreadable(where);
  return { format: 1, releaseId, createdAt, commit, runUrl: typeof runUrl === 'string' ? runUrl : '' };
}

function parseEntry(value: unknown): ManifestEntry | undefined {
  const entry = typeof value === 'object' && value !== null ? (value as Json) : {};
  const path = parsePath(entry['path']);
  const { link, mode, sha256, size } = entry;
  if (path === undefined) return undefined;
  if (typeof link === 'string') return hasControlCharacter(link) ? undefined : { path, link };
  const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  if (!isHash || typeof size !== 'number' || (mode !== '0644' && mode !== '0755')) return undefined;
  return { path, mode, sha256, size };
}

function parsePath(value: unknown): string | undefined {
  return typeof value === 'string' && isPathOfSet(value) ? value : undefined;
}

/** Whether a path can be one of a set: a file on the server is never trusted with one that leads elsewhere. */
export function isPathOfSet(path: string): boolean {
  if (path.includes('\\') || hasControlCharacter(path) || isAlwaysProtected(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function unreadable(where: string): StagedTreeError {
  return new StagedTreeError({
    code: 'MANIFEST_UNREADABLE',
    message: `${where} on the server is not a manifest of these actions.`,
    hint: 'If it was edited by hand, remove it; the next sync then takes no file for one it put there.',
  });
}
