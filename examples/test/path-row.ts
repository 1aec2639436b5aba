import { expect, test } from 'vitest';

/** One row of the table at the end of `npm run test:examples`. */
export interface PathRow {
  readonly example: string;
  readonly path: string;
  readonly expected: string;
  readonly seen: string;
}

declare module 'vitest' {
  interface TaskMeta {
    row?: PathRow;
  }
}

/**
 * A test that is one path through an example. `run` says in a few words what came of it, read off the run and the
 * server; that must be `expected`. Both are a row of the table.
 */
export function testPath(example: string, path: string, expected: string, run: () => Promise<string>): void {
  test(`${path} → ${expected}`, async ({ task }) => {
    task.meta.row = { example, path, expected, seen: 'did not get to its end' };
    const seen = await run();
    task.meta.row = { example, path, expected, seen };
    expect(seen).toBe(expected);
  });
}
