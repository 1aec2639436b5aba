import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { inputReader, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { maskSecret } from '@deploy-actions/kit/action/secrets';
import { readComposeSettings, type ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { hasHostTarget, readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import { readDeployPath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { milliseconds, type Duration } from '@deploy-actions/kit/time/duration';
import {
  parseBackoff,
  parseBasicAuth,
  parseCommit,
  parseConnectTo,
  parseHeader,
  parseJsonPath,
  parsePath,
  parsePort,
  parseService,
  parseStatus,
  parseUrl,
} from './check-field.ts';
import { parseCheckList, type CheckDefaults } from './check-list.ts';
import { describeUrl, serviceOf, vantageOf, type Check, type Header, type HttpQuestion } from './check.ts';
import { requireChecks, requireEnoughTime } from './check-rule.ts';
import type { GateSettings } from './gate.ts';
import { parsePattern, type Pattern } from './pattern.ts';
import { secretsOf, secretsOfHeaders } from './secret-value.ts';
import { parseAuthorities } from './trust.ts';

export interface Inputs {
  /** At least one; names are unique. */
  readonly checks: readonly Check[];
  readonly settings: GateSettings;
  /** Whether a check asks from the server; otherwise `target` only serves to mark a release after a red gate. */
  readonly needsServer: boolean;
  readonly target: HostTarget | undefined;
  /** Why a server that is named cannot be reached for the mark, when no check needs it. */
  readonly targetProblem: string | undefined;
  /** The Compose project, when a check names a service. */
  readonly compose: ComposeSettings | undefined;
  /** Where the release ledger is, when it can be reached: a red gate marks its current release. */
  readonly deployPath: DeployPath | undefined;
  /** Whether a red gate fails the step. */
  readonly shouldFail: boolean;
  readonly logPatterns: readonly Pattern[];
  /** How far back a log scan looks where the ledger does not say when the deploy began. */
  readonly logSince: Duration;
  /** Log lines per container in the evidence of a red gate. */
  readonly logLines: number;
}

/**
 * Reads and checks all inputs; header values are masked here. Nothing is connected.
 * @throws ConfigurationError naming the input as the user typed it
 */
export function loadInputs(runner: Runner): Inputs {
  const inputs = inputReader(runner);
  const defaults = readDefaults(inputs, readHeaders(inputs, runner));
  const checks = [...readSimpleChecks(inputs, defaults), ...readListedChecks(inputs, runner, defaults)];
  requireChecks(checks);
  const settings = readSettings(inputs, checks);
  requireEnoughTime(checks, settings);
  const needy = checks.find((check) => vantageOf(check.target) === 'server');
  if (needy !== undefined && !hasHostTarget(inputs)) {
    throw new ConfigurationError(
      `the check ${needy.name} asks from the server, but input \`host\` (or the environment variable DEPLOY_HOST) is empty.`,
      'Give the SSH inputs, or ask from the runner with `via: runner`.',
    );
  }
  const hasService = checks.some((check) => serviceOf(check.target) !== undefined);
  const logPatterns = inputs.lines('log-scan').map((line) => parsePattern(line, 'input `log-scan`'));
  if (logPatterns.length > 0 && !hasService)
    throw new ConfigurationError(
      'input `log-scan` has no containers to look at: no check names a service.',
      'Add a check of type container with its `service`.',
    );
  return {
    checks,
    settings,
    shouldFail: inputs.flag('fail'),
    needsServer: needy !== undefined,
    ...readServer(inputs, needy !== undefined),
    compose: hasService ? readComposeSettings(inputs) : undefined,
    logPatterns,
    logSince: inputs.duration('log-since'),
    logLines: inputs.integer('log-lines', { min: 0, max: 500 }),
  };
}

function readServer(inputs: InputReader, isNeeded: boolean): Pick<Inputs, 'target' | 'targetProblem' | 'deployPath'> {
  const hasDeployPath = inputs.optional('deploy-path', { env: 'DEPLOY_PATH' }) !== undefined;
  const nothing = { target: undefined, targetProblem: undefined, deployPath: undefined };
  if (isNeeded) {
    const deployPath = hasDeployPath ? readDeployPath(inputs) : undefined;
    return { ...nothing, target: readHostTarget(inputs), deployPath };
  }
  if (!hasDeployPath || !hasHostTarget(inputs)) return nothing;
  try {
    return { ...nothing, target: readHostTarget(inputs), deployPath: readDeployPath(inputs) };
  } catch (thrown) {
    // A job that sets DEPLOY_HOST for its other steps may ask a URL without a key at hand.
    if (!(thrown instanceof ConfigurationError)) throw thrown;
    return { ...nothing, targetProblem: thrown.message };
  }
}

function readSettings(inputs: InputReader, checks: readonly Check[]): GateSettings {
  // A container without a health check is believed for running; a crash needs some time to be seen.
  const bake = checks.some(({ question }) => question.type === 'container') ? 15_000 : 0;
  return {
    deadline: inputs.duration('deadline'),
    initialDelay: inputs.duration('initial-delay'),
    stableFor: inputs.optionalDuration('stable-for') ?? milliseconds(bake),
  };
}

function readDefaults(inputs: InputReader, headers: readonly Header[]): CheckDefaults {
  const interval = inputs.duration('interval');
  const attemptTimeout = inputs.duration('attempt-timeout');
  const sha = inputs.optional('expect-sha');
  const path = parseJsonPath(inputs.required('sha-path'), 'input `sha-path`');
  const ca = inputs.optional('ca');
  const isExact = inputs.oneOf('sha-compare', ['prefix', 'exact']) === 'exact';
  return {
    via: inputs.oneOf('via', ['runner', 'server']),
    headers,
    authorities: ca === undefined ? undefined : parseAuthorities(ca, 'input `ca`'),
    pace: {
      interval,
      attemptTimeout,
      successThreshold: inputs.integer('success-threshold', { min: 1, max: 100 }),
      backoff: parseBackoff(inputs.required('backoff'), 'input `backoff`'),
    },
    expectation: {
      status: parseStatus(inputs.required('expect-status'), 'input `expect-status`'),
      ...(sha === undefined ? {} : { commit: { sha: parseCommit(sha, 'input `expect-sha`'), path, isExact } }),
    },
    maxRestarts: inputs.integer('max-restarts', { min: 0, max: 1000 }),
    noHealthcheck: inputs.oneOf('no-healthcheck', ['running', 'fail']),
  };
}

/** The checks of the inputs `url` and `service`. */
function readSimpleChecks(inputs: InputReader, defaults: CheckDefaults): readonly Check[] {
  const { pace, headers, expectation, via, authorities, maxRestarts } = defaults;
  const trust = authorities === undefined ? {} : { authorities };
  const question: HttpQuestion = { type: 'http', method: 'GET', headers, redirects: 0, expectation, ...trust };
  const rest = { question, pace, maxRestarts, isAllowedToFail: false };
  const urlText = inputs.optional('url');
  const service = inputs.optional('service');
  const port = inputs.optional('container-port');
  const detour = inputs.optional('connect-to');
  if (service !== undefined && port === undefined) {
    throw new ConfigurationError(
      'input `service` needs input `container-port`, the port that its containers listen on.',
    );
  }
  if (service === undefined && port !== undefined) {
    throw new ConfigurationError('input `container-port` needs input `service`: whose port is it?');
  }
  if (detour !== undefined && urlText === undefined) {
    throw new ConfigurationError('input `connect-to` needs input `url`; a check of the list has a key of that name.');
  }
  const checks: Check[] = [];
  if (urlText !== undefined) {
    const url = parseUrl(urlText, 'input `url`');
    const connectTo = detour === undefined ? {} : { connectTo: parseConnectTo(detour, 'input `connect-to`') };
    checks.push({ name: describeUrl(url), target: { kind: 'url', url, via, ...connectTo }, ...rest });
  }
  if (service !== undefined && port !== undefined) {
    const target = {
      kind: 'service',
      service: parseService(service, 'input `service`'),
      port: parsePort(port, 'input `container-port`'),
      path: parsePath(inputs.required('path'), 'input `path`'),
    } as const;
    checks.push({ name: `service ${service}`, target, ...rest });
  }
  return checks;
}

function readListedChecks(inputs: InputReader, runner: Runner, defaults: CheckDefaults): readonly Check[] {
  const text = inputs.optional('checks');
  if (text === undefined) return [];
  const checks = parseCheckList(text, defaults);
  for (const { question } of checks) for (const secret of secretsOf(question)) maskSecret(runner, secret);
  return checks;
}

/** Lines of `Name: value`, and `basic-auth` as the header that carries it. */
function readHeaders(inputs: InputReader, runner: Runner): readonly Header[] {
  const basic = inputs.secret('basic-auth')?.trim();
  const given = inputs.lines('headers').map((line, index) => {
    const colon = line.indexOf(':');
    const subject = `input \`headers\`, line ${index + 1}`;
    // The line is not quoted: whatever it is, it may be a secret.
    if (colon < 1) throw new ConfigurationError(`${subject}: it is not of the form \`Name: value\`.`);
    return parseHeader(line.slice(0, colon).trim(), line.slice(colon + 1).trim(), subject);
  });
  if (basic !== undefined && given.some(([name]) => name.toLowerCase() === 'authorization'))
    throw new ConfigurationError('input `basic-auth` and a header `Authorization` exclude each other.');
  const headers = basic === undefined ? given : [...given, parseBasicAuth(basic, 'input `basic-auth`')];
  for (const secret of secretsOfHeaders(headers)) maskSecret(runner, secret);
  return headers;
}
