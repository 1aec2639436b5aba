import { Readable } from 'node:stream';
import { foldersOf, formatManifest, type Manifest, type ManifestFile } from '@deploy-actions/kit/state/manifest';
import type { Transfer } from '@deploy-actions/kit/state/manifest-diff';
import { cutBatches, listSet } from '@deploy-actions/kit/state/manifest-lists';
import type { StagedArchive } from '@deploy-actions/kit/state/staged-receiver';
import { wholeMark } from '@deploy-actions/kit/state/receive-script';
import { readContent, type Place } from './file-content.ts';
import { packStream, quickLevel, type Packing } from './packing.ts';
import { changedSource } from './sync-error.ts';
import { memberBytes, TarPieces, type TarMember } from './tar-pieces.ts';

/** One staged set as it travels; see receiveScript in the kit for what the server makes of it. */
export interface Archive {
  readonly manifest: Manifest;
  readonly transfer: Transfer;
  readonly places: ReadonlyMap<string, Place>;
  /** Those of `transfer.send` that are on the server already, in parts; whether all of these came now. */
  readonly inParts: ReadonlyMap<ManifestFile, 'now' | 'earlier'>;
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
export function packArchive(archive: Archive, packing: Packing, onBytes: (count: number) => void): StagedArchive {
  const batches = cutBatches(archive.transfer.send.filter((file) => !archive.inParts.has(file)));
  const heads = [...describeNotes(archive, batches), ...describeTree(archive)];
  let end = sumOf(heads.map((head) => memberBytes({ ...head, size: Buffer.byteLength(head.text ?? '') })));
  const borders = batches
    .slice(0, -1)
    .map((batch) => (end += sumOf(batch.map(({ path, size }) => memberBytes({ name: nameOf(path), size })))));
  const maker = new TarPieces(Math.floor(Date.parse(archive.manifest.createdAt) / 1000));
  const pieces = writePieces(maker, heads, batches.flat(), archive.places, onBytes);
  const tar = packStream(Readable.from(pieces, { objectMode: false }), packing, quickLevel);
  return { tar, packing, borders };
}

/** Of a file of the set, in the archive. */
function nameOf(path: string): string {
  return `tree/${path}`;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A member whose content is known, or that has none. */
interface Head extends Pick<TarMember, 'name' | 'kind' | 'mode' | 'target'> {
  readonly text?: string;
}

function describeNotes(archive: Archive, batches: readonly (readonly ManifestFile[])[]): readonly Head[] {
  const { manifest, transfer, env, inParts, plan } = archive;
  const file = (name: string, text: string): Head => ({ name, kind: 'file', mode: 0o600, text });
  const list = (name: string, lines: readonly string[]): Head =>
    file(name, lines.length === 0 ? '' : `${lines.join('\n')}\n`);
  const deleted = manifest.deleted.map((path) => `./${path}`);
  const parts = [...inParts].map(([{ sha256, mode, path }, since]) => `${sha256} ${mode} ${since} ./${path}`);
  const copies = transfer.copy.map(({ mode, path }) => `${mode} ./${path}`);
  return [
    list('deleted', deleted),
    list('buckets', archive.buckets),
    ...(parts.length === 0 ? [] : [list('parts', parts)]),
    ...(copies.length === 0 ? [] : [list('copies', copies)]),
    ...(env === undefined
      ? []
      : [
          { name: 'env/', kind: 'folder', mode: 0o700 } as const,
          list('env/path', [`./${env.path}`]),
          file('env/file', env.content),
        ]),
    ...(plan === undefined ? [] : [list('now', []), file('plan', plan)]),
    file('manifest.json.new', formatManifest(manifest)),
    ...listSet(manifest.files, { batches, keep: transfer.keep }).map(({ name, lines }) => list(name, lines)),
  ];
}

function describeTree({ transfer }: Archive): readonly Head[] {
  // Those of files that are linked on the server are made there.
  const sent = [...transfer.send, ...transfer.copy, ...transfer.links];
  const folders = ['', ...[...foldersOf(sent.map(({ path }) => path))].sort().map((folder) => `${folder}/`)];
  return [
    ...folders.map((folder): Head => ({ name: `tree/${folder}`, kind: 'folder', mode: 0o755 })),
    ...transfer.links.map(({ path, link }): Head => ({
      name: nameOf(path),
      kind: 'link',
      mode: 0o777,
      target: link,
    })),
  ];
}

async function* writePieces(
  tar: TarPieces,
  heads: readonly Head[],
  files: readonly ManifestFile[],
  places: ReadonlyMap<string, Place>,
  onBytes: (count: number) => void,
): AsyncIterable<Buffer> {
  for (const { text, ...head } of heads) {
    if (text === undefined) tar.begin({ ...head, size: 0 });
    else tar.addFile(head.name, head.mode, text);
    if (tar.isFull) yield* tar.take();
  }
  for (const file of files) {
    const place = places.get(file.path);
    if (place === undefined) throw changedSource(file.path);
    tar.begin({ name: nameOf(file.path), kind: 'file', mode: Number.parseInt(file.mode, 8), size: file.size });
    if (place.content === undefined) {
      for await (const chunk of readWhole(file, place)) {
        onBytes(chunk.length);
        tar.add(chunk);
        if (tar.isFull) yield* tar.take();
      }
    } else {
      onBytes(file.size);
      tar.add(place.content);
    }
    tar.align();
    // Thousands of small files: nothing is waited for between two of them.
    if (tar.isFull) yield* tar.take();
  }
  tar.addFile(wholeMark, 0o600, '');
  yield* tar.end();
}

/** Exactly as many bytes as the file had when it was hashed. @throws SyncError SOURCE_CHANGED */
async function* readWhole(file: ManifestFile, place: Place): AsyncIterable<Buffer> {
  let size = 0;
  try {
    for await (const chunk of readContent(place)) {
      size += chunk.length;
      if (size > file.size) break;
      yield chunk;
    }
  } catch (cause) {
    throw changedSource(file.path, cause);
  }
  if (size !== file.size) throw changedSource(file.path);
}
