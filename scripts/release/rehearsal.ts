import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Git } from './git.ts';
import type { Release } from './publish.ts';
import { fetchReleased, listTags } from './repository.ts';
import { runPublish, runVersion, type ReleaseDoors } from './run.ts';

/** A place where a release can happen for real and harm nothing. */
export interface Rehearsal {
  /** A clone of HEAD with the same node_modules. */
  readonly git: Git;
  /** A bare repository with the tags of the real remote. */
  readonly remote: string;
  /** A folder of bare repositories, one for each mirror. */
  readonly mirrors: string;
  [Symbol.dispose](): void;
}

/**
 * Clones HEAD into `.cache/` beside bare repositories that stand for the remote and the mirrors. What is not committed
 * does not take part.
 * @param remote whose tags count as released; undefined: none are
 */
export async function openRehearsal(
  source: Git,
  remote: string | undefined,
  actions: readonly string[],
): Promise<Rehearsal> {
  const cache = join(source.folder, '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'rehearsal-'));
  const bare = join(folder, 'remote.git');
  const mirrors = join(folder, 'mirrors');
  for (const path of [bare, ...actions.map((action) => join(mirrors, `${action}.git`))]) {
    await source.run(['init', '--quiet', '--bare', '--initial-branch=main', path]);
  }
  if (remote !== undefined) {
    const tags = listTags(await fetchReleased(source, remote));
    const refspecs = tags.map((tag) => `refs/released/tags/${tag}:refs/tags/${tag}`);
    if (refspecs.length > 0) await source.run(['push', '--quiet', bare, ...refspecs]);
  }
  const clone = join(folder, 'clone');
  await source.run(['clone', '--quiet', '--no-tags', source.folder, clone]);
  const git = new Git(clone);
  for (const key of ['user.name', 'user.email']) {
    const value = await source.run(['config', '--default', 'rehearsal', '--get', key]);
    await git.run(['config', key, value]);
  }
  linkModules(source.folder, clone);
  return { git, remote: bare, mirrors, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Both steps of a release, and the pull request between them, in that place. */
export async function runRehearsal(
  place: Rehearsal,
  { build, log }: Pick<ReleaseDoors, 'build' | 'log'>,
  branch: string,
): Promise<readonly Release[]> {
  const doors = { git: place.git, remote: place.remote, build, log };
  const prepared = await runVersion(doors);
  if (prepared.length > 0) {
    await place.git.run(['add', '--all']);
    await place.git.run(['commit', '--quiet', '--message', 'Versions']);
  }
  await place.git.run(['push', '--quiet', place.remote, `HEAD:refs/heads/${branch}`]);
  return runPublish(doors, { branch, mirrors: place.mirrors, gh: undefined });
}

/**
 * The installed packages as hard links, those of single workspaces too: their links to the workspaces lead into the clone, as
 * after an `npm ci` there.
 */
function linkModules(source: string, clone: string): void {
  for (const modules of globSync(['node_modules', '*/node_modules'], { cwd: source })) {
    execFileSync('cp', ['--archive', '--link', join(source, modules), join(clone, modules)]);
  }
}
