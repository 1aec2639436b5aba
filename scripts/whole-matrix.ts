import { test } from 'vitest';

/** Whether `npm run test:matrix` runs: whole products of cases, and proofs whose point `npm test` holds in another way. */
export const isWholeMatrix = process.env['TEST_MATRIX'] === 'whole';

/**
 * A test of `npm run test:matrix` alone, because a cheaper one holds the same point. In `npm test` it is not there, rather
 * than skipped.
 */
export function itInMatrix(name: string, body: () => Promise<void>): void {
  if (isWholeMatrix) test(name, body);
}
