import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { readMetadata } from './metadata.ts';
import { fillReadme } from './readme-table.ts';
import { root } from './workspace.ts';

/** A README as it stands, and as its action.yml says it should be. */
export interface ReadmeState {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Renders the generated parts of an action's README.
 * @throws Error when there is no README.md or a section's markers are missing
 */
export async function renderReadme(folder: string): Promise<ReadmeState> {
  const file = join(root, folder, 'README.md');
  const before = readFileSync(file, 'utf8');
  const filled = fillReadme(before, readMetadata(join(root, folder, 'action.yml')));
  return { file, before, after: await format(filled, { ...(await resolveConfig(file)), filepath: file }) };
}
