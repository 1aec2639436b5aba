import { fileURLToPath } from 'node:url';
import { benchLint } from './lint.ts';
import { readOurVersion } from './party.ts';
import type { Bench } from './row.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a migration costs beside its own work. */
export const migrateBench: Bench = {
  name: 'migrate',
  about: 'review of ten SQL files, cold and warm; peer: squawk',
  run: async (say) => ({
    rows: await benchLint(say),
    versions: { ours: await readOurVersion(root), node: process.version },
  }),
};
