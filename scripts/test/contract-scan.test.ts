import { expect, test } from 'vitest';
import { createScanner } from '../contract-scan.ts';

const fixture = 'scripts/test/fixtures/scanned';

test('finds names written plainly, in a list, and handed through parameters', { timeout: 300_000 }, () => {
  const used = createScanner([fixture])(fixture);
  expect(used.unknown).toEqual([]);
  expect(used.outputs).toEqual(['deeper', 'written']);
  expect(used.inputs).toEqual(['beside', 'from-list-a', 'from-list-b', 'plain', 'through-parameter']);
});
