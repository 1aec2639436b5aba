import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Git } from './git.ts';
import { readIdentity, type Identity } from './identity.ts';
import { renameIn } from './placeholder.ts';

/** A file whose text changes with the repository's name. */
export interface RenamedFile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * What a new name changes in the files that git tracks. Bundles are left out: no source that is bundled names the
 * repository, so a rename leaves every dist/ as it is.
 */
export async function planRename(folder: string, to: Identity): Promise<readonly RenamedFile[]> {
  const from = readIdentity(folder);
  const tracked = await new Git(folder).run(['ls-files', '-z', '--', '.', ':(exclude)*/dist/*']);
  return tracked
    .split('\0')
    .filter((path) => path !== '')
    .flatMap((path) => {
      const content = readFileSync(join(folder, path));
      if (content.includes(0)) return [];
      const before = content.toString('utf8');
      const after = renameIn(before, from, to);
      return before === after ? [] : [{ path, before, after }];
    });
}

/** Writes it. */
export function applyRename(folder: string, files: readonly RenamedFile[]): void {
  for (const { path, after } of files) writeFileSync(join(folder, path), after);
}
