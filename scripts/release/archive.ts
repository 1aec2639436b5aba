import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Git } from './git.ts';
import type { Unit } from './repository.ts';
import { formatVersion } from './version.ts';

/** What of an action's folder its archive holds, besides the licence of the whole. */
const contents = ['action.yml', 'dist', 'README.md', 'CHANGELOG.md'];

/**
 * Writes `action-x-v1.2.3.tar.gz` for each action of HEAD into a folder. git makes them: the same commit gives the same bytes.
 * @returns their names
 */
export async function writeArchives(git: Git, units: readonly Unit[], out: string): Promise<readonly string[]> {
  mkdirSync(out, { recursive: true });
  const actions = units.filter(({ folder }) => folder !== '.');
  return Promise.all(
    actions.map(async (unit) => {
      const name = `${stemOf(unit)}.tar.gz`;
      const paths = ['LICENSE', ...contents.map((path) => `${unit.folder}/${path}`)];
      const present = await git.lines(['ls-tree', '--name-only', 'HEAD', ...paths]);
      const to = ['--format=tar.gz', `--prefix=${stemOf(unit)}/`, `--output=${join(resolve(out), name)}`];
      await git.run(['archive', ...to, 'HEAD', ...present]);
      return name;
    }),
  );
}

/** The files in a folder that belong to a unit's release by their names (`action-x-v1.2.3.…`); all of them for the set's. */
export function findAssets(folder: string | undefined, unit: Unit): readonly string[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const isOwn = (name: string): boolean => unit.folder === '.' || name.startsWith(`${stemOf(unit)}.`);
  return readdirSync(folder)
    .filter(isOwn)
    .sort()
    .map((name) => join(folder, name));
}

function stemOf({ folder, version }: Unit): string {
  return `${folder}-v${formatVersion(version)}`;
}
