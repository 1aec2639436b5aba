import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleAction, compareBundles, listBundle } from './bundle.ts';
import { mapParallel } from './process.ts';
import { listActions, root } from './workspace.ts';

/**
 * `npm run build [-- action-x …]`: every action's dist/.
 * `npm run check:dist` (`--check`): builds elsewhere and names the files in which the dist/ of the tree differ.
 */
const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const known = listActions();
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no such action: ${unknown.join(', ')}. There are: ${known.join(', ')}`);
  process.exit(2);
}
const chosen = positionals.length > 0 ? positionals : known;
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, 'dist-'));
try {
  process.exitCode = values.check ? await checkAll() : await buildAll();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function buildAll(): Promise<number> {
  const results = await mapParallel(chosen, 2, async (action) => {
    try {
      const folder = join(root, action);
      const files = await bundleAction(folder, join(scratch, action));
      // A step that is started while we build finds the old bundle or the new one, never none.
      if (existsSync(join(folder, 'dist'))) renameSync(join(folder, 'dist'), join(scratch, `${action}-before`));
      renameSync(join(scratch, action), join(folder, 'dist'));
      const index = files.find(({ path }) => path === 'index.js')?.bytes ?? 0;
      console.log(
        `${action.padEnd(24)} index.js ${kilobytes(index)}   all ${kilobytes(sum(files.map((f) => f.bytes)))}`,
      );
      return true;
    } catch (thrown) {
      console.error(thrown instanceof Error ? thrown.message : String(thrown));
      return false;
    }
  });
  return results.every(Boolean) ? 0 : 1;
}

/** Builds beside the tree and compares: a check changes nothing. */
async function checkAll(): Promise<number> {
  const results = await mapParallel(chosen, 2, async (action) => {
    const folder = join(root, action);
    const built = await bundleAction(folder, join(scratch, action));
    const differing = compareBundles(listBundle(join(folder, 'dist')), built);
    console.log(`${differing.length === 0 ? 'ok  ' : 'FAIL'} ${action}/dist`);
    for (const line of differing) console.log(`     ${line}`);
    return differing.length === 0;
  });
  if (results.every(Boolean)) return 0;
  console.log('The committed dist/ is not what the sources give. Run `npm run build` and commit it.');
  return 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0).padStart(5)} kB`;
}
