import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { record } from '../metadata.ts';
import { findYamlBlocks } from '../workflow-steps.ts';
import { root } from '../workspace.ts';

/** A text that people copy, as a file that a linter of workflows takes. */
export interface LintDocument {
  /** Where it comes from, below the repository. */
  readonly file: string;
  /** Line of `file` that is line 1 of `text`; below 1 where the text has a head that the file does not have. */
  readonly firstLine: number;
  readonly kind: 'workflow' | 'action';
  readonly text: string;
}

/** Workflows of this repository and of the examples, every action.yml, and the workflows and steps that documents show. */
export function findLintDocuments(): readonly LintDocument[] {
  const workflows = globSync(['.github/workflows/*.yml', 'examples/*/.github/workflows/*.yml'], { cwd: root });
  const actions = globSync(['action.yml', 'action-*/action.yml'], { cwd: root });
  const documents = globSync(['*.md', 'action-*/README.md', 'docs/**/*.md', 'examples/*/README.md', 'demo/*.md'], {
    cwd: root,
  });
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const whole = (kind: LintDocument['kind']) => (file: string) => ({ file, firstLine: 1, kind, text: read(file) });
  return [
    ...workflows.sort().map(whole('workflow')),
    ...actions.sort().map(whole('action')),
    ...documents.sort().flatMap((file) => findSnippets(file, read(file))),
  ];
}

/** The fenced YAML blocks of a document that are a workflow, or steps, which get a workflow around them. */
export function findSnippets(file: string, markdown: string): readonly LintDocument[] {
  return findYamlBlocks(markdown).flatMap(({ line, body }) => {
    const document: unknown = parse(body);
    const { on, jobs, steps } = record(document);
    if (jobs !== undefined) {
      const text = on === undefined ? `on: workflow_dispatch\n${body}` : body;
      return [{ file, firstLine: on === undefined ? line - 1 : line, kind: 'workflow' as const, text }];
    }
    const list = Array.isArray(document) ? indent(body, 6) : steps === undefined ? undefined : unwrapSteps(body);
    if (list === undefined || !/^\s*-? *(uses|run):/m.test(body)) return [];
    const head = renderHead(body);
    return [{ file, firstLine: line - head.split('\n').length + 1, kind: 'workflow' as const, text: head + list }];
  });
}

/** A workflow up to its steps, in which everything that the steps refer to is there. */
function renderHead(steps: string): string {
  const declared = new Set([...steps.matchAll(/^\s*-? *id: *([\w-]+)/gm)].map(([, id = '']) => id));
  const names = (pattern: RegExp): readonly string[] => [
    ...new Set([...steps.matchAll(pattern)].map(([, name = '']) => name)),
  ];
  const inputs = names(/\binputs\.([\w-]+)/g).map((name) => `      ${name}: { type: string }`);
  const needs = names(/\bneeds\.([\w-]+)/g);
  const before = names(/\bsteps\.([\w-]+)/g).filter((id) => !declared.has(id));
  return [
    'on:',
    '  push:',
    '  pull_request:',
    '  workflow_dispatch:',
    ...(inputs.length === 0 ? [] : ['    inputs:', ...inputs]),
    'permissions: {}',
    'jobs:',
    ...needs.flatMap((name) => [
      `  ${name}: { runs-on: ubuntu-24.04, outputs: ${renderOutputs(steps, name)}, steps: [{ run: 'true' }] }`,
    ]),
    '  snippet:',
    ...(needs.length === 0 ? [] : [`    needs: [${needs.join(', ')}]`]),
    '    runs-on: ubuntu-24.04',
    '    steps:',
    ...before.map((id) => `      - { id: ${id}, run: 'true' }`),
    '',
  ].join('\n');
}

function renderOutputs(steps: string, job: string): string {
  const found = [...steps.matchAll(new RegExp(`\\bneeds\\.${job}\\.outputs\\.([\\w-]+)`, 'g'))];
  return `{ ${[...new Set(found.map(([, name = '']) => `${name}: x`))].join(', ')} }`;
}

/** What stands below `steps:`, its own head blanked so that lines keep their numbers. */
function unwrapSteps(body: string): string | undefined {
  const lines = body.split('\n');
  const start = lines.indexOf('steps:');
  if (start === -1) return undefined;
  return indent(lines.map((line, index) => (index <= start ? '' : line)).join('\n'), 4);
}

function indent(text: string, width: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(width));
}

/**
 * Writes each document into a folder of its own below `folder`, with the name that linters go by. Returns them by path,
 * relative to `folder`.
 */
export function writeDocuments(folder: string, documents: readonly LintDocument[]): ReadonlyMap<string, LintDocument> {
  const written = documents.map((document, index) => {
    const path = document.kind === 'action' ? `${index}/action.yml` : `${index}/.github/workflows/workflow.yml`;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), document.text);
    return [path, document] as const;
  });
  return new Map(written);
}
