import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { parse } from 'yaml';
import { cleanLine } from './plain-text.ts';

export interface Field {
  readonly name: string;
  readonly value: string;
}

/**
 * Reads the YAML map of `fields`: names and single values, in their order. Empty values are left out, because an output of a
 * step that did not run arrives empty.
 * @throws ConfigurationError
 */
export function parseFields(text: string): readonly Field[] {
  const map = parseYaml(text);
  if (map === null || map === undefined) return [];
  if (typeof map !== 'object' || Array.isArray(map)) {
    throw new ConfigurationError('input `fields`: it is not a YAML map.', 'Write one `Name: value` a line.');
  }
  return Object.entries(map).flatMap(([name, value]: readonly [string, unknown]) => {
    if (value === null || value === '') return [];
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ConfigurationError(`input \`fields\`: the value of ${JSON.stringify(name)} is not a single value.`);
    }
    const field = { name: cleanLine(name), value: cleanLine(String(value)) };
    return field.name === '' || field.value === '' ? [] : [field];
  });
}

function parseYaml(text: string): unknown {
  try {
    const value: unknown = parse(text, { maxAliasCount: 10, uniqueKeys: true });
    return value;
  } catch (cause) {
    const problem = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new ConfigurationError(
      `input \`fields\`: it is not valid YAML: ${problem}`,
      'A value with a colon, a quote or a line break needs quotes, for example Reason: ${{ toJSON(inputs.reason) }}.',
    );
  }
}
