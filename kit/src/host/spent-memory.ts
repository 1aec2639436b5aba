/** Smaller ones may lie with others in one piece of memory. */
const leastOwnBytes = 16 * 1024;

/**
 * Gives the memory of a chunk back that nobody has any more. Left to the garbage collector it counts as growth outside of the heap: each
 * 64 MB of it have all that lives marked anew (a file of 300 MB: ten to twenty times, a tenth of the runner's processor time).
 * Does nothing where the chunk is small, or memory follows behind it that may be another's.
 */
export function giveBack(chunk: unknown): void {
  if (!(chunk instanceof Uint8Array) || !(chunk.buffer instanceof ArrayBuffer)) return;
  const { buffer } = chunk;
  if (buffer.byteLength < leastOwnBytes || chunk.byteOffset + chunk.length !== buffer.byteLength) return;
  try {
    buffer.transfer(0);
  } catch {
    // Node keeps its own pool.
  }
}
