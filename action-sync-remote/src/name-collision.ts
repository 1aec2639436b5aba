import { ancestorsOf, foldersOf } from '@deploy-actions/kit/state/manifest';

/**
 * Groups of paths, folders included, that differ only in case or in the Unicode form of a letter: one file on a Mac or a
 * Windows checkout, two on the server. Pure.
 */
export function findCollisions(paths: readonly string[]): readonly (readonly string[])[] {
  const groups = new Map<string, Set<string>>();
  for (const path of new Set([...foldersOf(paths), ...paths])) {
    const key = path.normalize('NFC').toLowerCase();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, new Set([path]));
    else group.add(path);
  }
  // Below two folders that collide every path does: the folders say it.
  const found = [...groups].filter(([, group]) => group.size > 1);
  const keys = new Set(found.map(([key]) => key));
  return found
    .filter(([key]) => !ancestorsOf(key).some((above) => keys.has(above)))
    .map(([, group]) => [...group].sort());
}
