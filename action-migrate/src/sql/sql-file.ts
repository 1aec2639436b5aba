import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput } from '@deploy-actions/kit/action/inputs';
import { chooseMode, type TransactionMode } from './transaction-mode.ts';

/** A file of `sql-files`, as it will be run. */
export interface SqlFile {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly content: Buffer;
  readonly sha256: string;
  readonly mode: TransactionMode;
}

const mostBytes = 16 * 1024 * 1024;
const mostFiles = 500;

/**
 * Reads what the lines of `sql-files` name, below the workspace: lines in their order, the files of a pattern by name.
 * A file that two lines name runs once.
 * @throws ConfigurationError for a line that names nothing, and for what cannot be run safely
 */
export function readSqlFiles(lines: readonly string[], workspace: string): readonly SqlFile[] {
  const paths = [...new Set(lines.flatMap((line) => findFiles(line, workspace)))];
  if (paths.length > mostFiles)
    throw new ConfigurationError(`input \`sql-files\`: ${paths.length} files are more than ${mostFiles}.`);
  return paths.map((path) => readFile(path, workspace));
}

function findFiles(line: string, workspace: string): readonly string[] {
  if (isAbsolute(line) || line.split(/[/\\]/).includes('..'))
    throw badInput('sql-files', line, 'a path or pattern below the workspace');
  const found = globSync(line, { cwd: workspace })
    .filter((path) => statSync(join(workspace, path)).isFile())
    .map((path) => relative(workspace, join(workspace, path)).split(sep).join('/'))
    .sort();
  if (found.length > 0) return found;
  throw new ConfigurationError(
    `input \`sql-files\`: ${JSON.stringify(line)} names no file in the workspace.`,
    'Did the job check the repository out (actions/checkout) before this step?',
  );
}

function readFile(path: string, workspace: string): SqlFile {
  const content = readFileSync(join(workspace, path));
  if (content.length > mostBytes)
    throw new ConfigurationError(`input \`sql-files\`: ${path} has ${content.length} bytes, more than ${mostBytes}.`);
  if (content.includes(0))
    throw new ConfigurationError(`input \`sql-files\`: ${path} is no text: it holds a zero byte.`);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { path, content, sha256, mode: chooseMode(path, content.toString('utf8')) };
}
