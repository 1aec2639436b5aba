import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { record } from './metadata.ts';
import { root } from './workspace.ts';

/** A step that uses one of our actions, wherever it was found. */
export interface ActionStep {
  /** `file, step name or id`: for messages. */
  readonly where: string;
  readonly id: string | undefined;
  /** `action-notify`; the root composite is `.`. */
  readonly folder: string;
  readonly with: Readonly<Record<string, unknown>>;
}

/** A reference such as `steps.gate.outputs.result`. */
export interface OutputReference {
  readonly where: string;
  readonly id: string;
  readonly output: string;
}

/** The steps of one list (a job's, a composite's) and what they and their surroundings refer to. */
export interface StepList {
  readonly where: string;
  readonly steps: readonly ActionStep[];
  readonly references: readonly OutputReference[];
}

const ours = /^your-org\/deploy-actions(?:\/(action-[a-z-]+))?@v\d+$/;

/** Every list of steps in the workflows, the composite and the documents' YAML examples. */
export function findStepLists(): readonly StepList[] {
  const workflows = [...globSync('examples/*/.github/workflows/*.yml', { cwd: root }), 'action.yml'];
  const documents = globSync(['README.md', 'action-*/README.md', 'docs/**/*.md', 'examples/*/README.md'], {
    cwd: root,
  });
  return [
    ...workflows.sort().flatMap((file) => readLists(file, readFileSync(join(root, file), 'utf8'))),
    ...documents
      .sort()
      .flatMap((file) => yamlBlocks(readFileSync(join(root, file), 'utf8')).flatMap((block) => readLists(file, block))),
  ];
}

/** The fenced YAML blocks of a Markdown text, their indentation taken away. */
export function yamlBlocks(markdown: string): readonly string[] {
  return findYamlBlocks(markdown).map(({ body }) => body);
}

/** The same with the line, from 1, that each block's first line is on. */
export function findYamlBlocks(markdown: string): readonly { readonly line: number; readonly body: string }[] {
  return [...markdown.matchAll(/^( *)```ya?ml\n([\s\S]*?)^\1```/gm)].map(({ 1: indent = '', 2: body = '', index }) => ({
    line: markdown.slice(0, index).split('\n').length + 1,
    body: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** A whole workflow, a composite, or a bare list of steps. */
function readLists(where: string, text: string): readonly StepList[] {
  const document: unknown = parse(text);
  if (Array.isArray(document)) return [readList(where, document, text)];
  const { jobs, runs, steps } = record(document);
  const lists = [...Object.values(record(jobs)), runs, { steps }].map((owner) => record(owner)['steps']);
  return lists.filter(Array.isArray).map((list: readonly unknown[]) => readList(where, list, JSON.stringify(document)));
}

function readList(where: string, list: readonly unknown[], text: string): StepList {
  const steps = list.map(record).flatMap((step) => {
    const [, folder = '.'] = ours.exec(asText(step['uses'])) ?? [];
    if (!ours.test(asText(step['uses']))) return [];
    const id = asText(step['id']) || undefined;
    const name = id ?? asText(step['name'] ?? step['uses']);
    return [{ where: `${where}, step ${name}`, id, folder, with: record(step['with']) }];
  });
  const references = [...text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)].map(([, id = '', output = '']) => ({
    where,
    id,
    output,
  }));
  return { where, steps, references };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
