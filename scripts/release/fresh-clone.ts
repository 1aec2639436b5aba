import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCommandBlock } from '../command-blocks.ts';
import { bundleAction } from '../bundle.ts';
import { runProgram } from '../process.ts';
import { listActions, root } from '../workspace.ts';
import { Git } from './git.ts';
import { buildFromLockfile } from './locked-packages.ts';
import { refuseIfAny, ReleaseRefusal } from './refusal.ts';
import { openRehearsal, runRehearsal } from './rehearsal.ts';

/**
 * What somebody meets who clones a release: HEAD is released into a bare repository, its tag `vX.Y.Z` is cloned to a place
 * of its own, and the README's first command runs there. Takes that clone's lab away again.
 * @throws ReleaseRefusal when HEAD cannot be released, the demo fails, or it leaves files in the clone that git sees
 */
export async function runDemoOfRelease(log: (text: string) => void): Promise<void> {
  // Not below this repository: Node would find its packages there.
  const place = mkdtempSync(join(tmpdir(), 'fresh-clone-'));
  try {
    const folder = join(place, 'deploy-actions');
    const tag = await cloneRelease(folder, log);
    await demonstrate(folder, log);
    const left = await new Git(folder).lines(['status', '--porcelain']);
    refuseIfAny(left.map((line) => `The demo of ${tag} left ${line} behind.`));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function cloneRelease(folder: string, log: (text: string) => void): Promise<string> {
  using place = await openRehearsal(new Git(root), undefined, listActions());
  const releases = await runRehearsal(
    place,
    { build: buildFromLockfile(bundleAction), log: (line) => log(`${line}\n`) },
    'main',
  );
  const set = releases.find(({ unit }) => unit.folder === '.');
  if (set === undefined) throw new ReleaseRefusal(['The rehearsal made no tag of the set.']);
  const tag = set.tags.immutable;
  await place.git.run(['-c', 'advice.detachedHead=false', 'clone', '--quiet', '--branch', tag, place.remote, folder]);
  log(`cloned ${tag}\n`);
  return tag;
}

async function demonstrate(folder: string, log: (text: string) => void): Promise<void> {
  const typed = `${readCommandBlock('demo').trim()} -- --down`;
  log(`${typed}\n`);
  const { code } = await runProgram('sh', ['-c', typed], { cwd: folder, onOutput: log });
  if (code === 0) return;
  await runProgram('npm', ['run', '--silent', 'lab', '--', 'down'], { cwd: folder, onOutput: log });
  throw new ReleaseRefusal([`${typed} in a clone of the release ended with exit code ${String(code)}.`]);
}
