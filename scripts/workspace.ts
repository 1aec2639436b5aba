import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's root: scripts work from anywhere. */
export const root = join(import.meta.dirname, '..');

/** The folders of the root that are actions: those with an action.yml, in the order of the chain's names. */
export function listActions(from: string = root): readonly string[] {
  return listFolders(from, (folder) => folder.startsWith('action-') && existsSync(join(from, folder, 'action.yml')));
}

/** The folders that the compiler checks: those with a tsconfig.json of their own. */
export function listProjects(from: string = root): readonly string[] {
  return listFolders(from, (folder) => existsSync(join(from, folder, 'tsconfig.json')));
}

function listFolders(from: string, isWanted: (folder: string) => boolean): readonly string[] {
  return readdirSync(from, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter(isWanted)
    .sort();
}
