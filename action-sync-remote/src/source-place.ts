import { realpath, stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { isAlwaysProtected } from '@deploy-actions/kit/state/manifest';

/** One line of `source`, found on the runner. A folder brings what is in it, a file brings itself. */
export interface SourcePlace {
  /** As typed. */
  readonly text: string;
  /** Absolute, links resolved. */
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * Finds the sources below the workspace.
 * @throws ConfigurationError when one is missing, outside the workspace, or a protected path
 */
export async function findSources(workspace: string, sources: readonly string[]): Promise<readonly SourcePlace[]> {
  if (sources.length === 0)
    throw new ConfigurationError('input `source` is empty.', 'Use `.` for the whole workspace.');
  const root = await realpath(workspace);
  return Promise.all(sources.map((text) => findSource(root, text)));
}

async function findSource(root: string, text: string): Promise<SourcePlace> {
  const subject = `input \`source\`: ${JSON.stringify(text)}`;
  const path = await realpath(resolve(root, text)).catch(() => undefined);
  if (path === undefined)
    throw new ConfigurationError(
      `${subject} does not exist in the workspace.`,
      'Is actions/checkout (or the download of an artifact) a step before this one?',
    );
  const inside = relative(root, path);
  if (inside === '..' || inside.startsWith(`..${sep}`))
    throw new ConfigurationError(`${subject} is outside the workspace.`, 'Only files of the workspace are synced.');
  const found = await stat(path);
  if (!found.isDirectory() && !found.isFile())
    throw new ConfigurationError(`${subject} is neither a folder nor a regular file.`);
  // The whole of an env folder or `.git` as a source would be an empty set.
  if (isAlwaysProtected(inside === '' ? 'workspace' : inside) || isAlwaysProtected(basename(path)))
    throw new ConfigurationError(
      `${subject} is a protected path: env files, .git and .deploy are never synced.`,
      'Keep env files on the server only; they hold secrets.',
    );
  return { text, path, isFolder: found.isDirectory() };
}
