import { expect, test } from 'vitest';
import type { ActJob } from '../../lab/src/act/index.ts';

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

/** ` at <step> (<error code, or refused>)` of the first step that failed, in the order of the jobs; empty where none did. */
export function tellFailure(jobs: readonly (ActJob | undefined)[]): string {
  const steps = jobs.flatMap((job) => Object.entries(job?.steps ?? {}));
  const [id, step] = steps.find(([, { outcome }]) => outcome === 'failure') ?? [];
  return id === undefined ? '' : ` at ${id} (${step?.outputs['error-code'] ?? 'refused'})`;
}
