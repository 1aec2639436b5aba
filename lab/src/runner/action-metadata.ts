import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { assertUsage, HarnessError } from './error.ts';
import { parseSteps, type StepSource } from './step-source.ts';
import { asRecord, asText, optionalText, type YamlRecord } from './yaml-record.ts';

/** One input of an action.yml. */
export interface ActionInput {
  readonly required: boolean;
  /** As written, expressions not evaluated. */
  readonly default: string | undefined;
}

/** `runs:` of a JavaScript action. */
export interface NodeRuns {
  readonly kind: 'node';
  readonly using: string;
  readonly main: string;
  readonly post: string | undefined;
  readonly postIf: string;
}

/** `runs:` of a composite action. */
export interface CompositeRuns {
  readonly kind: 'composite';
  readonly steps: readonly StepSource[];
}

export interface ActionMetadata {
  readonly folder: string;
  readonly name: string;
  readonly inputs: ReadonlyMap<string, ActionInput>;
  /** Output name → `value` expression of a composite; undefined in a JavaScript action. */
  readonly outputs: ReadonlyMap<string, string | undefined>;
  readonly runs: NodeRuns | CompositeRuns;
}

function parseRuns(runs: YamlRecord, file: string): NodeRuns | CompositeRuns {
  const using = asText(runs['using'], `${file}: runs.using`);
  if (using === 'composite') return { kind: 'composite', steps: parseSteps(runs['steps'], `${file}: runs.steps`) };
  assertUsage(/^node\d+$/.test(using), `${file}: runs.using ${using} is not supported`);
  assertUsage(runs['pre'] === undefined, `${file}: runs.pre is not supported`);
  return {
    kind: 'node',
    using,
    main: asText(runs['main'], `${file}: runs.main`),
    post: optionalText(runs['post'], `${file}: runs.post`),
    postIf: optionalText(runs['post-if'], `${file}: runs.post-if`) ?? 'always()',
  };
}

function parseInputs(source: YamlRecord, file: string): ReadonlyMap<string, ActionInput> {
  const inputs = new Map<string, ActionInput>();
  for (const [name, value] of Object.entries(source)) {
    const input = asRecord(value ?? {}, `${file}: inputs.${name}`);
    inputs.set(name, {
      required: input['required'] === true || input['required'] === 'true',
      default: optionalText(input['default'], `${file}: inputs.${name}.default`),
    });
  }
  return inputs;
}

/** Reads the text of an action.yml that lies in `folder`. Throws HarnessError on what the harness does not support. */
export function parseActionMetadata(text: string, folder: string): ActionMetadata {
  const file = join(folder, 'action.yml');
  const root = asRecord(parse(text), file);
  const outputs = new Map<string, string | undefined>();
  for (const [name, value] of Object.entries(asRecord(root['outputs'] ?? {}, `${file}: outputs`)))
    outputs.set(
      name,
      optionalText(asRecord(value ?? {}, `${file}: outputs.${name}`)['value'], `${file}: outputs.${name}.value`),
    );
  return {
    folder,
    name: asText(root['name'], `${file}: name`),
    inputs: parseInputs(asRecord(root['inputs'] ?? {}, `${file}: inputs`), file),
    outputs,
    runs: parseRuns(asRecord(root['runs'], `${file}: runs`), file),
  };
}

/** Throws HarnessError when the folder holds no action.yml. */
export async function loadActionMetadata(folder: string): Promise<ActionMetadata> {
  const text = await readFile(join(folder, 'action.yml'), 'utf8').catch((cause: unknown) => {
    throw new HarnessError(`${folder} has no action.yml`, { cause });
  });
  return parseActionMetadata(text, folder);
}
