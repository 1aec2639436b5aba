import { readFileSync, statSync } from 'node:fs';
import { createReadStream } from 'node:fs';

/** Up to here a file is read in one go: a stream for each of thousands of small files costs more than the files. */
export const smallBytes = 1024 * 1024;

/** A file of the source as it was when it was hashed. */
export interface Place {
  /** Absolute, on the runner. */
  readonly file: string;
  /** With the size, what tells that it has changed since. */
  readonly mtimeMs: number;
  /** Kept where the whole set is small: read once. */
  readonly content?: Buffer;
}

/** The content of a file in pieces of at most 1 MiB. */
export async function* readContent({ file, content }: Place): AsyncIterable<Buffer> {
  if (content !== undefined) yield content;
  else if (statSync(file).size <= smallBytes) yield readFileSync(file);
  else yield* createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
}
