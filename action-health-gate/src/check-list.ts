import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { parse } from 'yaml';
import {
  parseAddress,
  parseBackoff,
  parseCommand,
  parseConnectTo,
  parsePath,
  parsePort,
  parseService,
  parseUrl,
  parseUser,
} from './check-field.ts';
import { httpKeys, parseHttpQuestion, type HttpDefaults } from './check-http.ts';
import { describeTarget, serviceOf, type Check, type Pace, type Question, type Target, type Vantage } from './check.ts';
import { readEntry, type Entry } from './entry.ts';

/** What a check of the list takes from the action's inputs where it says nothing itself. */
export interface CheckDefaults extends HttpDefaults {
  readonly via: Vantage;
  readonly pace: Pace;
  readonly maxRestarts: number;
  readonly noHealthcheck: 'running' | 'fail';
}

const types = ['http', 'tcp', 'container', 'exec'] as const;
type CheckType = (typeof types)[number];

const shared = ['name', 'type', 'allow-failure', 'interval', 'attempt-timeout', 'success-threshold', 'backoff'];
const port = ['service', 'container-port', 'max-restarts'];
const knownKeys: Readonly<Record<CheckType, readonly string[]>> = {
  http: [...shared, 'via', 'url', 'connect-to', ...port, 'path', ...httpKeys],
  tcp: [...shared, 'via', 'address', ...port],
  container: [...shared, 'via', 'service', 'max-restarts', 'expect-state', 'no-healthcheck'],
  exec: [...shared, 'via', 'service', 'max-restarts', 'command', 'user'],
};

/** A command that starts an interpreter needs more time than a request. */
const execTimeout = milliseconds(30_000);

/**
 * Reads the YAML list of `checks`. A key that we do not know is an error, because a probe that is written down but not part
 * of the decision is worse than none.
 * @throws ConfigurationError naming the check and the key
 */
export function parseCheckList(text: string, defaults: CheckDefaults): readonly Check[] {
  const list = parseYaml(text);
  if (!Array.isArray(list))
    throw new ConfigurationError('input `checks`: it is not a YAML list.', 'Begin each check with `- `.');
  return list.map((value: unknown, index) => parseCheck(value, `input \`checks\`, check ${index + 1}`, defaults));
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
  const unnamed = readEntry(value, place);
  const name = unnamed.text('name');
  const entry = name === undefined ? unnamed : readEntry(value, `${place} (${name})`);
  const type = entry.oneOf('type', types) ?? 'http';
  entry.requireKeys(knownKeys[type], `A check of type ${type}`);
  const target = parseTarget(entry, type, defaults);
  const maxRestarts = entry.integer('max-restarts', { min: 0, max: 1000 });
  if (maxRestarts !== undefined && serviceOf(target) === undefined)
    throw new ConfigurationError(`${entry.where}: \`max-restarts\` belongs to a check with \`service\`.`);
  const question = parseQuestion(entry, type, defaults);
  return {
    name: name ?? (target.kind === 'containers' ? `${type} of ${describeTarget(target)}` : describeTarget(target)),
    target,
    question,
    pace: parsePace(entry, type, defaults.pace),
    maxRestarts: maxRestarts ?? defaults.maxRestarts,
    isAllowedToFail: entry.flag('allow-failure') ?? false,
  };
}

function parseQuestion(entry: Entry, type: CheckType, defaults: CheckDefaults): Question {
  switch (type) {
    case 'http':
      return parseHttpQuestion(entry, defaults);
    case 'tcp':
      return { type };
    case 'container':
      return {
        type,
        expectState: entry.oneOf('expect-state', ['running', 'exited'] as const) ?? 'running',
        noHealthcheck: entry.oneOf('no-healthcheck', ['running', 'fail'] as const) ?? defaults.noHealthcheck,
      };
    case 'exec': {
      const user = entry.text('user');
      const command = parseCommand(entry.raw('command'), entry.subject('command'));
      return { type, command, ...(user === undefined ? {} : { user: parseUser(user, entry.subject('user')) }) };
    }
  }
}

function parseTarget(entry: Entry, type: CheckType, defaults: CheckDefaults): Target {
  const { where, subject } = entry;
  const service = entry.text('service');
  const via = entry.oneOf('via', ['runner', 'server'] as const);
  const isInside = type === 'container' || type === 'exec';
  const directKey = type === 'http' ? 'url' : 'address';
  const direct = isInside ? undefined : entry.text(directKey);
  if (isInside && service === undefined) throw new ConfigurationError(`${where}: it needs \`service\`.`);
  if ((service === undefined) === (direct === undefined))
    throw new ConfigurationError(`${where}: it needs either \`${directKey}\` or \`service\`, and not both.`);
  if (service === undefined) return parseDirect(entry, type, direct ?? '', via ?? defaults.via);
  if (via === 'runner')
    throw new ConfigurationError(`${where}: the containers of a service can only be asked with \`via: server\`.`);
  const name = parseService(service, subject('service'));
  if (isInside) return { kind: 'containers', service: name };
  if (entry.has('connect-to'))
    throw new ConfigurationError(`${where}: \`connect-to\` belongs to a check with \`url\`.`);
  const containerPort = entry.text('container-port');
  if (containerPort === undefined)
    throw new ConfigurationError(`${where}: a check of a service needs \`container-port\`.`);
  return {
    kind: 'service',
    service: name,
    port: parsePort(containerPort, subject('container-port')),
    path: parsePath(entry.text('path') ?? '/', subject('path')),
  };
}

function parseDirect(entry: Entry, type: CheckType, direct: string, via: Vantage): Target {
  const stray = ['container-port', 'path'].find((key) => entry.has(key));
  if (stray !== undefined)
    throw new ConfigurationError(`${entry.where}: \`${stray}\` belongs to a check with \`service\`.`);
  if (type !== 'http') return { kind: 'address', ...parseAddress(direct, entry.subject('address')), via };
  const connectTo = entry.text('connect-to');
  return {
    kind: 'url',
    url: parseUrl(direct, entry.subject('url')),
    via,
    ...(connectTo === undefined ? {} : { connectTo: parseConnectTo(connectTo, entry.subject('connect-to')) }),
  };
}

function parsePace(entry: Entry, type: CheckType, defaults: Pace): Pace {
  const backoff = entry.text('backoff');
  const attemptTimeout = type === 'exec' ? execTimeout : defaults.attemptTimeout;
  return {
    interval: entry.duration('interval') ?? defaults.interval,
    attemptTimeout: entry.duration('attempt-timeout') ?? attemptTimeout,
    successThreshold: entry.integer('success-threshold', { min: 1, max: 100 }) ?? defaults.successThreshold,
    backoff: backoff === undefined ? defaults.backoff : parseBackoff(backoff, entry.subject('backoff')),
  };
}
