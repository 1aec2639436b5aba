import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { inputReader, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { maskSecret } from '@deploy-actions/kit/action/secrets';
import { readComposeSettings, type ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { hasHostTarget, readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import {
  parseCommit,
  parseHeader,
  parseJsonPath,
  parsePath,
  parsePort,
  parseService,
  parseStatus,
  parseUrl,
} from './check-field.ts';
import { readDeployPath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { parseCheckList, type CheckDefaults } from './check-list.ts';
import { describeUrl, vantageOf, type Check, type Header } from './check.ts';
import type { GateSettings } from './gate.ts';

export interface Inputs {
  /** At least one; names are unique. */
  readonly checks: readonly Check[];
  readonly settings: GateSettings;
  /** The server, when a check asks from there. */
  readonly target: HostTarget | undefined;
  /** The Compose project, when a check names a service. */
  readonly compose: ComposeSettings | undefined;
  /** Where the release ledger is, when it can be reached: a red gate marks its current release. */
  readonly deployPath: DeployPath | undefined;
  /** Whether a red gate fails the step. */
  readonly shouldFail: boolean;
}

/**
 * Reads and checks all inputs; header values are masked here. Nothing is connected.
 * @throws ConfigurationError naming the input as the user typed it
 */
export function loadInputs(runner: Runner): Inputs {
  const inputs = inputReader(runner);
  const headers = readHeaders(inputs, runner);
  const defaults = readDefaults(inputs, headers);
  const checks = [...readSimpleChecks(inputs, defaults), ...readListedChecks(inputs, runner, defaults)];
  requireChecks(checks);
  const settings = {
    deadline: inputs.duration('deadline'),
    initialDelay: inputs.duration('initial-delay'),
    stableFor: inputs.duration('stable-for'),
  };
  requireEnoughTime(checks, settings);
  const shouldFail = inputs.flag('fail');
  const needsServer = checks.find((check) => vantageOf(check.target) === 'server');
  if (needsServer !== undefined && !hasHostTarget(inputs)) {
    throw new ConfigurationError(
      `the check ${needsServer.name} asks from the server, but input \`host\` (or the environment variable DEPLOY_HOST) is empty.`,
      'Give the SSH inputs, or ask from the runner with `via: runner`.',
    );
  }
  const hasService = checks.some((check) => check.target.kind === 'service');
  const hasDeployPath = inputs.optional('deploy-path', { env: 'DEPLOY_PATH' }) !== undefined;
  return {
    checks,
    settings,
    shouldFail,
    deployPath: needsServer !== undefined && hasDeployPath ? readDeployPath(inputs) : undefined,
    target: needsServer === undefined ? undefined : readHostTarget(inputs),
    compose: hasService ? readComposeSettings(inputs) : undefined,
  };
}

function readDefaults(inputs: InputReader, headers: readonly Header[]): CheckDefaults {
  const interval = inputs.duration('interval');
  const attemptTimeout = inputs.duration('attempt-timeout');
  const sha = inputs.optional('expect-sha');
  const path = parseJsonPath(inputs.required('sha-path'), 'input `sha-path`');
  return {
    via: inputs.oneOf('via', ['runner', 'server']),
    headers,
    pace: { interval, attemptTimeout, successThreshold: inputs.integer('success-threshold', { min: 1, max: 100 }) },
    expectation: {
      status: parseStatus(inputs.required('expect-status'), 'input `expect-status`'),
      ...(sha === undefined ? {} : { commit: { sha: parseCommit(sha, 'input `expect-sha`'), path } }),
    },
  };
}

/** The checks of the inputs `url` and `service`. */
function readSimpleChecks(inputs: InputReader, defaults: CheckDefaults): readonly Check[] {
  const { pace, headers, expectation, via } = defaults;
  const question = { type: 'http', headers, expectation } as const;
  const urlText = inputs.optional('url');
  const url = urlText === undefined ? undefined : parseUrl(urlText, 'input `url`');
  const service = inputs.optional('service');
  const port = inputs.optional('container-port');
  if (service !== undefined && port === undefined) {
    throw new ConfigurationError(
      'input `service` needs input `container-port`, the port that its containers listen on.',
    );
  }
  if (service === undefined && port !== undefined) {
    throw new ConfigurationError('input `container-port` needs input `service`: whose port is it?');
  }
  const checks: Check[] = [];
  if (url !== undefined) checks.push({ name: describeUrl(url), target: { kind: 'url', url, via }, question, pace });
  if (service !== undefined && port !== undefined) {
    const target = {
      kind: 'service',
      service: parseService(service, 'input `service`'),
      port: parsePort(port, 'input `container-port`'),
      path: parsePath(inputs.required('path'), 'input `path`'),
    } as const;
    checks.push({ name: `service ${service}`, target, question, pace });
  }
  return checks;
}

function readListedChecks(inputs: InputReader, runner: Runner, defaults: CheckDefaults): readonly Check[] {
  const text = inputs.optional('checks');
  if (text === undefined) return [];
  const checks = parseCheckList(text, defaults);
  for (const { question } of checks) if (question.type === 'http') maskHeaders(runner, question.headers);
  return checks;
}

/** Lines of `Name: value`. */
function readHeaders(inputs: InputReader, runner: Runner): readonly Header[] {
  const lines = inputs.lines('headers');
  const headers = lines.map((line, index) => {
    const colon = line.indexOf(':');
    const subject = `input \`headers\`, line ${index + 1}`;
    // The line is not quoted: whatever it is, it may be a secret.
    if (colon < 1) throw new ConfigurationError(`${subject}: it is not of the form \`Name: value\`.`);
    return parseHeader(line.slice(0, colon).trim(), line.slice(colon + 1).trim(), subject);
  });
  maskHeaders(runner, headers);
  return headers;
}

/** Headers whose values say nothing that others may not know; masking them would only black out the log. */
const openHeaders = /^(host|user-agent|accept|accept-language|x-forwarded-(proto|host|port))$/i;

function maskHeaders(runner: Runner, headers: readonly Header[]): void {
  const shortestWord = 8;
  for (const [, value] of headers.filter(([name]) => !openHeaders.test(name))) {
    maskSecret(runner, value);
    // Of `Bearer abc…`, an app may repeat the second word alone.
    for (const word of value.split(/\s+/)) if (word.length >= shortestWord) maskSecret(runner, word);
  }
}

function requireChecks(checks: readonly Check[]): void {
  if (checks.length === 0) {
    throw new ConfigurationError(
      'there is nothing to check: the inputs `url`, `service` and `checks` are all empty.',
      'A gate without a check would be green whatever happens. Give one of them.',
    );
  }
  const names = checks.map((check) => check.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError(
      `two checks are called ${JSON.stringify(twice)}.`,
      'Give each check in `checks` a `name` of its own.',
    );
  }
}

/** A gate that cannot become green in its time is a mistake, not a failed deploy. */
function requireEnoughTime(checks: readonly Check[], settings: GateSettings): void {
  const shortestInterval = 100;
  for (const { name, pace } of checks) {
    if (pace.interval < shortestInterval) {
      throw new ConfigurationError(`check ${name}: an \`interval\` below ${shortestInterval}ms would flood the app.`);
    }
    if (pace.attemptTimeout < 1) throw new ConfigurationError(`check ${name}: \`attempt-timeout\` is 0.`);
    const needed = settings.initialDelay + (pace.successThreshold - 1) * pace.interval + settings.stableFor;
    if (needed >= settings.deadline) {
      throw new ConfigurationError(
        `check ${name} can never be green: ${pace.successThreshold} successes every ${pace.interval}ms, the initial delay and the stable time need ${needed}ms, and \`deadline\` is ${settings.deadline}ms.`,
        'Raise `deadline`, or lower `success-threshold`, `interval` or `stable-for`.',
      );
    }
  }
}
