import { once } from 'node:events';
import { Readable } from 'node:stream';
import { foldersOf, formatManifest, type Manifest, type ManifestFile } from '@deploy-actions/kit/state/manifest';
import type { Transfer } from '@deploy-actions/kit/state/manifest-diff';
import { pack, type Pack } from 'tar-stream';
import { readContent, type Place } from './file-content.ts';
import { packStream, type Packing } from './packing.ts';
import { SyncError } from './sync-error.ts';

/** One staged set as it travels; see receiveScript in the kit for what the server makes of it. */
export interface Archive {
  readonly manifest: Manifest;
  readonly transfer: Transfer;
  readonly places: ReadonlyMap<string, Place>;
  /** Those of `transfer.send` that are on the server already, in parts. */
  readonly inParts: ReadonlySet<ManifestFile>;
  /** See indexManifest. */
  readonly buckets: readonly string[];
  /** The env file that goes live with the set. */
  readonly env: { readonly path: string; readonly content: string } | undefined;
  /** How it goes live in this step; the server notes that, so that a later run knows whose it is. */
  readonly plan: string | undefined;
}

/**
 * The tar stream of a set. Folders are entries of their own: without them tar follows a link where a folder should be,
 * and writes outside the tree.
 * @param onBytes content bytes that were read since the last call
 */
export function packArchive(archive: Archive, packing: Packing, onBytes: (count: number) => void): Readable {
  const tar = pack();
  fill(tar, archive, onBytes).then(
    () => {
      tar.finalize();
    },
    (thrown: unknown) => tar.destroy(thrown instanceof Error ? thrown : new SyncError(changed('a file', thrown))),
  );
  return packStream(Readable.from(gather(tar as AsyncIterable<Buffer>), { objectMode: false }), packing);
}

/** What goes out at once: a packet of its own for each header and each small file costs more than their content. */
const packetBytes = 128 * 1024;

async function* gather(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < packetBytes) continue;
    yield Buffer.concat(waiting, bytes);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

async function fill(tar: Pack, archive: Archive, onBytes: (count: number) => void): Promise<void> {
  const { manifest, transfer, env, inParts } = archive;
  const note = (name: string, lines: readonly string[]): void => {
    tar.entry({ name, mode: 0o600 }, lines.map((line) => `${line}\n`).join(''));
  };
  note(
    'deleted',
    manifest.deleted.map((path) => `./${path}`),
  );
  note('buckets', archive.buckets);
  if (inParts.size > 0)
    note(
      'parts',
      [...inParts].map((file) => `${file.sha256} ${file.mode} ${relative(file)}`),
    );
  if (env !== undefined) {
    tar.entry({ name: 'env', type: 'directory', mode: 0o700 });
    note('env/path', [`./${env.path}`]);
    tar.entry({ name: 'env/file', mode: 0o600 }, env.content);
  }
  if (archive.plan !== undefined) {
    note('now', []);
    tar.entry({ name: 'plan', mode: 0o600 }, archive.plan);
  }
  tar.entry({ name: 'manifest.json.new', mode: 0o600 }, formatManifest(manifest));
  // Those of files that are linked on the server are made there.
  const sent = [...transfer.send, ...transfer.links];
  const folders = [...foldersOf(sent.map(({ path }) => path))].sort();
  for (const folder of ['', ...folders]) tar.entry({ name: `tree/${folder}`, type: 'directory', mode: 0o755 });
  for (const { path, link } of transfer.links) tar.entry({ name: `tree/${path}`, type: 'symlink', linkname: link });
  for (const file of transfer.send) {
    const place = archive.places.get(file.path);
    if (place !== undefined && !inParts.has(file)) await addFile(tar, file, place, onBytes);
  }
}

function relative(file: ManifestFile): string {
  return `./${file.path}`;
}

async function addFile(tar: Pack, file: ManifestFile, place: Place, onBytes: (count: number) => void): Promise<void> {
  const head = { name: `tree/${file.path}`, mode: Number.parseInt(file.mode, 8), size: file.size };
  if (place.content !== undefined) {
    onBytes(file.size);
    // `drain` comes first: the next entry finds room.
    if (!tar.entry(head, place.content).writable) return;
    return;
  }
  const entry = tar.entry(head);
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
