import { once } from 'node:events';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import {
  ancestorsOf,
  formatManifest,
  isFile,
  type Manifest,
  type ManifestFile,
} from '@deploy-actions/kit/state/manifest';
import type { Transfer } from '@deploy-actions/kit/state/manifest-diff';
import { pack, type Pack } from 'tar-stream';
import { readContent } from './file-content.ts';
import { SyncError } from './sync-error.ts';

/** One staged set as it travels; see receiveScript in the kit for what the server makes of it. */
export interface Archive {
  readonly manifest: Manifest;
  readonly transfer: Transfer;
  /** Path → file on the runner. */
  readonly places: ReadonlyMap<string, string>;
  /** It goes live in this step: the server notes that, so that a later run knows whose it is. */
  readonly isForNow: boolean;
}

/**
 * The tar stream of a set. Folders are entries of their own: without them tar follows a link where a folder should be,
 * and writes outside the tree.
 * @param onBytes content bytes that were read since the last call
 */
export function packArchive(archive: Archive, isGzip: boolean, onBytes: (count: number) => void): Readable {
  const tar = pack();
  fill(tar, archive, onBytes).then(
    () => {
      tar.finalize();
    },
    (thrown: unknown) => tar.destroy(thrown instanceof Error ? thrown : new SyncError(changed('a file', thrown))),
  );
  const stream = Readable.from(tar, { objectMode: false });
  if (!isGzip) return stream;
  const gzip = createGzip({ level: 1 });
  // An error of the source reaches the reader as the error of this stream.
  return pipeline(stream, gzip, () => undefined);
}

async function fill(tar: Pack, archive: Archive, onBytes: (count: number) => void): Promise<void> {
  const { manifest, transfer } = archive;
  const files = manifest.files.filter(isFile);
  const note = (name: string, lines: readonly string[]): void => {
    tar.entry({ name, mode: 0o600 }, lines.map((line) => `${line}\n`).join(''));
  };
  note('keep', transfer.keep.map(relative));
  note('paths', files.map(relative));
  note(
    'hashes',
    files.map((file) => file.sha256),
  );
  note(
    'deleted',
    manifest.deleted.map((path) => `./${path}`),
  );
  if (archive.isForNow) note('now', []);
  tar.entry({ name: 'manifest.json.new', mode: 0o600 }, formatManifest(manifest));
  const folders = [...new Set(manifest.files.flatMap((entry) => ancestorsOf(entry.path)))].sort();
  for (const folder of ['', ...folders]) tar.entry({ name: `tree/${folder}`, type: 'directory', mode: 0o755 });
  for (const { path, link } of transfer.links) tar.entry({ name: `tree/${path}`, type: 'symlink', linkname: link });
  for (const file of transfer.send) await addFile(tar, file, archive.places.get(file.path) ?? '', onBytes);
}

function relative(file: ManifestFile): string {
  return `./${file.path}`;
}

async function addFile(tar: Pack, file: ManifestFile, place: string, onBytes: (count: number) => void): Promise<void> {
  const entry = tar.entry({ name: `tree/${file.path}`, mode: Number.parseInt(file.mode, 8), size: file.size });
  let size = 0;
  try {
    for await (const chunk of readContent(place)) {
      size += chunk.length;
      if (size > file.size) break;
      onBytes(chunk.length);
      if (!entry.write(chunk)) await once(entry, 'drain');
    }
  } catch (cause) {
    throw new SyncError(changed(JSON.stringify(file.path), cause));
  }
  if (size !== file.size) throw new SyncError(changed(JSON.stringify(file.path)));
  const finished = once(entry, 'finish');
  entry.end(undefined);
  await finished;
}

function changed(what: string, cause?: unknown): ConstructorParameters<typeof SyncError>[0] {
  return {
    code: 'SOURCE_CHANGED',
    message: `${what} in the source changed or went away while it was being sent. Nothing was changed on the server.`,
    hint: 'Does an earlier step of this job still write into the source? Run the job again.',
    ...(cause === undefined ? {} : { cause }),
  };
}
