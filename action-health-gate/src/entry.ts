import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { parseDuration, type Duration } from '@deploy-actions/kit/time/duration';

type Map = Readonly<Record<string, unknown>>;

/** One map of the YAML list: reads its keys, naming place and key in every error. All methods throw ConfigurationError. */
export interface Entry {
  /** What messages call it: ``input `checks`, check 2 (api)``. */
  readonly where: string;
  /** What messages call one of its keys. */
  readonly subject: (key: string) => string;
  /** A scalar as the user typed it; numbers and booleans of YAML are text to us. Undefined when absent or empty. */
  text(key: string): string | undefined;
  /** Whatever stands there. */
  raw(key: string): unknown;
  has(key: string): boolean;
  flag(key: string): boolean | undefined;
  integer(key: string, range: { readonly min: number; readonly max: number }): number | undefined;
  duration(key: string): Duration | undefined;
  oneOf<T extends string>(key: string, choices: readonly T[]): T | undefined;
  /** A list of scalars, or one of them alone; empty when absent. */
  texts(key: string): readonly string[];
  /** A list of maps, or one of them alone. */
  entries(key: string): readonly Entry[];
  /** A map of scalars, in its order. */
  pairs(key: string): readonly (readonly [string, string])[];
  /** @throws ConfigurationError for a key that is not among these */
  requireKeys(known: readonly string[], what: string): void;
}

export function readEntry(value: unknown, where: string): Entry {
  if (!isMap(value)) throw new ConfigurationError(`${where}: it is not a map of keys and values.`);
  const map = value;
  const subject = (key: string): string => `${where}, \`${key}\``;
  const bad = (key: string, said: string): ConfigurationError =>
    new ConfigurationError(`${where}: \`${key}\` ${said}.`);
  const raw = (key: string): unknown => (Object.hasOwn(map, key) ? (map[key] ?? undefined) : undefined);
  const scalar = (item: unknown, key: string): string => {
    if (typeof item === 'string') return item.trim();
    if (typeof item === 'number' || typeof item === 'boolean') return String(item);
    throw bad(key, 'is not a single value');
  };
  const text = (key: string): string | undefined => {
    const item = raw(key);
    return item === undefined ? undefined : scalar(item, key) || undefined;
  };
  const oneOf = <T extends string>(key: string, choices: readonly T[]): T | undefined => {
    const given = text(key);
    const choice = choices.find((candidate) => candidate === given);
    if (given === undefined || choice !== undefined) return choice;
    throw bad(key, `${JSON.stringify(given)} is not one of: ${choices.join(', ')}`);
  };
  const items = (key: string): readonly unknown[] => listOf(raw(key));
  return {
    where,
    subject,
    raw,
    text,
    oneOf,
    has: (key) => raw(key) !== undefined,
    flag: (key) => {
      const choice = oneOf(key, ['true', 'false'] as const);
      return choice === undefined ? undefined : choice === 'true';
    },
    integer: (key, { min, max }) => {
      const given = text(key);
      const number = given !== undefined && /^\d{1,9}$/.test(given) ? Number(given) : NaN;
      if (given === undefined || (number >= min && number <= max)) return given === undefined ? undefined : number;
      throw bad(key, `${JSON.stringify(given)} is not a whole number from ${min} to ${max}`);
    },
    duration: (key) => {
      const given = text(key);
      return given === undefined ? undefined : parseDuration(given, subject(key));
    },
    texts: (key) => items(key).map((item) => scalar(item, key)),
    entries: (key) => items(key).map((item, index) => readEntry(item, `${subject(key)} ${index + 1}`)),
    pairs: (key) => {
      const item = raw(key);
      if (item === undefined) return [];
      if (!isMap(item)) throw bad(key, 'is not a map of names and values');
      return Object.keys(item).map((name) => [name, scalar(item[name] ?? '', key)] as const);
    },
    requireKeys: (known, what) => {
      const unknown = Object.keys(map).find((key) => !known.includes(key));
      if (unknown === undefined) return;
      throw new ConfigurationError(`${where}: unknown key \`${unknown}\`.`, `${what} knows: ${known.join(', ')}.`);
    },
  };
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
