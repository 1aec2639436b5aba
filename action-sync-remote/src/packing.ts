import { readSync, openSync, closeSync } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { constants, createGzip, createZstdCompress, zstdCompressSync, type Gzip, type ZstdCompress } from 'node:zlib';

/** How a stream travels; the server has the program of that name. */
export type Packing = 'plain' | 'gzip' | 'zstd';

/** Below this a stream fits into the first round trips anyway. */
const leastBytes = 32 * 1024;
/** zstd -3 packs a few hundred MB a second: it pays on every line that is not the machine's own. */
const worthwhileZstd = 0.95;
/** gzip -1 costs about 15 ms per MB; what it saves must be worth more than that on an ordinary line. */
const worthwhileGzip = 0.7;
/** On a short line a stream must lose a quarter before packing it is worth a start of zstd on the server. */
const worthwhileNear = 0.75;
const sampledFiles = 16;
const sampledBytes = 16 * 1024;
/** A command that is answered so soon is in the same rack: gzip would take longer than sending. */
export const nearMs = 60;
/** Of parts of big files that go far. */
export const zstdLevel = 3;
/** Of the stream of a set, and of all on a short line: everything else that is done needs the processor too, on both sides. */
export const quickLevel = 1;
/** What a packer gives out at once: 16 KiB, its default, would be a packet of its own each. */
const chunkSize = 256 * 1024;

/** What is known of a stream and of the line that it takes. */
export interface StreamFacts {
  readonly kind: 'ssh' | 'local';
  readonly packers: readonly ('gzip' | 'zstd')[];
  readonly bytes: number;
  /** Compressed size by size of a sample. */
  readonly sampleRatio: number;
  /** How long the shortest of commands took. */
  readonly answerMs: number;
}

/** How the stream of a set should travel. Pure. */
export function choosePacking({ kind, packers, bytes, sampleRatio, answerMs }: StreamFacts): Packing {
  if (kind === 'local' || bytes < leastBytes) return 'plain';
  const isNear = answerMs < nearMs;
  if (packers.includes('zstd')) return sampleRatio < (isNear ? worthwhileNear : worthwhileZstd) ? 'zstd' : 'plain';
  return chooseWithoutZstd(packers, sampleRatio, isNear);
}

/**
 * How a part of a big file should travel: as zstd wherever it can, also where nothing becomes smaller by it, for the hash in its frames is
 * compared at no cost. Pure.
 */
export function choosePartPacking(packers: StreamFacts['packers'], ratio: () => number, isNear: boolean): Packing {
  return packers.includes('zstd') ? 'zstd' : chooseWithoutZstd(packers, ratio(), isNear);
}

function chooseWithoutZstd(packers: StreamFacts['packers'], ratio: number, isNear: boolean): Packing {
  return !isNear && packers.includes('gzip') && ratio < worthwhileGzip ? 'gzip' : 'plain';
}

/** A place in a file of the source; `at` in bytes. */
export interface SamplePoint {
  readonly file: string;
  readonly at: number;
}

/** Compresses a little at some of the places; 1 when there is nothing to sample. */
export function sampleRatio(points: readonly SamplePoint[]): number {
  const step = Math.max(1, Math.floor(points.length / sampledFiles));
  const chosen = points.filter((_, index) => index % step === 0).slice(0, sampledFiles);
  const sample = Buffer.concat(chosen.map(readSample));
  return sample.length === 0 ? 1 : zstdCompressSync(sample).length / sample.length;
}

function readSample({ file, at }: SamplePoint): Buffer {
  const open = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(sampledBytes);
    return buffer.subarray(0, readSync(open, buffer, 0, sampledBytes, Math.floor(at)));
  } finally {
    closeSync(open);
  }
}

/** A program of that name, in this process; it works in a thread of its own. */
export function makePacker(packing: Exclude<Packing, 'plain'>, level: number): Gzip | ZstdCompress {
  return packing === 'gzip'
    ? createGzip({ level: 1, chunkSize })
    : createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
        chunkSize,
      });
}

/** The stream as it travels. An error of the source reaches the reader as the error of this stream. */
export function packStream(stream: Readable, packing: Packing, level: number): Readable {
  return packing === 'plain' ? stream : pipeline(stream, makePacker(packing, level), () => undefined);
}
