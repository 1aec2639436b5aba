import { HostError, lastLines, type ExecResult } from '@deploy-actions/kit/host/host';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { MigrateError } from '../error.ts';
import { interruptionOf } from '../interruption.ts';
import { NotBegun } from '../lease-check.ts';
import { isConnectionLoss } from '../reconnecting-host.ts';
import type { CommandResult, MigrationResult } from '../result.ts';
import type { RunDoor } from '../run-door.ts';
import { isRetryable, parsePsqlError } from './psql-error.ts';
import { appliedState, lockHeldState } from './psql-scripts.ts';
import { explainFailure, withSqlFacts } from './sql-failure.ts';
import type { SqlFile } from './sql-file.ts';
import type { SqlLimits, SqlMemory, SqlSession } from './sql-session.ts';

/** Everything that the files of one run share. */
export interface SqlRun {
  readonly door: RunDoor;
  readonly session: SqlSession;
  readonly limits: SqlLimits;
  readonly files: readonly SqlFile[];
}

const mostLosses = 3;
const lockPollMs = 2000;

/** Whether the database remembers all of them, and no index of theirs is broken: then there is no need of a backup. */
export async function isAllApplied({ session, files }: SqlRun): Promise<boolean> {
  const memory = await session.remember();
  return files.every((file) => isDone(file, memory));
}

function isDone(file: SqlFile, memory: SqlMemory): boolean {
  return memory.applied.has(file.sha256) && brokenIndexes(memory.invalidIndexes, file, memory).length === 0;
}

/** Applies the files in order and stops at the first that fails. One that the database remembers is skipped. */
export async function applyFiles(run: SqlRun): Promise<MigrationResult> {
  const { door, session, files } = run;
  const start = door.clock.now();
  const results: CommandResult[] = [];
  let error: MigrateError | undefined;
  try {
    const before = await session.remember('make');
    for (const [index, file] of files.entries()) {
      const number = index + 1;
      const entry = { number, text: file.path, exitCode: undefined, durationMs: undefined };
      if (error !== undefined) results.push({ ...entry, outcome: 'not-run' });
      else if (isDone(file, before)) results.push(skip(door, entry, before, file));
      else {
        const end = await applyOne(run, file, number, before);
        results.push(end.result);
        error = end.error === undefined ? undefined : withSqlFacts(end.error, results, file);
      }
    }
  } finally {
    await session.forget();
  }
  const broken = results.find(({ outcome }) => ['failed', 'timed-out', 'unknown'].includes(outcome))?.outcome;
  const didNothing = results.every(({ outcome }) => outcome === 'skipped');
  const status =
    broken === 'timed-out' || broken === 'unknown' || broken === 'failed'
      ? broken
      : error !== undefined
        ? 'failed'
        : didNothing
          ? 'nothing-pending'
          : 'applied';
  return { status, commands: results, durationMs: door.clock.now() - start, error, tail: error?.evidence ?? [] };
}

type Entry = Omit<CommandResult, 'outcome'>;

function skip(door: RunDoor, entry: Entry, memory: SqlMemory, file: SqlFile): CommandResult {
  const name = memory.applied.get(file.sha256);
  door.say(`${file.path}: applied earlier${name === file.path ? '' : `, as ${name ?? ''}`}; skipped.`);
  return { ...entry, outcome: 'skipped' };
}

interface FileEnd {
  readonly result: CommandResult;
  readonly error: MigrateError | undefined;
}

async function applyOne(run: SqlRun, file: SqlFile, number: number, before: SqlMemory): Promise<FileEnd> {
  const { door, files } = run;
  const start = door.clock.now();
  const how = file.mode === 'single' ? 'one transaction' : 'each statement by itself';
  const title = `[${number}/${files.length}] ${file.path} (${how})`;
  const entry = (): Entry => ({ number, text: file.path, exitCode: undefined, durationMs: door.clock.now() - start });
  try {
    // Before the first file `act` looked.
    if (number > 1) await door.requireLease();
    const last = await door.group(title, () => applyPatiently(run, file));
    if (last !== 'applied' && last.code !== 0) {
      const error = await explainFailure(run, file, last);
      return { result: { ...entry(), exitCode: last.code, outcome: 'failed' }, error };
    }
    await refuseInvalidIndexes(run, file, before);
    door.say(`${title}: applied in ${formatDuration(door.clock.now() - start)}.`);
    return { result: { ...entry(), exitCode: 0, outcome: 'done' }, error: undefined };
  } catch (thrown) {
    const end = await explainThrown(run, file, thrown);
    return { result: { ...entry(), outcome: end.outcome }, error: end.error };
  }
}

