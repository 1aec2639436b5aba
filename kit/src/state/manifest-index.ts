import { hash } from 'node:crypto';
import { isFile, isLink, isPathOfSet, type ManifestEntry, type ManifestLink } from './manifest.ts';
import { sortFiles, type DeleteRule, type Transfer } from './manifest-diff.ts';

/**
 * What two sides compare instead of a whole manifest: one line for each entry, in 256 buckets by the line's first two
 * characters, and one digest for each bucket. The server keeps the digests of the live set as it got them, and makes the
 * lines from its manifest (list_files of staged-tree-scripts.ts).
 */
export interface ManifestIndex {
  /** `<16 hex of its SHA-256> <mode> <path>`; `00link <JSON>` for a link. */
  readonly lines: readonly string[];
  /** `<bucket> <digest of its lines>`: always 256. */
  readonly buckets: readonly string[];
}

/** 64 bits: where they are the same by accident, the hashes that the server verifies are not. */
const digits = 16;

/** The index of a set; `entries` sorted by path. Pure. */
export function indexManifest(entries: readonly ManifestEntry[]): ManifestIndex {
  const lines = entries.map(indexLine);
  const byBucket = new Map<string, string[]>(
    Array.from({ length: 256 }, (_, at) => [at.toString(16).padStart(2, '0'), []]),
  );
  for (const line of lines) byBucket.get(line.slice(0, 2))?.push(line);
  const digest = (bucket: readonly string[]): string => hash('sha256', bucket.join('\n')).slice(0, digits);
  return { lines, buckets: [...byBucket].map(([bucket, own]) => `${bucket} ${digest(own)}`) };
}

/** The line of one entry; see {@link ManifestIndex}. */
export function indexLine(entry: ManifestEntry): string {
  if (isLink(entry)) return `00link ${JSON.stringify(entry)}`;
  return `${entry.sha256.slice(0, digits)} ${entry.mode} ${entry.path}`;
}

/** Where the live set differs from the one in hand, as the server said. */
export interface IndexDifference {
  readonly buckets: readonly string[];
  /** The live set's lines in them. */
  readonly lines: readonly string[];
}

/**
 * What a sync has to do, from the lines of those buckets of the live set that differ from this one's. Undefined where
 * that does not tell: a path that the live set lacks may be anything on the server, and one that leads elsewhere no sync has
 * written there. Pure.
 */
export function diffIndex(
  local: readonly ManifestEntry[],
  difference: IndexDifference,
  rule: DeleteRule,
): Transfer | undefined {
  const differing = new Set(difference.buckets);
  const live = new Map(difference.lines.map((line) => [pathOf(line), line]));
  if (![...live.keys()].every(isPathOfSet)) return undefined;
  const changed: ManifestEntry[] = [];
  for (const entry of local) {
    const line = indexLine(entry);
    if (!differing.has(line.slice(0, 2))) continue;
    const found = live.get(entry.path);
    if (found === undefined) return undefined;
    if (found !== line) changed.push(entry);
  }
  const paths = new Set(local.map(({ path }) => path));
  const gone = [...live.keys()].filter((path) => !paths.has(path));
  const deleted = rule.delete === 'none' ? [] : gone.filter((path) => !rule.isProtected(path)).sort();
  const isThere = (entry: ManifestEntry): boolean =>
    isFile(entry) && live.get(entry.path)?.startsWith(`${entry.sha256.slice(0, digits)} `) === true;
  return {
    added: [],
    changed: changed.map(({ path }) => path),
    deleted,
    ...sortFiles(local, changed, isThere),
    links: local.filter((entry): entry is ManifestLink => isLink(entry)),
    blocked: [],
    isNeeded: differing.size > 0,
  };
}

function pathOf(line: string): string {
  if (!line.startsWith('00link ')) return line.slice(digits + 6);
  return /^\{"path":("(?:[^"\\]|\\.)*")/.exec(line.slice(7))?.[1]?.slice(1, -1).replaceAll('\\"', '"') ?? '';
}
