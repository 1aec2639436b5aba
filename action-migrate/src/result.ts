import type { Backup } from './backup/backup-file.ts';
import { MigrateError } from './error.ts';

export type CommandOutcome =
  | 'done'
  /** An earlier attempt of this run saw it end well, or left its container behind with exit code 0. */
  | 'done-before'
  | 'failed'
  | 'timed-out'
  | 'unknown'
  /** A SQL file that the database remembers from an earlier run. */
  | 'skipped'
  | 'not-run';

/** What became of one command. */
export interface CommandResult {
  readonly number: number;
  /** As the user typed it. */
  readonly text: string;
  readonly outcome: CommandOutcome;
  readonly exitCode: number | undefined;
  readonly durationMs: number | undefined;
}

export type MigrationStatus = 'applied' | 'nothing-pending' | 'failed' | 'timed-out' | 'unknown';

/** What the whole step did. */
export interface MigrationResult {
  readonly status: MigrationStatus;
  readonly commands: readonly CommandResult[];
  readonly durationMs: number;
  /** Why it stopped; undefined when it did all that was asked for. */
  readonly error: MigrateError | undefined;
  readonly tail: readonly string[];
  /** What was backed up before; undefined: nothing was. */
  readonly backup?: RecordedBackup;
}

/** A backup of this run, or of the attempt before it, whose command this one watched. */
export type RecordedBackup = Pick<Backup, 'path' | 'sha256' | 'bytes' | 'check' | 'restoreCommand'>;

/** Whether at least one command ended well: then the database is no longer what it was. */
export function hasApplied(result: MigrationResult): boolean {
  return result.commands.some(({ outcome }) => outcome === 'done' || outcome === 'done-before');
}

/** Each failure says where the way back is. */
export function withBackupFact(result: MigrationResult, backup: RecordedBackup | undefined): MigrationResult {
  const { error } = result;
  if (backup === undefined) return result;
  if (error === undefined) return { ...result, backup };
  const fact = `The backup of before is ${backup.path}${backup.restoreCommand === '' ? '' : ' (output `restore-command`)'}; nothing was restored.`;
  const told = new MigrateError({
    code: error.code,
    message: `${error.message} ${fact}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    evidence: error.evidence,
    cause: error.cause,
  });
  return { ...result, backup, error: told };
}

/** The files that the database remembered from an earlier run. */
export function skippedOf({ commands }: MigrationResult): readonly string[] {
  return commands.filter(({ outcome }) => outcome === 'skipped').map(({ text }) => text);
}

/** What a failure always says: was anything applied? */
export function describeApplied(commands: readonly CommandResult[]): string {
  const done = commands.filter(({ outcome }) => outcome === 'done' || outcome === 'done-before');
  const broken = commands.find(
    ({ outcome }) => outcome === 'failed' || outcome === 'timed-out' || outcome === 'unknown',
  );
  const before =
    done.length === 0
      ? 'No command before it had run'
      : `Done before it: ${done.map(({ text }) => JSON.stringify(text)).join(', ')}`;
  const partly =
    broken === undefined ? '' : ' Whether it changed something itself before it stopped, its own tool can say.';
  return `${before}.${partly}`;
}
