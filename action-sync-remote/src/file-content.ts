import { createReadStream, readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

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

/**
 * Room for the content of many small files. A buffer of its own for each of thousands costs the garbage collector more than
 * reading them; here they stand side by side in a few.
 */
export class Shelf {
  #left: number;
  #board = Buffer.alloc(0);
  #used = 0;
  #scratch = Buffer.alloc(0);

  /** @param bytes how much is kept in all */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Room for so many bytes; where no more is kept, it is the same for all that comes. */
  take(size: number): { readonly buffer: Buffer; readonly isKept: boolean } {
    if (size > this.#left) {
      if (this.#scratch.length < size) this.#scratch = Buffer.allocUnsafe(smallBytes);
      return { buffer: this.#scratch.subarray(0, size), isKept: false };
    }
    this.#left -= size;
    if (size > this.#board.length - this.#used) {
      this.#board = Buffer.allocUnsafe(Math.max(size, smallBytes));
      this.#used = 0;
    }
    this.#used += size;
    return { buffer: this.#board.subarray(this.#used - size, this.#used), isKept: true };
  }
}

/** The content of a file in pieces of at most 1 MiB. */
export async function* readContent({ file, content }: Place): AsyncIterable<Buffer> {
  if (content !== undefined) yield content;
  else if (statSync(file).size <= smallBytes) yield readFileSync(file);
  else yield* createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
}

/** What of a big file is read at once. */
const readBytes = 1024 * 1024;

/**
 * Reads bytes `from` to `to` of a big file, or to its end, through two buffers, one being read while the other is used: `use` must
 * be done with a chunk when it resolves. A new buffer for each chunk would have the garbage collector mark all that lives every 16 MB.
 */
export async function readThrough(
  file: string,
  { from, to }: { readonly from: number; readonly to: number },
  use: (chunk: Buffer) => unknown,
): Promise<void> {
  const handle = await open(file);
  let [buffer, other] = [Buffer.allocUnsafeSlow(readBytes), Buffer.allocUnsafeSlow(readBytes)];
  const readAt = (at: number): Promise<number> =>
    handle.read(buffer, 0, Math.min(readBytes, to - at), at).then(({ bytesRead }) => bytesRead);
  let next = readAt(from);
  try {
    for (let at = from; at < to;) {
      const count = await next;
      if (count === 0) return;
      const chunk = buffer.subarray(0, count);
      at += count;
      [buffer, other] = [other, buffer];
      next = at < to ? readAt(at) : Promise.resolve(0);
      await use(chunk);
    }
  } finally {
    await next.catch(() => 0);
    await handle.close();
  }
}
