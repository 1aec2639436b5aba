import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readThrough } from '../src/file-content.ts';

const folder = mkdtempSync(join(tmpdir(), 'file-content-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a big file read through one buffer', () => {
  const file = join(folder, 'big');
  const content = Buffer.from(Array.from({ length: 1_300_000 }, (_, at) => at % 251));
  writeFileSync(file, content);

  it.each([
    ['all of it', 0, Infinity],
    ['a range that ends within a chunk', 100, 700_001],
    ['a range that ends behind the file', 1_299_990, 2_000_000],
    ['nothing', 5, 5],
  ])('is %s', async (_what, from, to) => {
    const chunks: Buffer[] = [];
    await readThrough(file, { from, to }, async (chunk) => {
      await Promise.resolve();
      chunks.push(Buffer.from(chunk));
    });
    expect(Buffer.concat(chunks).equals(content.subarray(from, to))).toBe(true);
  });

  it('ends with what a chunk could not be used for', async () => {
    const reading = readThrough(file, { from: 0, to: Infinity }, () => Promise.reject(new Error('the line is gone')));
    await expect(reading).rejects.toThrow('the line is gone');
  });
});
