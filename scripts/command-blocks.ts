import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.ts';

/** A fenced block of commands in a document. */
export interface CommandBlock {
  /** Path from the root, and the line of its fence. */
  readonly document: string;
  readonly line: number;
  readonly text: string;
  /** By the comment on the line before it: a test runs it, or none can. Undefined: nobody decided. */
  readonly proof: { readonly kind: 'run'; readonly name: string } | { readonly kind: 'illustrative' } | undefined;
}

/** Every document of the repository that people read. */
export function listDocuments(): readonly string[] {
  return globSync(['*.md', '.github/*.md', '{action-*,kit,lab,demo,bench,docs,examples}/**/*.md'], {
    cwd: root,
    exclude: ['**/node_modules/**', '**/dist/**', '**/out/**'],
  }).sort();
}

/**
 * The blocks of commands in a text: fenced as `sh`, `bash`, `shell` or `console`. What proves one stands before it, as
 * `<!-- run: name -->` or `<!-- illustrative -->`. Pure.
 */
export function findCommandBlocks(document: string, text: string): readonly CommandBlock[] {
  const fences = text.matchAll(/^( *)```(?:sh|bash|shell|console)\b.*\n([\s\S]*?)^\1```$/gm);
  return [...fences].map(({ index, 1: indent = '', 2: body = '' }) => {
    const before = text.slice(0, index).split('\n');
    return {
      document,
      line: before.length,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      proof: readProof(before.slice(0, -1).findLast((line) => line.trim() !== '') ?? ''),
    };
  });
}

function readProof(line: string): CommandBlock['proof'] {
  const name = /^\s*<!-- run: ([\w./ -]+) -->$/.exec(line)?.[1];
  if (name !== undefined) return { kind: 'run', name };
  return /^\s*<!-- illustrative -->$/.test(line) ? { kind: 'illustrative' } : undefined;
}

/** Every block of commands in every document. */
export function listCommandBlocks(): readonly CommandBlock[] {
  return listDocuments().flatMap((document) => findCommandBlocks(document, readFileSync(join(root, document), 'utf8')));
}

/**
 * The text of the block that is marked `<!-- run: name -->`, for the test that runs it. What a reader replaces by his own,
 * the test replaces too.
 * @throws Error when there is no such block, or more than one
 */
export function readCommandBlock(name: string): string {
  const found = listCommandBlocks().filter(({ proof }) => proof?.kind === 'run' && proof.name === name);
  const [block] = found;
  if (block === undefined || found.length > 1)
    throw new Error(`${String(found.length)} blocks are marked run: ${name}`);
  return block.text;
}
