import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Manifest, ManifestFile } from '@deploy-actions/kit/state/manifest';
import type { Look } from '@deploy-actions/kit/state/manifest-look';
import { receivePart } from '@deploy-actions/kit/state/staged-part';
import { openReceiver, type Receiver } from '@deploy-actions/kit/state/staged-receiver';
import type { PackedAhead } from './ahead.ts';
import { packArchive, type Archive } from './archive.ts';
import { formatBytes } from './byte-size.ts';
import type { Comparison, SyncJob } from './comparison.ts';
import { readThrough, type Place } from './file-content.ts';
import {
  choosePacking,
  choosePartPacking,
  makePacker,
  nearMs,
  quickLevel,
  sampleRatio,
  zstdLevel,
  type Packing,
  type SamplePoint,
  type StreamFacts,
} from './packing.ts';
import { describeSent, makeProgress, type Progress } from './progress.ts';
import type { Scan } from './source-scan.ts';
import { changedSource, SyncError } from './sync-error.ts';

const mebibyte = 1024 * 1024;
/** From here on a file goes in parts: over several channels, and an interrupted sync need not send it again. */
export const bigBytes = 16 * mebibyte;
/** MiB of one part: what a cut costs again, for each lane; a command for each part costs two round trips. */
export const partMebibytes = 32;
/**
 * One channel carries 2 MiB a round trip; while a part is finished on the server, its lane sends the next one. On a long line, which is what
 * breaks, no more than four parts are on the way; on a short one more of them use the processors better.
 */
const lanes = { near: 6, far: 4 } as const;
/** And a second for each 100 kB. */
const leastTimeoutMs = 900_000;

/** One piece of a file. */
interface Piece {
  readonly file: ManifestFile;
  readonly place: Place;
  /** MiB */
  readonly offset: number;
}

/** How a set travels. */
export interface Sending {
  /** How it goes live in this step; undefined: it waits for the rollout. */
  readonly plan: string | undefined;
  /** What waits on the server already. */
  readonly receiver: Receiver | undefined;
  /** Of the lease: a set that arrives when a later step holds it is refused. */
  readonly step: string;
  /** The set, where it is packed already. */
  readonly ahead: PackedAhead | undefined;
}

/** How these files would travel in one stream. */
export function packingOf(
  { entries, places }: Scan,
  files: readonly ManifestFile[],
  facts: Pick<StreamFacts, 'kind' | 'packers' | 'answerMs'>,
): Packing {
  const points = files.flatMap(({ path }) => places.get(path)?.file ?? []).map((file) => ({ file, at: 0 }));
  // The manifest travels too, and packs well.
  const bytes = files.reduce((sum, { size }) => sum + size, 0) + entries.length * 100;
  return choosePacking({ ...facts, bytes, sampleRatio: sampleRatio(points) });
}

/** One transfer is bounded by its size. */
export function timeoutFor(bytes: number): number {
  return leastTimeoutMs + bytes / 100;
}

/** Brings the set to the server. @returns bytes of content that were sent, before packing */
export async function send(
  job: SyncJob,
  { look, transfer, isEnvNew }: Comparison,
  manifest: Manifest,
  { plan, receiver, step, ahead }: Sending,
): Promise<number> {
  const { host, scan, clock } = job;
  const bytes = transfer.send.reduce((sum, file) => sum + file.size, 0);
  const timeoutMs = timeoutFor(bytes);
  const readyMs = await receiver?.ready;
  // Where none could be had before, sessions are few, and how far away the server is is not known.
  const answerMs = readyMs ?? Infinity;
  const packing = packingOf(scan, transfer.send, { kind: host.kind, packers: look.packers, answerMs });
  const how = packing === 'plain' ? '' : `, packed with ${packing}`;
  job.log(
    `sending ${transfer.send.length} file(s), ${formatBytes(bytes)}${how}; ${transfer.keep.length} unchanged are linked on the server`,
  );
  const progress = makeProgress(clock, job.log, (done, seconds) => describeSent(done, bytes, seconds));
  const big = host.kind === 'local' ? [] : findBig(transfer.send);
  const inParts = await sendParts(job, look, big, { progress, timeoutMs, isNear: answerMs < nearMs });
  const env = isEnvNew && job.env?.content !== undefined ? { path: job.env.path, content: job.env.content } : undefined;
  const archive = { manifest, transfer, places: scan.places, inParts, env, plan, buckets: job.buckets };
  const onBytes = (count: number): void => {
    progress.add(count);
  };
  const packed = ahead?.use(packing, onBytes) ?? packArchive(archive, packing, onBytes);
  const isWaiting = receiver !== undefined && readyMs !== undefined;
  const options = { isForNow: plan !== undefined, signal: job.signal, timeoutMs };
  const taker = isWaiting ? receiver : openReceiver(host, job.deployPath, options);
  const isKept = await taker.receive(manifest.releaseId, packed, step);
  if (!isKept)
    job.log('The files as they were are not kept (.deploy/files/previous.tar): there is no room for them, or no tar.');
  return progress.done;
}

/** What an interrupted sync left of a file, cut as it is cut here. */
export function partsOf({ parts }: Look, { sha256 }: ManifestFile): Look['parts'] {
  return parts.filter(({ file, length }) => file === sha256 && length === partMebibytes);
}

/** Two files of the same content: one of them in parts, the other in the stream. */
function findBig(files: readonly ManifestFile[]): readonly ManifestFile[] {
  const big = files.filter(({ size }) => size >= bigBytes);
  return [...new Map(big.map((file) => [file.sha256, file])).values()];
}

interface PartOptions {
  readonly progress: Progress;
  readonly timeoutMs: number;
  readonly isNear: boolean;
}

