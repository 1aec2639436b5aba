import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { parseDuration, type Duration } from '@deploy-actions/kit/time/duration';
import { parse } from 'yaml';
import {
  describeTarget,
  type Check,
  type Expectation,
  type Header,
  type Pace,
  type Target,
  type Vantage,
} from './check.ts';
import {
  parseAddress,
  parseCommit,
  parseHeader,
  parseJsonPath,
  parsePath,
  parsePort,
  parseService,
  parseStatus,
  parseUrl,
} from './check-field.ts';

/** What a check of the list takes from the action's inputs where it says nothing itself. */
export interface CheckDefaults {
  readonly via: Vantage;
  readonly pace: Pace;
  readonly expectation: Expectation;
  readonly headers: readonly Header[];
}

type Entry = Readonly<Record<string, unknown>>;

const shared = ['name', 'type', 'via', 'service', 'container-port', 'interval', 'attempt-timeout', 'success-threshold'];
const knownKeys = {
  http: [...shared, 'url', 'path', 'headers', 'expect-status', 'expect-sha', 'sha-path'],
  tcp: [...shared, 'address'],
} as const;

/**
 * Reads the YAML list of `checks`. A key that we do not know is an error, because a probe that is written down but not part
 * of the decision is worse than none.
 * @throws ConfigurationError naming the check and the key
 */
export function parseCheckList(text: string, defaults: CheckDefaults): readonly Check[] {
  const list = parseYaml(text);
  if (!Array.isArray(list))
    throw new ConfigurationError('input `checks`: it is not a YAML list.', 'Begin each check with `- `.');
  return list.map((entry: unknown, index) => parseCheck(entry, `input \`checks\`, check ${index + 1}`, defaults));
}

function parseYaml(text: string): unknown {
  try {
    // Core schema, no merge keys, few aliases: a list of checks needs none of YAML's powers.
    const value: unknown = parse(text, { maxAliasCount: 10, uniqueKeys: true });
    return value;
  } catch (cause) {
    const problem = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new ConfigurationError(`input \`checks\`: it is not valid YAML: ${problem}`);
  }
}

function parseCheck(value: unknown, place: string, defaults: CheckDefaults): Check {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigurationError(`${place}: it is not a map of keys and values.`);
  }
  const entry = value as Entry;
  const name = textOf(entry, 'name', place);
  const where = name === undefined ? place : `${place} (${name})`;
  const type = oneOf(entry, 'type', where, ['http', 'tcp'] as const) ?? 'http';
  const unknown = Object.keys(entry).find((key) => !knownKeys[type].includes(key));
  if (unknown !== undefined) {
    const hint = `A check of type ${type} knows: ${knownKeys[type].join(', ')}.`;
    throw new ConfigurationError(`${where}: unknown key \`${unknown}\`.`, hint);
  }
  const target = parseTarget(entry, type, where, defaults);
  const pace = parsePace(entry, where, defaults.pace);
  const question =
    type === 'tcp'
      ? ({ type } as const)
      : ({
          type,
          headers: [...defaults.headers, ...parseHeaders(entry, where)],
          expectation: parseExpectation(entry, where, defaults.expectation),
        } as const);
  return { name: name ?? describeTarget(target), target, question, pace };
}

