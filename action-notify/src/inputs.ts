import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, inputReader, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { parseDuration, type Duration } from '@deploy-actions/kit/time/duration';
import { mailProviders } from './delivery.ts';
import { mainInputs, readDestinations, type Destinations } from './destinations.ts';
import { parseFailedChecks, type FailedCheck } from './failed-check.ts';
import { parseFields, type Field } from './field-map.ts';
import { compareImages, parseImages, type ImageChange } from './image-change.ts';
import { readRecord } from './json.ts';
import { readLedgerTarget, type LedgerTarget } from './ledger.ts';
import type { Relation } from './letters.ts';
import { parseMentions, type Mentions } from './mentions.ts';
import { parseRefs } from './message-ref.ts';
import { cleanLine } from './plain-text.ts';
import { refineStatus, statuses, type Status } from './status.ts';

export interface Inputs {
  readonly status: Status;
  readonly title: string | undefined;
  readonly environment: string | undefined;
  readonly version: string | undefined;
  readonly sha: string | undefined;
  readonly release: string | undefined;
  readonly message: string | undefined;
  readonly url: string | undefined;
  readonly outcome: string | undefined;
  readonly failedChecks: readonly FailedCheck[];
  readonly migration: string | undefined;
  readonly backup: string | undefined;
  readonly changedServices: readonly string[];
  /** As given, or by rolling-deploy's timings. */
  readonly durationMs: number | undefined;
  readonly images: readonly ImageChange[];
  readonly fields: readonly Field[];
  readonly mentions: Mentions;
  readonly destinations: Destinations;
  readonly relation: Relation;
  readonly notifyOn: readonly Status[];
  readonly shouldFailOnMissing: boolean;
  readonly shouldFailOnError: boolean;
  readonly deadline: Duration;
  readonly isDryRun: boolean;
  readonly hasSummary: boolean;
  readonly githubToken: string | undefined;
  readonly shouldCreateDeployment: boolean;
  readonly shouldRecord: boolean;
  readonly ledger: LedgerTarget;
  readonly shouldAskApprovals: boolean;
}

/**
 * Reads and checks all inputs. Secrets and their telling parts are masked before anything else happens.
 * @throws ConfigurationError naming the input as the user typed it
 */
export function loadInputs(runner: Runner): Inputs {
  const inputs = inputReader(runner);
  const destinations = readDestinations(runner, inputs);
  const githubToken = inputs.secret('github-token');
  const outcome = lineOf(inputs, 'outcome');
  const status = refineStatus(inputs.oneOf('status', statuses), outcome);
  const result: Inputs = {
    status,
    title: lineOf(inputs, 'title'),
    environment: lineOf(inputs, 'environment'),
    version: lineOf(inputs, 'version'),
    sha: readSha(inputs),
    release: lineOf(inputs, 'release'),
    message: lineOf(inputs, 'message'),
    url: readAppUrl(inputs),
    outcome,
    failedChecks: parseFailedChecks(inputs.optional('failed-checks')),
    migration: readMigration(inputs),
    backup: lineOf(inputs, 'backup'),
    changedServices: inputs.lines('changed-services').map(cleanLine),
    durationMs: readDuration(inputs),
    images: compareImages(
      parseImages(inputs.optional('digests') ?? '', 'digests'),
      parseImages(inputs.optional('previous-digests') ?? '', 'previous-digests'),
    ),
    fields: parseFields(inputs.optional('fields') ?? ''),
    mentions: parseMentions(inputs.optional('mentions') ?? '', status),
    destinations,
    relation: { refs: parseRefs(inputs.optional('message-ref')), isThread: inputs.flag('thread') },
    notifyOn: readNotifyOn(inputs),
    shouldFailOnMissing: inputs.oneOf('on-missing', ['skip', 'fail']) === 'fail',
    shouldFailOnError: inputs.oneOf('on-error', ['warn', 'fail']) === 'fail',
    deadline: inputs.duration('deadline'),
    isDryRun: inputs.flag('dry-run'),
    hasSummary: inputs.flag('summary'),
    githubToken,
    shouldCreateDeployment: inputs.flag('github-deployment'),
    shouldRecord: inputs.flag('record'),
    ledger: readLedgerTarget(inputs),
    shouldAskApprovals: inputs.oneOf('include-approvals', ['auto', 'never']) === 'auto',
  };
  requireSense(result);
  return result;
}

/** Rules between inputs. */
function requireSense(inputs: Inputs): void {
  const hasDestination = Object.values(inputs.destinations).some((destination) => destination !== undefined);
  if (!hasDestination && inputs.shouldFailOnMissing) {
    throw new ConfigurationError(
      `nobody to tell: the inputs ${mailProviders.map((name) => `\`${mainInputs[name]}\``).join(', ')} are all empty.`,
      'A secret that does not exist in this repository or environment arrives here as an empty value.',
    );
  }
  if (!inputs.shouldCreateDeployment) return;
  if (inputs.environment === undefined) {
    throw new ConfigurationError('input `environment` is required with `github-deployment: true`.');
  }
  if (inputs.githubToken === undefined) {
    throw new ConfigurationError('input `github-token` is required with `github-deployment: true`.');
  }
}

function lineOf(inputs: InputReader, name: string): string | undefined {
  return cleanLine(inputs.optional(name) ?? '') || undefined;
}

/**
 * The commit as it is to be shown. An image's label may hold any word instead of one; the message is worth more than the
 * link, so that is no error.
 */
function readSha(inputs: InputReader): string | undefined {
  const text = lineOf(inputs, 'sha');
  const digits = text?.toLowerCase().replace(/^sha-/, '');
  return digits !== undefined && isCommit(digits) ? digits : text;
}

/** Whether GitHub could know it as a commit. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text);
}

function readAppUrl(inputs: InputReader): string | undefined {
  const text = inputs.optional('url');
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ConfigurationError('input `url`: its value is not an http or https URL without credentials.');
  }
  return url.href;
}

const migrationWords: Readonly<Record<string, string>> = {
  true: 'applied',
  yes: 'applied',
  applied: 'applied',
  false: 'none applied',
  no: 'none applied',
  'nothing-pending': 'none applied',
  failed: 'failed',
  'timed-out': 'timed out',
  unknown: 'unknown',
  refused: 'refused',
  skipped: 'skipped',
};

/** The outputs `applied` or `status` of action-migrate, in the words of people. */
function readMigration(inputs: InputReader): string | undefined {
  const text = inputs.optional('migration')?.toLowerCase();
  if (text === undefined) return undefined;
  const word = Object.hasOwn(migrationWords, text) ? migrationWords[text] : undefined;
  if (word === undefined) throw badInput('migration', text, `one of: ${Object.keys(migrationWords).join(', ')}`);
  return word;
}

/** How long it took: `duration` as people give it, else the `total` of rolling-deploy's `timings`. */
function readDuration(inputs: InputReader): number | undefined {
  const given = inputs.optional('duration');
  if (given !== undefined) return parseDuration(given, 'input `duration`');
  const { total } = readRecord(inputs.optional('timings') ?? '');
  return typeof total === 'number' && total >= 0 ? total : undefined;
}

/** `all`, or statuses separated by commas or line breaks. */
function readNotifyOn(inputs: InputReader): readonly Status[] {
  const words = inputs
    .required('notify-on')
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  if (words.includes('all')) return statuses;
  return words.map((word) => {
    const status = statuses.find((candidate) => candidate === word);
    if (status === undefined) throw badInput('notify-on', word, `one of: all, ${statuses.join(', ')}`);
    return status;
  });
}
