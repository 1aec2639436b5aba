import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { SqlFile as ReviewedFile } from '../review/finding.ts';
import { findWorkspaceFiles } from '../workspace-files.ts';
import { chooseMode, type TransactionMode } from './transaction-mode.ts';

/** A file of `sql-files`, as it will be run. */
export interface SqlFile {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly content: Buffer;
  readonly sha256: string;
  readonly mode: TransactionMode;
}

/** The same file, for the review. */
export function toReview({ path, content }: SqlFile): ReviewedFile {
  return { path, text: content.toString('utf8'), runs: 'single-transaction' };
}

const mostBytes = 16 * 1024 * 1024;
const mostFiles = 500;

/**
 * Reads what the lines of `sql-files` name, below the workspace: lines in their order, the files of a pattern by name.
 * A file that two lines name runs once.
 * @throws ConfigurationError for a line that names nothing, and for what cannot be run safely
 */
export function readSqlFiles(lines: readonly string[], workspace: string): readonly SqlFile[] {
  const paths = findWorkspaceFiles('sql-files', lines, workspace);
  if (paths.length > mostFiles)
    throw new ConfigurationError(`input \`sql-files\`: ${paths.length} files are more than ${mostFiles}.`);
  return paths.map((path) => readFile(path, workspace));
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
