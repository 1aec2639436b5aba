import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { parse } from 'yaml';
import { parsePattern, type PathPattern } from './path-pattern.ts';

/** What is built and deployed together, and the paths that concern it. */
export interface Group {
  readonly name: string;
  readonly patterns: readonly PathPattern[];
}

/** Outputs of the action itself, which a group would hide. */
const reserved = new Set(['groups', 'matched', 'files-count', 'is-complete', 'from-fork', 'reason', 'error-code']);

/**
 * Reads the YAML of `groups`: name → patterns, as a list or as lines of one text. `always` are patterns that every group
 * has besides, after its own.
 * @throws ConfigurationError naming the group and what is wrong
 */
export function parseGroups(text: string, always: readonly string[]): readonly Group[] {
  const map = parseYaml(text);
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw notAMap('it is not a YAML map');
  const entries = Object.entries(map as Readonly<Record<string, unknown>>);
  if (entries.length === 0) throw notAMap('it has no group');
  const shared = always.map((pattern) => parsePattern(pattern, 'input `always-include`'));
  return entries.map(([name, value]) => {
    if (!/^[A-Za-z_][\w-]{0,99}$/.test(name) || reserved.has(name)) {
      throw notAMap(
        `${JSON.stringify(name)} cannot be the name of a group${reserved.has(name) ? ', it is an output already' : ''}`,
      );
    }
    const where = `input \`groups\`: ${name}`;
    const lines = readLines(value, where);
    const patterns = lines.map((line) => parsePattern(line, where));
    if (!patterns.some(({ isNegative }) => !isNegative)) {
      throw new ConfigurationError(`${where} has no pattern that puts a file in, so it would never be deployed.`);
    }
    return { name, patterns: [...patterns, ...shared] };
  });
}

function readLines(value: unknown, where: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split('\n') : [];
  const lines = list.map((line) => {
    if (typeof line === 'string') return line.trim();
    throw new ConfigurationError(
      `${where}: a pattern is not a text.`,
      'Put patterns that begin with * or ! in quotes.',
    );
  });
  const kept = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (kept.length > 0) return kept;
  throw new ConfigurationError(`${where} has no patterns.`, 'Give a YAML list of paths, for example [apps/docs/**].');
}

function parseYaml(text: string): unknown {
  try {
    const value: unknown = parse(text, { maxAliasCount: 100, uniqueKeys: true });
    return value;
  } catch (cause) {
    const problem = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new ConfigurationError(
      `input \`groups\`: it is not valid YAML: ${problem}`,
      'Put patterns that begin with * or ! in quotes.',
    );
  }
}

function notAMap(problem: string): ConfigurationError {
  return new ConfigurationError(
    `input \`groups\`: ${problem}.`,
    'Write one group a line, for example docs: [apps/docs/**]. Names have letters, digits, `_` and `-`.',
  );
}
