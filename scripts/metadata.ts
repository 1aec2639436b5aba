import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What an action.yml says of one input. Absent keys are the empty string, false and undefined. */
export interface InputMetadata {
  readonly description: string;
  readonly required: boolean;
  readonly default: string | undefined;
}

/** The parts of an action.yml that the documents and the contract test look at. */
export interface ActionMetadata {
  readonly name: string;
  readonly description: string;
  readonly branding: { readonly icon: string; readonly color: string };
  readonly inputs: Readonly<Record<string, InputMetadata>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
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
    inputs: mapRecord(document['inputs'], (input) => ({
      description: text(input['description']),
      required: input['required'] === true,
      default: input['default'] === undefined ? undefined : text(input['default']),
    })),
    outputs: mapRecord(document['outputs'], (output) => ({ description: text(output['description']) })),
    runs: record(document['runs']),
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
