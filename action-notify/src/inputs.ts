import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, inputReader, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { maskSecret } from '@deploy-actions/kit/action/secrets';
import type { Duration } from '@deploy-actions/kit/time/duration';
import { parseFields, type Field } from './field-map.ts';
import { compareImages, parseImages, type ImageChange } from './image-change.ts';
import { cleanLine } from './plain-text.ts';
import { refineStatus, statuses, type Status } from './status.ts';
import { parseWebhookUrl, secretParts } from './webhook-url.ts';

export interface Webhook {
  readonly url: URL;
  /** Everything about it that no text may hold. */
  readonly secrets: readonly string[];
}

export interface Inputs {
  readonly status: Status;
  readonly title: string | undefined;
  readonly environment: string | undefined;
  readonly version: string | undefined;
  readonly sha: string | undefined;
  readonly url: string | undefined;
  readonly outcome: string | undefined;
  readonly migration: string | undefined;
  readonly images: readonly ImageChange[];
  readonly fields: readonly Field[];
  readonly webhooks: Readonly<Record<'slack' | 'discord' | 'webhook', Webhook | undefined>>;
  readonly webhookSecret: string | undefined;
  readonly notifyOn: readonly Status[];
  readonly shouldFailOnMissing: boolean;
  readonly shouldFailOnError: boolean;
  readonly deadline: Duration;
  readonly isDryRun: boolean;
  readonly hasSummary: boolean;
  readonly githubToken: string | undefined;
  readonly shouldCreateDeployment: boolean;
  readonly shouldAskApprovals: boolean;
}

/**
 * Reads and checks all inputs. Webhook URLs and their tokens are masked before anything else happens.
 * @throws ConfigurationError naming the input as the user typed it
 */
export function loadInputs(runner: Runner): Inputs {
  const inputs = inputReader(runner);
  const webhooks = {
    slack: readWebhook(runner, inputs.secret('slack-webhook'), 'slack-webhook'),
    discord: readWebhook(runner, inputs.secret('discord-webhook'), 'discord-webhook'),
    webhook: readWebhook(runner, inputs.secret('webhook-url'), 'webhook-url'),
  };
  const webhookSecret = inputs.secret('webhook-secret');
  const githubToken = inputs.secret('github-token');
  const outcome = lineOf(inputs, 'outcome');
  const result: Inputs = {
    status: refineStatus(inputs.oneOf('status', statuses), outcome),
    title: lineOf(inputs, 'title'),
    environment: lineOf(inputs, 'environment'),
    version: lineOf(inputs, 'version'),
    sha: readSha(inputs),
    url: readAppUrl(inputs),
    outcome,
    migration: readMigration(inputs),
    images: compareImages(
      parseImages(inputs.optional('digests') ?? '', 'digests'),
      parseImages(inputs.optional('previous-digests') ?? '', 'previous-digests'),
    ),
    fields: parseFields(inputs.optional('fields') ?? ''),
    webhooks,
    webhookSecret,
    notifyOn: readNotifyOn(inputs),
    shouldFailOnMissing: inputs.oneOf('on-missing', ['skip', 'fail']) === 'fail',
    shouldFailOnError: inputs.oneOf('on-error', ['warn', 'fail']) === 'fail',
    deadline: inputs.duration('deadline'),
    isDryRun: inputs.flag('dry-run'),
    hasSummary: inputs.flag('summary'),
    githubToken,
    shouldCreateDeployment: inputs.oneOf('github-deployment', ['none', 'create']) === 'create',
    shouldAskApprovals: inputs.oneOf('include-approvals', ['auto', 'never']) === 'auto',
  };
  requireSense(result);
  return result;
}

function readWebhook(runner: Runner, text: string | undefined, input: string): Webhook | undefined {
  if (text === undefined) return undefined;
  const secrets = secretParts(text);
  for (const secret of secrets) maskSecret(runner, secret);
  return { url: parseWebhookUrl(text, input), secrets };
}

/** Rules between inputs. */
function requireSense(inputs: Inputs): void {
  const { webhooks } = inputs;
  if (inputs.webhookSecret !== undefined && webhooks.webhook === undefined) {
    throw new ConfigurationError(
      'input `webhook-secret` is given, but `webhook-url` is empty: there is nothing to sign.',
    );
  }
  const hasWebhook = Object.values(webhooks).some((webhook) => webhook !== undefined);
  if (!hasWebhook && inputs.shouldFailOnMissing) {
    throw new ConfigurationError(
      'nobody to tell: the inputs `slack-webhook`, `discord-webhook` and `webhook-url` are all empty.',
      'A secret that does not exist in this repository or environment arrives here as an empty value.',
    );
  }
  if (!inputs.shouldCreateDeployment) return;
  if (inputs.environment === undefined) {
    throw new ConfigurationError('input `environment` is required with `github-deployment: create`.');
  }
  if (inputs.githubToken === undefined) {
    throw new ConfigurationError('input `github-token` is required with `github-deployment: create`.');
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