/** Tries again after a lost connection, while another migration holds the lock, and after a lock that was not free. */
async function applyPatiently(run: SqlRun, file: SqlFile): Promise<ExecResult | 'applied'> {
  const { door, session, limits } = run;
  const start = door.clock.now();
  let losses = 0;
  let retries = 0;
  for (;;) {
    let result: ExecResult;
    try {
      result = await session.apply(file, limits, door.runTimeout);
    } catch (thrown) {
      if (!isConnectionLoss(thrown) || ++losses > mostLosses) throw thrown;
      door.warn(`The connection to ${door.host.name} broke; psql goes on there. Connecting again to see how it ends.`);
      await session.settle();
      if ((await session.remember()).applied.has(file.sha256)) return 'applied';
      if (file.mode === 'alone') throw thrown;
      continue;
    }
    const { sqlState } = parsePsqlError(result.stderr);
    if (result.code === 0) return result;
    if (sqlState === appliedState) {
      door.say(`${file.path} was applied meanwhile by another session; it is not applied a second time.`);
      return 'applied';
    }
    if (sqlState === lockHeldState) {
      if (door.clock.now() - start >= limits.lockWait) return result;
      door.say('Another session migrates this database; waiting for its end.');
      await door.clock.sleep(lockPollMs, door.signal);
    } else if (isRetryable(sqlState) && file.mode === 'single' && retries < limits.retries) {
      retries++;
      const pauseMs = 2000 * 2 ** (retries - 1);
      for (const line of await session.blockers()) door.say(`         | in the way, maybe: ${line}`);
      door.say(
        `Nothing of it was applied. Trying again in ${formatDuration(pauseMs)} (${retries} of ${limits.retries}).`,
      );
      await door.clock.sleep(pauseMs, door.signal);
    } else return result;
  }
}

/** `CREATE INDEX CONCURRENTLY IF NOT EXISTS` passes over the broken index of an earlier try, and says nothing. */
async function refuseInvalidIndexes({ door, session }: SqlRun, file: SqlFile, before: SqlMemory): Promise<void> {
  const { invalidIndexes } = await session.remember();
  const mine = brokenIndexes(invalidIndexes, file, before);
  const [first] = mine;
  if (first === undefined) return;
  await session.unremember(file);
  throw new MigrateError({
    code: 'INVALID_INDEX',
    message: `${door.host.name}: ${file.path} ended well, but the index ${mine.join(', ')} is INVALID: it slows writes down and no query uses it.`,
    hint: `DROP INDEX CONCURRENTLY ${first.split(' on ')[0] ?? ''}; then put right why it could not be built (often duplicate rows), and run the job again. IF NOT EXISTS would pass over it.`,
  });
}

/** Of the invalid indexes those that are new, or that the file names. Pure. */
export function brokenIndexes(invalid: readonly string[], file: SqlFile, before: SqlMemory): readonly string[] {
  const text = file.content.toString('utf8').toLowerCase();
  const bare = (index: string): string =>
    (index.split(' on ')[0] ?? '').split('.').at(-1)?.replaceAll('"', '').toLowerCase() ?? '';
  return invalid.filter((index) => !before.invalidIndexes.includes(index) || text.includes(bare(index)));
}

interface ThrownEnd {
  readonly outcome: 'failed' | 'timed-out' | 'unknown' | 'not-run';
  readonly error: MigrateError;
}

/** What ended psql from outside. Its transaction is rolled back before anything is said about it. */
async function explainThrown({ door, session }: SqlRun, file: SqlFile, thrown: unknown): Promise<ThrownEnd> {
  if (thrown instanceof NotBegun) return { outcome: 'not-run', error: thrown };
  if (thrown instanceof MigrateError)
    return { outcome: thrown.code === 'SSH_LOST' ? 'unknown' : 'failed', error: thrown };
  const interruption = interruptionOf(door.signal, thrown);
  const isTimeout = thrown instanceof HostError && thrown.code === 'COMMAND_TIMEOUT';
  if (interruption === undefined && !isTimeout) {
    if (!(thrown instanceof HostError)) throw thrown;
    return {
      outcome: 'unknown',
      error: new MigrateError({
        code: 'SSH_LOST',
        message: `${thrown.message} Whether ${file.path} was applied is unknown.`,
        hint: 'Run the job again: the database remembers what was applied, and it is not applied a second time.',
        cause: thrown,
      }),
    };
  }
  const ended = await session.terminate().then(
    () => true,
    () => false,
  );
  const what = interruption?.what ?? `it ran longer than ${formatDuration(door.runTimeout)} (\`run-timeout\`)`;
  return {
    outcome: ended ? (isTimeout ? 'timed-out' : 'failed') : 'unknown',
    error: new MigrateError({
      code: interruption?.code ?? 'COMMAND_TIMEOUT',
      message: `${door.host.name}: ${file.path} was stopped: ${what}${ended ? '' : ', and its session could not be ended'}.`,
      hint:
        interruption === undefined
          ? 'See what it waited for before you raise `run-timeout`.'
          : `${interruption.advice}Run the job again when you want it.`,
      evidence: lastLines(isTimeout ? thrown.message : '', 1),
      cause: thrown,
    }),
  };
}
