import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type ExtraServer } from '../../lab/src/index.ts';
import { isWholeMatrix } from '../../scripts/whole-matrix.ts';
import { runCells, steps, type ServerFault, type Step } from './kill-cell.ts';
import { openMatrixState } from './matrix-state.ts';
import { makeProject, type Project } from './project.ts';

/** The fixed part; `npm run test:matrix` runs every transition. */
const some: Readonly<Record<ServerFault, readonly Step[]>> = {
  'dockerd restarted': ['committed', 'stopping', 'rollback-started'],
  'power cut': ['lease', 'unrouted', 'pins-staged'],
};

/** How many deploys feel one fault together. */
const groupSize = 4;
const engine = process.env['LAB_ENGINE'] === 'modern' ? 'modern' : 'default';
const state = isWholeMatrix ? openMatrixState(`kill-${engine}`) : undefined;

const faults = ['dockerd restarted', 'power cut'] as const;
const groups = faults.flatMap((fault) => {
  const wanted = (isWholeMatrix ? steps : some[fault]).filter((step) => state?.isDone(step, fault) !== true);
  const count = Math.ceil(wanted.length / groupSize);
  return Array.from({ length: count }, (_, index) => ({
    fault,
    steps: wanted.slice(index * groupSize, (index + 1) * groupSize),
  }));
});

let server: ExtraServer;
let projects: readonly Project[] = [];

beforeAll(async () => {
  const lab = await openLab();
  // A server of its own: nobody else feels what happens to it.
  server = await lab.startServer({ name: `faults-${engine}`, engine, fresh: true });
  const names = Array.from({ length: groupSize }, (_, index) => `struck-${index + 1}`);
  projects = await Promise.all(names.map((name) => makeProject(name, server)));
});

afterAll(async () => {
  await server.stop();
});

describe('deploys on a server that fails under them, and the next run', () => {
  it.each(groups)('settles them: $fault at $steps', { timeout: 1_800_000 }, async ({ fault, steps: struck }) => {
    const start = performance.now();
    const problems = await runCells(projects, struck, fault);
    const seconds = Math.round((performance.now() - start) / 1000);
    for (const [index, step] of struck.entries())
      state?.record({ row: step, column: fault, problems: problems[index] ?? [], seconds });
    expect(Object.fromEntries(struck.map((step, index) => [step, problems[index]]))).toEqual(
      Object.fromEntries(struck.map((step) => [step, []])),
    );
  });

  if (groups.length === 0)
    it('were settled in every cell of an earlier run', () => {
      expect(steps.filter((step) => faults.some((fault) => state?.isDone(step, fault) !== true))).toEqual([]);
    });
});
