import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import { readComposeSettings, type ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { recordPins } from '@deploy-actions/kit/compose/preflight';
import { readRegistryCredentials, type RegistryCredentials } from '@deploy-actions/kit/compose/registry-login';
import { readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import { parseImagePins } from '@deploy-actions/kit/image/image-lines';
import { readLeaseWish, type LeaseWish } from '@deploy-actions/kit/state/lease-scope';
import type { RecordedPin } from '@deploy-actions/kit/state/release';
import type { Duration } from '@deploy-actions/kit/time/duration';
import { parseCommandLine, type CommandLine } from './command-line.ts';
import { readBackup, readDatabase, type BackupWishes, type Database } from './database/database-inputs.ts';
import { readReviewWishes, type ReviewWishes } from './review/review-inputs.ts';
import type { SaidReversible } from './review/review-step.ts';
import type { SqlLimits } from './sql/sql-session.ts';

/** All that the user asked for; valid before the first connection. */
export interface Inputs {
  readonly target: HostTarget;
  readonly settings: ComposeSettings;
  /** This step's pins; empty = the service runs what the server's release, or its Compose file, says. */
  readonly pins: readonly RecordedPin[];
  readonly credentials: RegistryCredentials | undefined;
  /** Empty only where SQL files run, and no pending check. */
  readonly service: string;
  /** At least one, the service's own command where the user named none; none where SQL files run. */
  readonly commands: readonly CommandLine[];
  /** Lines of `sql-files`; empty = commands. */
  readonly sqlFiles: readonly string[];
  readonly sqlLimits: SqlLimits;
  readonly database: Database | undefined;
  /** undefined = none is made. */
  readonly backup: BackupWishes | undefined;
  readonly pendingCheck: CommandLine | undefined;
  readonly runTimeout: Duration;
  readonly leaseWish: LeaseWish;
  /** What to do where the rollout would be refused. */
  readonly preflight: 'require' | 'warn' | 'off';
  readonly shouldStartDependencies: boolean;
  /** What is recorded for a rollback; `auto`: what the review of the SQL shows. */
  readonly reversible: SaidReversible;
  readonly review: ReviewWishes;
}

/** What Docker and the runner can hold side by side; more commands than this are a script. */
const mostCommands = 50;

/**
 * Reads every input.
 * @throws ConfigurationError naming the input as typed; HostError SSH_KEY_INVALID
 */
export function loadInputs(inputs: InputReader): Inputs {
  const pendingCheck = inputs.optional('pending-check');
  const sqlFiles = inputs.lines('sql-files');
  const database = readDatabase(inputs);
  const leaseWish = readLeaseWish(inputs);
  if (sqlFiles.length > 0) requireSqlDatabase(inputs, database);
  return {
    target: readHostTarget(inputs),
    settings: readComposeSettings(inputs),
    pins: recordPins(parseImagePins(inputs.lines('images'), 'images')),
    credentials: readRegistryCredentials(inputs),
    service: readService(
      inputs,
      sqlFiles.length === 0 || pendingCheck !== undefined || inputs.lines('lint-command').length > 0,
    ),
    commands: sqlFiles.length > 0 ? [] : readCommands(inputs),
    sqlFiles,
    sqlLimits: {
      lockTimeout: inputs.duration('lock-timeout'),
      statementTimeout: inputs.duration('statement-timeout'),
      retries: inputs.integer('lock-retries', { min: 0, max: 20 }),
      lockWait: leaseWish.waitMs,
    },
    database,
    backup: readBackup(inputs, database),
    pendingCheck: pendingCheck === undefined ? undefined : readPendingCheck(pendingCheck),
    runTimeout: readRunTimeout(inputs),
    leaseWish,
    preflight: inputs.oneOf('preflight', ['require', 'warn', 'off']),
    shouldStartDependencies: inputs.flag('start-dependencies'),
    reversible: readReversible(inputs),
    review: readReviewWishes(inputs),
  };
}

function readService(inputs: InputReader, isRequired: boolean): string {
  const service = isRequired ? inputs.required('service') : (inputs.optional('service') ?? '');
  if (service === '') return service;
  // The rule of the Compose specification; a leading dash would be read as an option.
  if (/^[a-zA-Z0-9._][a-zA-Z0-9._-]*$/.test(service)) return service;
  throw badInput('service', service, 'the name of a Compose service');
}

/** @throws ConfigurationError */
function requireSqlDatabase(inputs: InputReader, database: Database | undefined): void {
  if (inputs.lines('commands').length > 0)
    throw new ConfigurationError(
      'input `sql-files`: `commands` is given too.',
      'One step does one of the two; a second step with the other runs after it.',
    );
  const isPostgres =
    database?.kind === 'service' || (database?.kind === 'url' && database.connection.engine === 'postgres');
  if (isPostgres) return;
  throw new ConfigurationError(
    'input `sql-files`: it needs a PostgreSQL database, and none is named.',
    'Set `database-service`, or `database-url` with `client-image`.',
  );
}

function readCommands(inputs: InputReader): readonly CommandLine[] {
  const commands = inputs
    .lines('commands')
    .map((line, index) => parseCommandLine(line, `input \`commands\`, command ${index + 1}`));
  if (commands.length > mostCommands)
    throw new ConfigurationError(
      `input \`commands\`: ${commands.length} commands are more than ${mostCommands}.`,
      'Put them into a script in the image.',
    );
  return commands.length > 0 ? commands : [{ text: '', argv: [] }];
}

function readPendingCheck(text: string): CommandLine {
  if (text.includes('\n')) throw badInput('pending-check', text, 'one command');
  return parseCommandLine(text, 'input `pending-check`');
}

function readRunTimeout(inputs: InputReader): Duration {
  const timeout = inputs.duration('run-timeout');
  if (timeout < 1000) throw badInput('run-timeout', inputs.required('run-timeout'), 'at least 1s');
  return timeout;
}

function readReversible(inputs: InputReader): SaidReversible {
  // `True` and the like were booleans once.
  return inputs.required('reversible').toLowerCase() === 'auto' ? 'auto' : inputs.flag('reversible') ? 'true' : 'false';
}
