import { defineConfig } from 'vitest/config';
import { LabOrder, matrixFiles } from './scripts/lab-order.ts';

const elsewhere = ['**/node_modules/**', '**/dist/**', '**/.tsc/**'];

/**
 * Three projects. `unit` needs nothing but data and loopback; `lab` runs the bundled actions against the real target of
 * lab/ (its set-up brings the lab up). There most of the time is waiting, so four files at a time suit two cores; every
 * file has deploy paths, project names and ports of its own. `examples` runs the example repositories' workflows by
 * nektos/act against the same lab.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LabOrder },
    projects: [
      {
        test: {
          name: 'unit',
          // More than vitest's own choice on two cores: many of these wait for a shell or a socket.
          maxWorkers: 3,
          include: ['**/test/**/*.test.ts'],
          exclude: [...elsewhere, '**/*.itg.test.ts', '**/*.act.test.ts'],
          // How long a test may take says nothing of what it tests; these end one that hangs.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 120_000 } },
        },
      },
      {
        test: {
          name: 'lab',
          include: ['**/test/**/*.itg.test.ts'],
          exclude: process.env['TEST_MATRIX'] === 'whole' ? elsewhere : [...elsewhere, ...matrixFiles],
          globalSetup: ['./scripts/lab-setup.ts'],
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          // How long a test may take says nothing of what it tests; these end one that hangs.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 300_000 } },
        },
      },
      {
        test: {
          name: 'examples',
          include: ['examples/test/**/*.act.test.ts'],
          exclude: elsewhere,
          globalSetup: ['./scripts/examples-setup.ts'],
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
