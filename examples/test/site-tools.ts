import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tryDownload } from '../../lab/src/download.ts';
import { fillOnce } from '../../lab/src/file.ts';
import type { Lab } from '../../lab/src/index.ts';
import { acquireLock } from '../../lab/src/lock.ts';
import { createLog } from '../../lab/src/log.ts';

const run = promisify(execFile);
const pages = join(import.meta.dirname, '../promote-by-sha/tools/pages');

/** Installs the pinned wrangler once, into the lab's cache, whoever asks at the same time; the folder has the node_modules of tools/pages. */
export async function ensureWrangler(lab: Pick<Lab, 'paths'>): Promise<string> {
  const key = createHash('sha256')
    .update(readFileSync(join(pages, 'package-lock.json')))
    .digest('hex')
    .slice(0, 12);
  const folder = join(lab.paths.cache, `wrangler-${key}`);
  const log = createLog();
  const lock = await acquireLock(`wrangler:${lab.paths.cache}`, log);
  try {
    await fillOnce(folder, async (beside) => {
      for (const name of ['package.json', 'package-lock.json']) cpSync(join(pages, name), join(beside, name));
      const install = ['ci', '--ignore-scripts', '--prefix', beside];
      await tryDownload('npm ci of tools/pages', log, () => run('npm', install, { maxBuffer: 1 << 24 }));
    });
  } finally {
    await lock.release();
  }
  return folder;
}

/** `npm ci` and `npx --no-install` of an installed tools/pages: 195 MB are not fetched by each deploy. */
export function writeNodeTools(folder: string, wrangler: string): void {
  writeProgram(
    folder,
    'npm',
    `[ "$*" = 'ci --ignore-scripts --prefix tools/pages' ] || exit 9
exec ln -s ${wrangler}/node_modules tools/pages/node_modules`,
  );
  writeProgram(
    folder,
    'npx',
    `[ "$1 $2" = '--no-install wrangler' ] || exit 9
shift 2
exec node node_modules/wrangler/bin/wrangler.js "$@"`,
  );
}

/** `python` with Django, and a `pip` that has nothing to do: those of the lab's Django image, run outside of it. */
export function writePythonTools(folder: string, lab: Pick<Lab, 'paths'>): void {
  const [tree = ''] = globSync(join(lab.paths.cache, 'trees/django-*/usr')).map((path) => join(path, '..'));
  const [loader = ''] = globSync([join(tree, 'lib64/ld-linux-*.so.*'), join(tree, 'lib/ld-linux-*.so.*')]);
  const libraries = globSync([join(tree, 'usr/lib/*-linux-gnu'), join(tree, 'lib/*-linux-gnu')]).join(':');
  writeProgram(
    folder,
    'python',
    `export PYTHONHOME=${tree}/usr PYTHONPATH=${tree}/usr/lib/python3/dist-packages
exec ${loader} --library-path ${libraries} ${tree}/usr/bin/python3 "$@"`,
  );
  writeProgram(folder, 'pip', `[ "$*" = 'install --requirement apps/api/requirements.txt' ] || exit 9`);
}

function writeProgram(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
