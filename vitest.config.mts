import { defineConfig } from 'vitest/config';
import { LabOrder } from './scripts/lab-order.ts';

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
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['**/test/**/*.itg.test.ts'],
          exclude: elsewhere,
          globalSetup: ['./scripts/lab-setup.ts'],
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 300_000,
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
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
