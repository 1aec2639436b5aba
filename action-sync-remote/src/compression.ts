import { open } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

/** Below this a stream fits into the first round trips anyway. */
const leastBytes = 32 * 1024;
/** gzip -1 costs about 15 ms per MB; what it saves must be worth more than that on an ordinary line. */
const worthwhileRatio = 0.7;
const sampledFiles = 16;
const sampledBytes = 16 * 1024;

/** Whether a stream to this server should be gzipped. `sampleRatio` is compressed size by size of a sample. */
export function isWorthGzip(stream: {
  readonly kind: 'ssh' | 'local';
  readonly serverHasGzip: boolean;
  readonly bytes: number;
  readonly sampleRatio: number;
}): boolean {
  const { kind, serverHasGzip, bytes, sampleRatio } = stream;
  return kind === 'ssh' && serverHasGzip && bytes >= leastBytes && sampleRatio < worthwhileRatio;
}

/** Compresses the heads of some of the files; 1 when there is nothing to sample. */
export async function sampleRatio(places: readonly string[]): Promise<number> {
  const step = Math.max(1, Math.floor(places.length / sampledFiles));
  const chosen = places.filter((_, index) => index % step === 0).slice(0, sampledFiles);
  const sample = Buffer.concat(await Promise.all(chosen.map(readHead)));
  return sample.length === 0 ? 1 : gzipSync(sample, { level: 1 }).length / sample.length;
}

async function readHead(place: string): Promise<Buffer> {
  const file = await open(place);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sampledBytes), 0, sampledBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
