import type { MigrateError } from './error.ts';

export type CommandOutcome =
  | 'done'
  /** An earlier attempt of this run saw it end well, or left its container behind with exit code 0. */
  | 'done-before'
  | 'failed'
  | 'timed-out'
  | 'unknown'
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
}

/** Whether at least one command ended well: then the database is no longer what it was. */
export function hasApplied(result: MigrationResult): boolean {
  return result.commands.some(({ outcome }) => outcome === 'done' || outcome === 'done-before');
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
