import { ancestorsOf, foldersOf } from '@deploy-actions/kit/state/manifest';

/**
 * Groups of paths, folders included, that differ only in case or in the Unicode form of a letter: one file on a Mac or a
 * Windows checkout, two on the server. Pure.
 */
export function findCollisions(paths: readonly string[]): readonly (readonly string[])[] {
  const first = new Map<string, string>();
  const groups = new Map<string, string[]>();
  for (const path of new Set([...foldersOf(paths), ...paths])) {
    const key = foldName(path);
    const before = first.get(key);
    if (before === undefined) first.set(key, path);
    else groups.set(key, [...(groups.get(key) ?? [before]), path]);
  }
  // Below two folders that collide every path does: the folders say it.
  return [...groups]
    .filter(([key]) => !ancestorsOf(key).some((above) => groups.has(above)))
    .map(([, group]) => group.toSorted());
}

/** What such a file system takes for the same. Most names are plain, and thousands are asked for. */
function foldName(path: string): string {
  return /^[!-@[-~ ]*$/.test(path) ? path : path.normalize('NFC').toLowerCase();
}
