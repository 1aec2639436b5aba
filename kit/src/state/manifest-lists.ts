import { indexLine } from './manifest-index.ts';
import { foldersOf, isFile, type ManifestEntry, type ManifestFile } from './manifest.ts';

/** What travels of a set, and how. */
export interface SetParts {
  /** Files of the stream, in its order; each batch is verified by itself, while the next one is unpacked. */
  readonly batches: readonly (readonly ManifestFile[])[];
  /** Files that are linked on the server from what is live. */
  readonly keep: readonly ManifestFile[];
}

/** One of the texts beside a manifest: a name in the folder of its set, and the lines. */
export interface SetList {
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * The lists that the scripts of staged-tree-scripts.ts work with, one entry a line. They follow from the manifest; made here
 * they cost a few milliseconds, and there a pass of awk and several other programs. Pure.
 *
 * - `every`: all paths; `folders`: all above them; `index`: see manifest-index.ts;
 * - `paths`, `hashes`: of all files; `keep`: see {@link SetParts};
 * - `sums.1`, `sums.2` …: of each batch, as `sha256sum -c` reads it and `openssl dgst -r` prints it.
 */
export function listSet(entries: readonly ManifestEntry[], { batches, keep }: SetParts): readonly SetList[] {
  const files = entries.filter(isFile);
  return [
    { name: 'every', lines: entries.map(relative) },
    { name: 'folders', lines: ['.', ...[...foldersOf(entries.map(({ path }) => path))].map((path) => `./${path}`)] },
    { name: 'index', lines: entries.map(indexLine) },
    { name: 'paths', lines: files.map(relative) },
    { name: 'hashes', lines: files.map(({ sha256 }) => sha256) },
    { name: 'keep', lines: keep.map(relative) },
    ...batches.map((batch, at) => ({
      name: `sums.${at + 1}`,
      lines: batch.map(({ sha256, path }) => `${sha256} *./${path}`),
    })),
  ];
}

function relative({ path }: { readonly path: string }): string {
  return `./${path}`;
}

/** From how many bytes on a set is verified in more than one batch. */
const leastBytes = 2 * 1024 * 1024;
/** Opening and making a small file costs as much as so many bytes. */
const fileBytes = 16 * 1024;
const mostBatches = 3;

/** Cuts what a stream brings into batches of about the same work; one where it is little. Pure. */
export function cutBatches(files: readonly ManifestFile[]): readonly (readonly ManifestFile[])[] {
  const whole = files.reduce((sum, { size }) => sum + size + fileBytes, 0);
  if (whole < leastBytes) return [files];
  const batches: ManifestFile[][] = [];
  let done = 0;
  for (const file of files) {
    const at = Math.min(mostBatches - 1, Math.floor((done / whole) * mostBatches));
    const batch = (batches[at] ??= []);
    batch.push(file);
    done += file.size + fileBytes;
  }
  return batches.filter((batch) => batch.length > 0);
}
