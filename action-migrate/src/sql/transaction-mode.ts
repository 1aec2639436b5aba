import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { splitStatements, type Statement } from './statement.ts';

/**
 * `single`: the whole file is one transaction. `alone`: each statement commits by itself, because PostgreSQL refuses at
 * least one of them inside a transaction block.
 */
export type TransactionMode = 'single' | 'alone';

/** PostgreSQL's documentation says of each that it "cannot be executed inside a transaction block". */
const notInTransaction: readonly RegExp[] = [
  /^create (unique )?index concurrently\b/i,
  /^drop index concurrently\b/i,
  /^reindex\b.*\b(concurrently|database|system)\b/i,
  /^vacuum\b/i,
  /^(create|drop) database\b/i,
  /^alter database .* set tablespace\b/i,
  /^(create|drop) tablespace\b/i,
  /^alter system\b/i,
  /^cluster( verbose| \(.*\))?$/i,
  /^(create|drop) subscription\b/i,
  /^alter subscription .* (refresh|set publication|add publication|drop publication)\b/i,
  /^alter table .* detach partition .* concurrently$/i,
];

const transactionControl =
  /^(begin|start transaction|commit|end|abort|prepare transaction)\b|^rollback(?! (work |transaction )?to\b)/i;
/** Beside the statements of an `alone` file. */
const settings = /^(set|reset|show)\b/i;

/** Commands of psql that neither read another file, run a program, leave the connection nor switch the safety off. */
const harmlessMeta = /^\\(set|unset|echo|warn|qecho|timing|pset|x|a|t)\b/;
const guardedVariable = /^\\(un)?set\s+(ON_ERROR_STOP|ON_ERROR_ROLLBACK|AUTOCOMMIT|SINGLELINE|SINGLESTEP)\b/i;

/**
 * How a file must be run.
 * @param name the file, for the message
 * @throws ConfigurationError naming file and line for what would break the promise of one transaction
 */
export function chooseMode(name: string, text: string): TransactionMode {
  const statements = splitStatements(text);
  const refuse = (statement: Statement, why: string, hint: string): never => {
    throw new ConfigurationError(`${name}, line ${statement.line}: ${quote(statement)} ${why}.`, hint);
  };
  for (const statement of statements) {
    if (statement.kind === 'meta' && !isHarmless(statement.skeleton))
      refuse(
        statement,
        'is a command of psql that a migration may not use',
        'Write it as SQL, or run psql yourself with `commands`.',
      );
    if (statement.kind === 'sql' && transactionControl.test(statement.skeleton))
      refuse(
        statement,
        'begins or ends a transaction',
        'Leave it out: the action runs the file in one transaction, so that a failure leaves nothing behind.',
      );
  }
  const sql = statements.filter(({ kind }) => kind === 'sql');
  const alone = sql.find(isAlone);
  if (alone === undefined) return 'single';
  const other = sql.find((statement) => !isAlone(statement) && !settings.test(statement.skeleton));
  if (other !== undefined)
    refuse(
      other,
      `stands beside ${quote(alone)} (line ${alone.line}), which PostgreSQL refuses inside a transaction`,
      'Put statements of the two kinds into files of their own: then a failure never leaves half a file behind.',
    );
  return 'alone';
}

function isAlone({ skeleton }: Statement): boolean {
  return notInTransaction.some((pattern) => pattern.test(skeleton));
}

/** A backtick in an argument would run a program. */
function isHarmless(meta: string): boolean {
  return harmlessMeta.test(meta) && !guardedVariable.test(meta) && !meta.includes('`');
}

function quote({ skeleton }: Statement): string {
  return JSON.stringify(skeleton.length > 80 ? `${skeleton.slice(0, 77)}...` : skeleton);
}
