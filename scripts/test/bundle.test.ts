import { expect, test } from 'vitest';
import { compareBundles, type BundledFile } from '../bundle.ts';

const file = (path: string, sha256: string): BundledFile => ({ path, sha256, bytes: 1 });

test('names files that differ, that are left over, and that were not committed', () => {
  const committed = [file('index.js', 'a'), file('licenses.txt', 'b'), file('old.js', 'c')];
  const built = [file('index.js', 'A'), file('licenses.txt', 'b'), file('136.index.js', 'd')];
  expect(compareBundles(committed, built)).toEqual([
    '136.index.js (not committed)',
    'index.js (differs)',
    'old.js (left over)',
  ]);
});

test('finds nothing where the bundles are the same', () => {
  expect(compareBundles([file('index.js', 'a')], [file('index.js', 'a')])).toEqual([]);
});
