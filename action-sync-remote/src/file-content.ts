import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Up to here a file is read in one go: a stream for each of thousands of small files costs more than the files. */
const smallBytes = 1024 * 1024;

/** The content of a file in pieces of at most 1 MiB. */
export async function* readContent(place: string): AsyncIterable<Buffer> {
  if ((await stat(place)).size <= smallBytes) yield await readFile(place);
  else yield* createReadStream(place, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
}
