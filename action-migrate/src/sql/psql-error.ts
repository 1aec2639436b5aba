/** What psql said when it stopped. */
export interface SqlFailure {
  /** Five characters; undefined where the server said nothing (a lost connection, a missing file). */
  readonly sqlState: string | undefined;
  /** 1-based line in the file; undefined where none is known. */
  readonly line: number | undefined;
  /** The server's sentence. */
  readonly message: string;
}

/** Reads the last error of `psql -v VERBOSITY=verbose`: `psql:/dev/shm/x/0001.sql:7: ERROR:  42P01: relation …`. */
export function parsePsqlError(stderr: string): SqlFailure {
  const errors = [...stderr.matchAll(/^(?:psql:(?:.*?):(\d+): )?(?:ERROR|FATAL|PANIC): {2}([0-9A-Z]{5}): (.*)$/gm)];
  const last = errors.at(-1);
  if (last === undefined) {
    const lines = stderr.split('\n').filter((line) => line.trim() !== '');
    const said = lines.findLast((line) => /error|fatal/i.test(line)) ?? lines.at(-1) ?? 'psql said nothing';
    return { sqlState: undefined, line: undefined, message: said.replace(/^psql: (error: )?/, '') };
  }
  return { sqlState: last[2], line: last[1] === undefined ? undefined : Number(last[1]), message: last[3] ?? '' };
}

const meanings: Readonly<Record<string, string>> = {
  '22001': 'a value is longer than its column',
  '23502': 'a row has no value where one is required',
  '23503': 'a row points to a row that is not there',
  '23505': 'two rows have the same value where it must be unique',
  '23514': 'a row does not satisfy a check',
  '25001': 'the statement cannot run inside a transaction',
  '28P01': 'the password is wrong',
  '3D000': 'the database does not exist',
  '40001': 'another transaction changed the same rows',
  '40P01': 'two transactions waited for each other',
  '42501': 'the user may not do this',
  '42601': 'the SQL has a mistake in its grammar',
  '42701': 'the column exists already',
  '42703': 'the column does not exist',
  '42710': 'the object exists already',
  '42P01': 'the table does not exist',
  '42P07': 'the table or index exists already',
  '53100': 'the disk of the database is full',
  '53200': 'the database has no memory left',
  '53300': 'the database has no connection left',
  '55006': 'the object is in use',
  '55P03': 'a lock was not free in time',
  '57014': 'the statement ran longer than statement-timeout, or was cancelled',
  '57P01': 'an administrator ended the connection',
  '57P03': 'the database is starting or stopping',
};

/** `SQLSTATE 23505 (two rows have the same value …)`. */
export function describeSqlState(state: string | undefined): string {
  if (state === undefined) return 'no SQLSTATE';
  const meaning = meanings[state];
  return `SQLSTATE ${state}${meaning === undefined ? '' : ` (${meaning})`}`;
}

/** The next thing to do after such an error. */
export function adviseOnSqlState(state: string | undefined): string {
  switch (state) {
    case '55P03':
      return 'End the session that is named, or run again off-peak; a longer `lock-timeout` on a busy table makes everybody else wait too.';
    case '57014':
      return 'Split the work into smaller statements, or raise `statement-timeout` when nobody else needs the table.';
    case '42501':
      return 'Give the database user the right, or name another user in `database-user` or `database-url`.';
    case undefined:
      return 'Does the database run? Its log says more.';
    default:
      return 'Correct the file, and run the job again.';
  }
}

/** Errors after which the same file may well work a moment later; all others are the file's own. */
export function isRetryable(state: string | undefined): boolean {
  return state === '55P03' || state === '40P01';
}