async function sendParts(
  job: SyncJob,
  look: Look,
  files: readonly ManifestFile[],
  options: PartOptions,
): Promise<Archive['inParts']> {
  const pieces: Piece[] = [];
  const since = new Map<ManifestFile, 'now' | 'earlier'>(files.map((file) => [file, 'now']));
  let found = 0;
  for (const file of files) {
    const place = job.scan.places.get(file.path);
    if (place === undefined) continue;
    const there = new Map(partsOf(look, file).map((part) => [part.offset, part.digest]));
    for (let offset = 0; offset * mebibyte < file.size; offset += partMebibytes) {
      const piece: Piece = { file, place, offset };
      const digest = there.get(offset);
      const isThere = digest === '' || (digest !== undefined && digest === (await digestPiece(piece)));
      if (isThere) {
        found += sizeOf(piece);
        since.set(file, 'earlier');
      } else pieces.push(piece);
    }
  }
  if (found > 0) job.log(`${formatBytes(found)} are there already, from an interrupted sync`);
  const queue = pieces.values();
  const answers: Promise<void>[] = [];
  const work = async (): Promise<void> => {
    for (const piece of queue) {
      const { sent, proved } = sendPiece(job, piece, { ...options, packers: look.packers });
      answers.push(proved);
      // The next one travels while the server hashes this one; what goes wrong ends all of them.
      await Promise.race([sent, proved]);
    }
  };
  await Promise.all(Array.from({ length: options.isNear ? lanes.near : lanes.far }, work));
  await Promise.all(answers);
  return since;
}

function sizeOf({ file, offset }: Piece): number {
  return Math.min(file.size - offset * mebibyte, partMebibytes * mebibyte);
}

/** Of a piece, in bytes of the file. */
function rangeOf(piece: Piece): { readonly from: number; readonly to: number } {
  const from = piece.offset * mebibyte;
  return { from, to: from + sizeOf(piece) };
}

async function digestPiece(piece: Piece): Promise<string> {
  const digest = createHash('sha256');
  await readThrough(piece.place.file, rangeOf(piece), (chunk) => digest.update(chunk));
  return digest.digest('hex');
}

/** The content of a piece as it travels. */
function packPiece(piece: Piece, packing: Packing, level: number, onRead: (chunk: Buffer) => void): Readable {
  const range = rangeOf(piece);
  const failed = (cause: unknown): SyncError => changedSource(piece.file.path, cause);
  const { file } = piece.place;
  if (packing === 'plain') {
    const meter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        onRead(chunk);
        done(null, chunk);
      },
    });
    const source = createReadStream(file, { start: range.from, end: range.to - 1, highWaterMark: 256 * 1024 });
    source.once('error', (cause) => meter.destroy(failed(cause)));
    // A command that ended early takes its stdin along; the file must not stay open behind it.
    meter.once('close', () => source.destroy());
    return source.pipe(meter);
  }
  const packer = makePacker(packing, level);
  // It may fail before somebody reads; the command that waits for its input is stopped then.
  packer.on('error', () => undefined);
  // A packer that nobody reads any more calls nobody back: the file would stay open.
  let giveUp: (reason: Error) => void = () => undefined;
  packer.once('close', () => {
    giveUp(new Error('the packer is gone'));
  });
  const pack = (chunk: Buffer): Promise<void> => {
    onRead(chunk);
    return new Promise((resolve, reject) => {
      giveUp = reject;
      packer.write(chunk, (error) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
  };
  readThrough(file, range, pack).then(
    () => packer.end(),
    (cause: unknown) => packer.destroy(failed(cause)),
  );
  return packer;
}

/** A piece on its way: `sent` when all of it is on the line, `proved` when it is on the server's disk. */
function sendPiece(
  job: SyncJob,
  piece: Piece,
  { packers, progress, timeoutMs, isNear }: PartOptions & Pick<Look, 'packers'>,
): { readonly sent: Promise<void>; readonly proved: Promise<void> } {
  const { file, place, offset } = piece;
  const size = sizeOf(piece);
  const sample = (): number => sampleRatio(spread(place.file, offset * mebibyte, size));
  const packing = choosePartPacking(packers, sample, isNear);
  const digest = packing === 'zstd' ? undefined : createHash('sha256');
  const content = packPiece(piece, packing, isNear ? quickLevel : zstdLevel, (chunk) => {
    digest?.update(chunk);
    progress.add(chunk.length);
  });
  const part = { file: file.sha256, offset, length: partMebibytes, packing, content };
  const received = receivePart(job.host, job.deployPath, part, { signal: job.signal, timeoutMs });
  const proved = received.then((there) => {
    throwIfOther(job, piece, there, digest?.digest('hex') ?? '');
  });
  // Told where it is waited for, which may be later.
  proved.catch(() => undefined);
  return { sent: finished(content).catch(() => proved), proved };
}

/** @throws SyncError SOURCE_CHANGED, TRANSFER_DAMAGED */
function throwIfOther({ host }: SyncJob, { file, place }: Piece, there: string, here: string): void {
  const now = statSync(place.file, { throwIfNoEntry: false });
  if (now?.size !== file.size || now.mtimeMs !== place.mtimeMs) throw changedSource(file.path);
  if (there !== here)
    throw new SyncError({
      code: 'TRANSFER_DAMAGED',
      message: `${host.name}: a part of ${JSON.stringify(file.path)} is not on the disk as it was sent. Nothing was changed.`,
      hint: 'Run the job again; if it stays so, look at the disk and the free space of the server.',
    });
}

/** Places all over a part, at no even distances: what is laid out in blocks must not be met at the same spot of each. */
function spread(file: string, start: number, size: number): readonly SamplePoint[] {
  return Array.from({ length: 8 }, (_, nth) => ({ file, at: start + size * ((nth * Math.SQRT2) % 1) }));
}
