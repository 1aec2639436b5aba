import { lastLines, type ExecResult } from '@deploy-actions/kit/host/host';
import { MigrateError, type MigrateErrorCode } from '../error.ts';
import type { CommandResult } from '../result.ts';
import { adviseOnSqlState, describeSqlState, parsePsqlError } from './psql-error.ts';
import { changedOnTheWay, lockHeldState } from './psql-scripts.ts';
import type { SqlFile } from './sql-file.ts';
import type { SqlRun } from './sql-run.ts';

/** psql's own words, as the error of the step. */
export async function explainFailure(run: SqlRun, file: SqlFile, result: ExecResult): Promise<MigrateError> {
  const { door, session, limits } = run;
  const { sqlState, line, message } = parsePsqlError(result.stderr);
  const where = `${door.host.name}: ${file.path}${line === undefined ? '' : `, line ${line}`}`;
  const evidence = lastLines(result.stderr, 15).map((text) => text.replaceAll(/psql:\S*?([^/]+\.\w+):/g, '$1:'));
  if (sqlState === lockHeldState)
    return new MigrateError({
      code: 'LOCK_HELD',
      message: `${where}: another session migrates the same database, and did not end within \`lock-wait\`.`,
      hint: 'Its application_name in pg_stat_activity begins with "deploy-actions". Wait for its end, then run the job again.',
    });
  const blockers = sqlState === '55P03' ? await session.blockers() : [];
  const behind = blockers.length === 0 ? '' : ` In the way, maybe: ${blockers.join('; ')}.`;
  const waited = sqlState === '55P03' ? ` It waited ${limits.lockTimeout / 1000}s each time.` : '';
  return new MigrateError({
    code: codeOf(sqlState, file),
    message: `${where}: ${message} (${describeSqlState(sqlState)}).${waited}${behind}`,
    hint:
      result.code === changedOnTheWay
        ? 'Run the job again. Should it happen again: is the disk of the server full?'
        : adviseOnSqlState(sqlState),
    evidence,
  });
}

function codeOf(sqlState: string | undefined, file: SqlFile): MigrateErrorCode {
  if (file.mode === 'alone') return 'PARTIAL_APPLY';
  return sqlState === '55P03' ? 'LOCK_TIMEOUT' : 'SQL_ERROR';
}

const notServing = 'Nothing was restarted: the version that served before still serves.';

/** What was applied, and what serves now. Pure. */
export function withSqlFacts(error: MigrateError, results: readonly CommandResult[], file: SqlFile): MigrateError {
  const done = results.filter(({ outcome }) => outcome === 'done').map(({ text }) => text);
  const before =
    done.length === 0 ? 'No file before it was applied by this run' : `Applied before it: ${done.join(', ')}`;
  const { outcome } = results.at(-1) ?? {};
  const own =
    outcome === 'unknown'
      ? ''
      : outcome === 'not-run'
        ? `${file.path} was not begun. `
        : `${describeOwn(error, file)} `;
  return new MigrateError({
    code: error.code,
    message: `${error.message} ${own}${before}. ${notServing}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    evidence: error.evidence,
    cause: error.cause,
  });
}

function describeOwn(error: MigrateError, file: SqlFile): string {
  if (error.code === 'INVALID_INDEX') return 'Its other statements were applied.';
  if (file.mode === 'single' || error.code === 'LOCK_HELD')
    return 'Nothing of this file was applied: its transaction was rolled back.';
  return 'The statements above that line were applied, because they cannot be in a transaction; a CONCURRENTLY that failed leaves an invalid index behind: drop it before you run again.';
}
