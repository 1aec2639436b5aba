import { defineConfig } from 'vitest/config';

const elsewhere = ['**/node_modules/**', '**/dist/**', '**/.tsc/**'];

/**
 * Two projects. `unit` needs nothing but data and loopback; `lab` runs the bundled actions against the real target of
 * lab/ (its set-up brings the lab up). The lab is one server on a machine with few cores: its files run one by one.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/test/**/*.test.ts'],
          exclude: [...elsewhere, '**/*.itg.test.ts'],
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
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
