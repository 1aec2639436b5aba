import { expect, it } from 'vitest';
import { giveBack } from '../../src/host/spent-memory.ts';

it.each([
  ['a chunk that has its memory for itself', Buffer.alloc(64 * 1024), true],
  ['the end of a piece of memory', Buffer.alloc(64 * 1024).subarray(1000), true],
  ['a chunk with more behind it', Buffer.alloc(64 * 1024).subarray(0, 1000), false],
  ['a small one', Buffer.alloc(1000), false],
])('the memory of %s: is it given back', (_, chunk, isGiven) => {
  giveBack(chunk);
  expect(chunk.length === 0).toBe(isGiven);
});

it('what is no memory of a chunk is let alone', () => {
  expect(() => {
    for (const other of ['text', undefined, new Uint8Array(new SharedArrayBuffer(64 * 1024))]) giveBack(other);
  }).not.toThrow();
});