function parseTarget(entry: Entry, type: 'http' | 'tcp', where: string, defaults: CheckDefaults): Target {
  const service = textOf(entry, 'service', where);
  const direct = textOf(entry, type === 'http' ? 'url' : 'address', where);
  const via = oneOf(entry, 'via', where, ['runner', 'server'] as const);
  const directKey = type === 'http' ? 'url' : 'address';
  if ((service === undefined) === (direct === undefined)) {
    throw new ConfigurationError(`${where}: it needs either \`${directKey}\` or \`service\`, and not both.`);
  }
  const port = textOf(entry, 'container-port', where);
  const path = textOf(entry, 'path', where);
  if (service !== undefined) {
    if (port === undefined) throw new ConfigurationError(`${where}: a check of a service needs \`container-port\`.`);
    if (via === 'runner') {
      throw new ConfigurationError(`${where}: the containers of a service can only be asked with \`via: server\`.`);
    }
    const subject = (key: string): string => `${where}, \`${key}\``;
    return {
      kind: 'service',
      service: parseService(service, subject('service')),
      port: parsePort(port, subject('container-port')),
      path: parsePath(path ?? '/', subject('path')),
    };
  }
  const stray = port === undefined ? (path === undefined ? undefined : 'path') : 'container-port';
  if (stray !== undefined) throw new ConfigurationError(`${where}: \`${stray}\` belongs to a check with \`service\`.`);
  const chosen = via ?? defaults.via;
  const subject = `${where}, \`${directKey}\``;
  return type === 'http'
    ? { kind: 'url', url: parseUrl(direct ?? '', subject), via: chosen }
    : { kind: 'address', ...parseAddress(direct ?? '', subject), via: chosen };
}

function parsePace(entry: Entry, where: string, defaults: Pace): Pace {
  const duration = (key: string, otherwise: Duration): Duration => {
    const text = textOf(entry, key, where);
    return text === undefined ? otherwise : parseDuration(text, `${where}, \`${key}\``);
  };
  const threshold = textOf(entry, 'success-threshold', where);
  if (threshold !== undefined && !/^([1-9]\d?|100)$/.test(threshold)) {
    throw new ConfigurationError(
      `${where}: \`success-threshold\` ${JSON.stringify(threshold)} is not a whole number from 1 to 100.`,
    );
  }
  return {
    interval: duration('interval', defaults.interval),
    attemptTimeout: duration('attempt-timeout', defaults.attemptTimeout),
    successThreshold: threshold === undefined ? defaults.successThreshold : Number(threshold),
  };
}

function parseExpectation(entry: Entry, where: string, defaults: Expectation): Expectation {
  const status = textOf(entry, 'expect-status', where);
  const sha = textOf(entry, 'expect-sha', where);
  const path = textOf(entry, 'sha-path', where);
  const jsonPath = path === undefined ? defaults.commit?.path : parseJsonPath(path, `${where}, \`sha-path\``);
  const commitSha =
    sha === undefined
      ? defaults.commit?.sha
      : sha === 'none'
        ? undefined
        : parseCommit(sha, `${where}, \`expect-sha\``);
  if (path !== undefined && commitSha === undefined) {
    throw new ConfigurationError(`${where}: \`sha-path\` without \`expect-sha\` would compare nothing.`);
  }
  return {
    status: status === undefined ? defaults.status : parseStatus(status, `${where}, \`expect-status\``),
    ...(commitSha === undefined
      ? {}
      : { commit: { sha: commitSha, path: jsonPath ?? parseJsonPath('git_sha', where) } }),
  };
}

function parseHeaders(entry: Entry, where: string): readonly Header[] {
  const headers = entry['headers'];
  if (headers === undefined || headers === null) return [];
  if (typeof headers !== 'object' || Array.isArray(headers)) {
    throw new ConfigurationError(`${where}: \`headers\` is not a map of names and values.`);
  }
  return Object.keys(headers).map((name) => {
    const value = textOf(headers as Entry, name, `${where}, \`headers\``) ?? '';
    return parseHeader(name, value, `${where}, \`headers\``);
  });
}

/** A scalar as the user typed it; numbers and booleans of YAML are text to us. */
function textOf(entry: Entry, key: string, where: string): string | undefined {
  const value = Object.hasOwn(entry, key) ? entry[key] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ConfigurationError(`${where}: \`${key}\` is not a single value.`);
}

function oneOf<T extends string>(entry: Entry, key: string, where: string, choices: readonly T[]): T | undefined {
  const value = textOf(entry, key, where);
  if (value === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw new ConfigurationError(`${where}: \`${key}\` ${JSON.stringify(value)} is not one of: ${choices.join(', ')}.`);
}
