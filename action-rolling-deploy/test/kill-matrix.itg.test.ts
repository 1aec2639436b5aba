import { afterAll, describe, expect, it } from 'vitest';
import { isWholeMatrix } from '../../scripts/whole-matrix.ts';
import { hasFiles, runCell, steps, type Cell, type RunnerFault } from './kill-cell.ts';
import { openLanes } from './lanes.ts';
import { openMatrixState } from './matrix-state.ts';

/**
 * A fixed part of the matrix: each fault, and the transitions whose settling differs; kill-matrix-server has three of the
 * others. `npm run test:matrix` runs the whole product.
 */
const some: readonly Cell<RunnerFault>[] = [
  { step: 'files-swapped', fault: 'runner killed' },
  { step: 'created', fault: 'connection cut' },
  { step: 'healthy', fault: 'run cancelled' },
  { step: 'stopping', fault: 'runner killed' },
  { step: 'pins-staged', fault: 'runner killed', next: 'new files' },
  { step: 'committed', fault: 'runner killed', next: 'new files' },
  { step: 'rollback-started', fault: 'runner killed' },
  { step: 'rollback-done', fault: 'run cancelled' },
];

const runnerFaults: readonly RunnerFault[] = ['connection cut', 'run cancelled', 'runner killed'];
const all = runnerFaults.flatMap((fault) =>
  steps.flatMap((step): readonly Cell<RunnerFault>[] => [
    { step, fault },
    ...(hasFiles(step) ? [{ step, fault, next: 'new files' } as const] : []),
  ]),
);

/** A whole matrix may have been run to its end before: then only its results are looked at. */
const state = isWholeMatrix ? openMatrixState(`kill-${process.env['LAB_ENGINE'] ?? 'default'}`) : undefined;
const rowOf = ({ step, next }: Cell): string => (next === undefined ? step : `${step}, then ${next}`);
const cells = (isWholeMatrix ? all : some).filter((cell) => state?.isDone(rowOf(cell), cell.fault) !== true);

const lanes = openLanes('kill', 3);

afterAll(async () => {
  await lanes.remove();
});

describe('a deploy that dies, and the next run', () => {
  it.concurrent.each(cells)('settles it: $fault at $step', { timeout: 1_800_000 }, async (cell) => {
    const problems = await lanes.run(async (project) => {
      const start = performance.now();
      const found = await runCell(project, cell).catch((thrown: unknown) => [String(thrown)]);
      const seconds = Math.round((performance.now() - start) / 1000);
      state?.record({ row: rowOf(cell), column: cell.fault, problems: found, seconds });
      return found;
    });
    expect(problems).toEqual([]);
  });

  if (cells.length === 0)
    it('was settled in every cell of an earlier run', () => {
      expect(all.filter((cell) => state?.isDone(rowOf(cell), cell.fault) !== true)).toEqual([]);
    });
});
