import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ActionMetadata } from '@actions/languageservice/action';
import { readMetadata } from '../metadata.ts';
import { root } from '../workspace.ts';
import type { Finding } from './finding.ts';
import type { LintDocument } from './lint-document.ts';

const OURS = 'your-org/deploy-actions';

/**
 * GitHub's own checks (@actions/languageservice), with the metadata of our actions: an input that an action of ours does
 * not have, or a required one that is missing, is a finding. Actions of others are actionlint's to know.
 */
export async function runLanguageService(documents: readonly LintDocument[]): Promise<readonly Finding[]> {
  // The package imports JSON without saying so, which Node refuses.
  registerHooks({
    load(url, context, next) {
      if (!url.endsWith('.json')) return next(url, context);
      const source = `export default ${readFileSync(fileURLToPath(url), 'utf8')}`;
      return { format: 'module', shortCircuit: true, source };
    },
  });
  const { validate } = await import('@actions/languageservice');
  const { TextDocument } = await import('vscode-languageserver-textdocument');
  const found: Finding[] = [];
  for (const [index, { file, firstLine, kind, text }] of documents.entries()) {
    const name = kind === 'action' ? 'action.yml' : `.github/workflows/${index}.yml`;
    // It keeps what it has read by this name, so no two texts may share one.
    const document = TextDocument.create(`file:///${randomUUID()}/${name}`, 'yaml', 1, text);
    const diagnostics = await validate(document, {
      actionsMetadataProvider: { fetchActionMetadata: (action) => Promise.resolve(readActionMetadata(action)) },
      fileProvider: { getFileContent: (reference) => Promise.resolve(readCalled(reference)) },
    });
    for (const { range, code, message } of diagnostics) {
      const line = firstLine + range.start.line;
      found.push({ tool: 'languageservice', file, line, rule: String(code ?? ''), message: plainOf(message) });
    }
  }
  return found;
}

function plainOf(message: string | { readonly value: string }): string {
  return typeof message === 'string' ? message : message.value;
}

interface ActionName {
  readonly owner: string;
  readonly name: string;
  readonly path?: string;
}

/** Of ours, what action.yml says; undefined where we have no such action. Of others nothing, which checks nothing. */
function readActionMetadata({ owner, name, path = '' }: ActionName): ActionMetadata | undefined {
  if (`${owner}/${name}` !== OURS) return { name, description: '' };
  try {
    return readInputs(join(root, path, 'action.yml'));
  } catch {
    return undefined;
  }
}

function readInputs(file: string): ActionMetadata {
  const { name, description, inputs } = readMetadata(file);
  const entries = Object.entries(inputs).map(
    ([input, { required, default: fallback }]) =>
      [input, { description: '', required, ...(fallback === undefined ? {} : { default: fallback }) }] as const,
  );
  return { name, description, inputs: Object.fromEntries(entries) };
}

/** A reusable workflow that another one calls: ours, whatever the reference's ref. */
function readCalled(reference: CalledWorkflow): { readonly name: string; readonly content: string } {
  const { owner, repository, path } = reference;
  if (owner !== undefined && `${owner}/${repository ?? ''}` !== OURS)
    throw new Error(`${owner}/${repository ?? ''} is not here`);
  return { name: path, content: readFileSync(join(root, path), 'utf8') };
}

interface CalledWorkflow {
  readonly path: string;
  readonly owner?: string;
  readonly repository?: string;
}
