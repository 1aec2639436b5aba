import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What an action.yml says of one input. Absent keys are the empty string, false and undefined. */
export interface InputMetadata {
  readonly description: string;
  readonly required: boolean;
  readonly default: string | undefined;
}

/** What a caller may give and gets: of an action, or of a reusable workflow. */
export interface Interface {
  readonly inputs: Readonly<Record<string, InputMetadata>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
}

/** The parts of an action.yml that the documents and the contract test look at. */
export interface ActionMetadata extends Interface {
  readonly name: string;
  readonly description: string;
  readonly branding: { readonly icon: string; readonly color: string };
  readonly runs: Readonly<Record<string, unknown>>;
}

/** Reads an action.yml. What is missing is read as empty: it is the contract test that complains, with a name. */
export function readMetadata(file: string): ActionMetadata {
  const document = record(parse(readFileSync(file, 'utf8')));
  const branding = record(document['branding']);
  return {
    name: text(document['name']),
    description: text(document['description']),
    branding: { icon: text(branding['icon']), color: text(branding['color']) },
    ...readInterface(document),
    runs: record(document['runs']),
  };
}

/** Reads what `on.workflow_call` of a workflow file says; what is missing is empty. */
export function readCalledWorkflow(file: string): Interface {
  return readInterface(record(record(record(parse(readFileSync(file, 'utf8')))['on'])['workflow_call']));
}

function readInterface(owner: Readonly<Record<string, unknown>>): Interface {
  return {
    inputs: mapRecord(owner['inputs'], (input) => ({
      description: text(input['description']),
      required: input['required'] === true,
      default: input['default'] === undefined ? undefined : text(input['default']),
    })),
    outputs: mapRecord(owner['outputs'], (output) => ({ description: text(output['description']) })),
  };
}

/** A YAML mapping as a record; anything else is an empty one. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function mapRecord<T>(
  value: unknown,
  read: (entry: Readonly<Record<string, unknown>>) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record(value)).map(([name, entry]) => [name, read(record(entry))]));
}

function text(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
