import { parseDuration, type Duration } from '../time/duration.ts';
import { ConfigurationError } from './errors.ts';
import type { Runner } from './runner.ts';
import { maskSecret } from './secrets.ts';

/** Options of one typed input. `env` is the variable it falls back on, so that a job can set it once (docs/architecture.md). */
export interface InputOptions {
  readonly env?: string;
}

/**
 * Typed reading of an action's inputs. Each method throws a {@link ConfigurationError} that names the input as the user
 * typed it. Defaults live in action.yml only, so an absent value here means "not given".
 */
export interface InputReader {
  /** Trimmed text, or undefined when empty. */
  optional(name: string, options?: InputOptions): string | undefined;
  required(name: string, options?: InputOptions): string;
  /** Like optional, untrimmed and masked line by line before it is returned. */
  secret(name: string, options?: InputOptions): string | undefined;
  requiredSecret(name: string, options?: InputOptions): string;
  flag(name: string): boolean;
  /** A variable of the step's environment that is no input's fallback; undefined when empty. */
  variable(name: string): string | undefined;
  integer(name: string, range: { readonly min: number; readonly max: number }, options?: InputOptions): number;
  /** A duration with a unit: `500ms`, `10s`, `5m`, `1h`. A bare number other than 0 is an error. */
  duration(name: string, options?: InputOptions): Duration;
  optionalDuration(name: string, options?: InputOptions): Duration | undefined;
  oneOf<T extends string>(name: string, choices: readonly T[]): T;
  /** Non-empty trimmed lines; lines that start with `#` are comments. */
  lines(name: string, options?: InputOptions): readonly string[];
}

/** The error for a value that does not fit, quoting input and value. */
export function badInput(name: string, value: string, expected: string): ConfigurationError {
  return new ConfigurationError(`input \`${name}\`: ${JSON.stringify(value)} is not ${expected}.`);
}

function missingInput(name: string, options: InputOptions | undefined): ConfigurationError {
  const fallback = options?.env === undefined ? '' : ` (or the environment variable ${options.env})`;
  return new ConfigurationError(
    `input \`${name}\` is required and was empty.`,
    `Set \`${name}\`${fallback}. A secret that does not exist in this repository or environment arrives here as an empty value.`,
  );
}

/** Reads inputs through the runner; `INPUT` wins over its environment variable. */
export function inputReader(runner: Runner): InputReader {
  const raw = (name: string, options?: InputOptions): string => {
    const given = runner.input(name);
    if (given.trim() !== '') return given;
    return (options?.env === undefined ? undefined : runner.env(options.env)) ?? '';
  };
  const optional = (name: string, options?: InputOptions): string | undefined => raw(name, options).trim() || undefined;
  const required = (name: string, options?: InputOptions): string => {
    const value = optional(name, options);
    if (value === undefined) throw missingInput(name, options);
    return value;
  };
  const secret = (name: string, options?: InputOptions): string | undefined => {
    const value = raw(name, options);
    if (value.trim() === '') return undefined;
    maskSecret(runner, value);
    return value;
  };
  const optionalDuration = (name: string, options?: InputOptions): Duration | undefined => {
    const value = optional(name, options);
    return value === undefined ? undefined : parseDuration(value, `input \`${name}\``);
  };
  return {
    optional,
    required,
    secret,
    optionalDuration,
    requiredSecret: (name, options) => {
      const value = secret(name, options);
      if (value === undefined) throw missingInput(name, options);
      return value;
    },
    variable: (name) => runner.env(name),
    flag: (name) => {
      const value = required(name);
      // YAML 1.2's core schema, as GitHub's own toolkit reads booleans.
      if (/^(true|True|TRUE)$/.test(value)) return true;
      if (/^(false|False|FALSE)$/.test(value)) return false;
      throw badInput(name, value, 'true or false');
    },
    integer: (name, range, options) => {
      const value = required(name, options);
      const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
      if (number >= range.min && number <= range.max) return number;
      throw badInput(name, value, `a whole number from ${range.min} to ${range.max}`);
    },
    duration: (name, options) => parseDuration(required(name, options), `input \`${name}\``),
    oneOf: (name, choices) => {
      const value = required(name);
      const choice = choices.find((candidate) => candidate === value);
      if (choice === undefined) throw badInput(name, value, `one of: ${choices.join(', ')}`);
      return choice;
    },
    lines: (name, options) =>
      raw(name, options)
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== '' && !line.startsWith('#')),
  };
}
