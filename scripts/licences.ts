import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleEntry, listEntries } from './bundle.ts';
import { record } from './metadata.ts';
import { mapParallel } from './process.ts';
import { findLicenseGaps, renderBill, type BundledPackage } from './release/bundled-packages.ts';
import { listActions, root } from './workspace.ts';

/**
 * `npm run check:licences [-- action-x …]`: every foreign package in a bundle is listed in that bundle's committed licenses.txt, with a
 * licence that was agreed to. `--out folder` writes a software bill of materials of each action there.
 */
const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, 'licences-'));
try {
  const actions = positionals.length > 0 ? positionals : listActions();
  const results = await mapParallel(actions, 2, checkAction);
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function checkAction(action: string): Promise<boolean> {
  const folder = join(root, action);
  const found = new Map<string, BundledPackage>();
  const gaps: string[] = [];
  for (const { entry, path } of listEntries(folder)) {
    const packages = await bundleEntry(folder, entry, join(scratch, action, path));
    const file = join(folder, 'dist', path, 'licenses.txt');
    const listing = existsSync(file) ? readFileSync(file, 'utf8') : '';
    gaps.push(...findLicenseGaps(packages, listing).map((gap) => `dist/${path === '.' ? '' : `${path}/`}: ${gap}`));
    for (const each of packages) found.set(`${each.name}@${each.version}`, each);
  }
  const packages = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true });
    const version = versionOf(folder);
    writeFileSync(join(values.out, `${action}-v${version}.cdx.json`), renderBill(action, version, packages));
  }
  console.log(`${gaps.length === 0 ? 'ok  ' : 'FAIL'} ${action}: ${packages.length} foreign packages`);
  for (const gap of gaps) console.log(`     ${gap}`);
  return gaps.length === 0;
}

function versionOf(folder: string): string {
  return String(record(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))['version']);
}
