import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { errorCodesFile, renderErrorIndex } from './error-codes.ts';
import { readCalledWorkflow, readMetadata } from './metadata.ts';
import { escapeCell, fillReadme, fillSection, renderRows } from './readme-table.ts';
import { listActions, root } from './workspace.ts';

/** A README as it stands, and as its action.yml says it should be. */
export interface ReadmeState {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** The order in which a deploy walks them; an action that is not of the chain comes last. */
const chain = ['verify-image', 'sync-remote', 'migrate', 'rolling-deploy', 'health-gate', 'notify'];

/** The document of the reusable workflow, whose tables come from what the workflow says of itself. */
const calledWorkflow = { document: 'docs/deploy-compose.md', file: '.github/workflows/deploy-compose.yml' };

/** Every document with generated parts: a folder stands for its README.md. */
export function listReadmes(): readonly string[] {
  return ['.', ...listActions(), errorCodesFile, calledWorkflow.document];
}

/**
 * Renders the generated parts of a document: an action's tables, the root's list of actions and workflow, the index of error
 * codes.
 * @throws Error when there is no such file, a section's markers are missing, or an error code is not explained
 */
export async function renderReadme(folder: string): Promise<ReadmeState> {
  const file = join(root, folder.endsWith('.md') ? folder : join(folder, 'README.md'));
  const before = readFileSync(file, 'utf8');
  const filled = fillDocument(folder, before);
  return { file, before, after: await format(filled, { ...(await resolveConfig(file)), filepath: file }) };
}

function fillDocument(folder: string, before: string): string {
  if (folder === errorCodesFile) return fillSection(before, 'index', renderErrorIndex());
  if (folder === calledWorkflow.document)
    return fillReadme(before, readCalledWorkflow(join(root, calledWorkflow.file)));
  return folder === '.' ? fillRoot(before) : fillReadme(before, readMetadata(join(root, folder, 'action.yml')));
}

function fillRoot(readme: string): string {
  const workflow = readExampleWorkflow('deploy-api.yml');
  const position = (folder: string): number => chain.indexOf(folder.replace('action-', '')) + 1 || chain.length + 1;
  const inOrder = [...listActions()].sort((a, b) => position(a) - position(b));
  const rows = inOrder.map((folder) => {
    const { description } = readMetadata(join(root, folder, 'action.yml'));
    return [`[${folder.replace('action-', '')}](${folder}/README.md)`, escapeCell(description)];
  });
  const withActions = fillSection(readme, 'actions', renderRows(['Action', 'What it does'], rows));
  return fillSection(fillSection(withActions, 'workflow', workflow), 'sites', readExampleWorkflow('deploy-sites.yml'));
}

function readExampleWorkflow(name: string): string {
  const file = join(root, 'examples/promote-by-sha/.github/workflows', name);
  return `\`\`\`yaml\n${readFileSync(file, 'utf8')}\`\`\`\n`;
}
