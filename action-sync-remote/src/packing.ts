import { readSync, openSync, closeSync } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { constants, createGzip, createZstdCompress, zstdCompressSync } from 'node:zlib';

/** How a stream travels; the server has the program of that name. */
export type Packing = 'plain' | 'gzip' | 'zstd';

/** Below this a stream fits into the first round trips anyway. */
const leastBytes = 32 * 1024;
/** zstd -3 packs a few hundred MB a second: it pays on every line that is not the machine's own. */
const worthwhileZstd = 0.95;
/** gzip -1 costs about 15 ms per MB; what it saves must be worth more than that on an ordinary line. */
const worthwhileGzip = 0.7;
const sampledFiles = 16;
const sampledBytes = 16 * 1024;
/** A command that is answered so soon is in the same rack: packing would take longer than sending. */
export const nearMs = 60;
const zstdLevel = 3;

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

/** How a stream to this server should travel. Pure. */
export function choosePacking({ kind, packers, bytes, sampleRatio, answerMs }: StreamFacts): Packing {
  if (kind === 'local' || bytes < leastBytes || answerMs < nearMs) return 'plain';
  if (packers.includes('zstd')) return sampleRatio < worthwhileZstd ? 'zstd' : 'plain';
  return packers.includes('gzip') && sampleRatio < worthwhileGzip ? 'gzip' : 'plain';
}

/** Compresses the heads of some of the files; 1 when there is nothing to sample. */
export function sampleRatio(files: readonly string[]): number {
  const step = Math.max(1, Math.floor(files.length / sampledFiles));
  const chosen = files.filter((_, index) => index % step === 0).slice(0, sampledFiles);
  const sample = Buffer.concat(chosen.map(readHead));
  return sample.length === 0 ? 1 : zstdCompressSync(sample).length / sample.length;
}

function readHead(file: string): Buffer {
  const open = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(sampledBytes);
    return buffer.subarray(0, readSync(open, buffer, 0, sampledBytes, 0));
  } finally {
    closeSync(open);
  }
}

/** The stream as it travels. An error of the source reaches the reader as the error of this stream. */
export function packStream(stream: Readable, packing: Packing): Readable {
  if (packing === 'plain') return stream;
  const packer =
    packing === 'gzip'
      ? createGzip({ level: 1 })
      : createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } });
  return pipeline(stream, packer, () => undefined);
}
