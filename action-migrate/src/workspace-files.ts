import { globSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput } from '@deploy-actions/kit/action/inputs';

/**
 * The files that lines of an input name below the workspace: the lines in their order, the files of a pattern by name, each
 * once, with `/`.
 * @throws ConfigurationError for a line that leads out of the workspace, or names nothing
 */
export function findWorkspaceFiles(input: string, lines: readonly string[], workspace: string): readonly string[] {
  return [...new Set(lines.flatMap((line) => findFiles(input, line, workspace)))];
}

function findFiles(input: string, line: string, workspace: string): readonly string[] {
  if (isAbsolute(line) || line.split(/[/\\]/).includes('..'))
    throw badInput(input, line, 'a path or pattern below the workspace');
  const found = globSync(line, { cwd: workspace })
    .map((path) => join(workspace, path))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => relative(workspace, path).split(sep).join('/'))
    .sort();
  if (found.length > 0) return found;
  throw new ConfigurationError(
    `input \`${input}\`: ${JSON.stringify(line)} names no file in the workspace.`,
    'Did the job check the repository out (actions/checkout) before this step?',
  );
}
