import type { Level } from './finding.ts';

/** Why a rule is there, and what to write instead. Names are squawk's where the meaning is the same. */
interface Rule {
  readonly level: Level;
  readonly why: string;
  readonly rewrite: string;
  /** The version before this one does not work with the database after it, or rows are gone. */
  readonly isIrreversible?: true;
}

const gone = 'The version that still serves may use it, and what was in it is gone: only a backup brings it back.';
const dropLater = 'Ship a version that no longer uses it first, and drop it in a later deploy.';
const fullLock = 'It takes an ACCESS EXCLUSIVE lock: every read and write of the table waits until it ends.';
const scanLock = 'All rows are checked under a lock that blocks writes.';
const renamed = 'The version that still serves, and a rollback to it, look for the old name.';
const expand = 'Add the new one beside it, write both, move the readers over, and drop the old one in a later deploy.';
const batches = 'Work in batches by key range with a WHERE clause, outside the migration if there are many rows.';

/** Every rule of the review. */
export const rules = {
  'syntax-error': {
    level: 'error',
    why: 'PostgreSQL would refuse it, or it cannot be read and so was not reviewed.',
    rewrite: 'Correct the statement.',
  },
  'review-incomplete': {
    level: 'error',
    why: 'The review has bounds (2 MB, 2 s and 512 MB a file); beyond them nothing is known about the file.',
    rewrite: 'Split the file; load bulk data with COPY from a file of its own.',
  },
  'ban-drop-table': { level: 'error', why: gone, rewrite: dropLater, isIrreversible: true },
  'ban-drop-column': { level: 'error', why: gone, rewrite: dropLater, isIrreversible: true },
  'ban-drop-database': { level: 'error', why: gone, rewrite: 'Drop databases by hand.', isIrreversible: true },
  'ban-drop-schema': { level: 'error', why: gone, rewrite: dropLater, isIrreversible: true },
  'ban-drop-view': {
    level: 'error',
    why: 'The version that still serves may read it.',
    rewrite: dropLater,
    isIrreversible: true,
  },
  'ban-drop-type': {
    level: 'error',
    why: 'With CASCADE the columns of that type go too; the version that still serves may use it.',
    rewrite: dropLater,
    isIrreversible: true,
  },
  'ban-drop-sequence': {
    level: 'error',
    why: 'Inserts that take their key from it fail.',
    rewrite: dropLater,
    isIrreversible: true,
  },
  'ban-drop-function': {
    level: 'warning',
    why: 'The version that still serves may call it.',
    rewrite: `Use CREATE OR REPLACE to change it. ${dropLater}`,
    isIrreversible: true,
  },
  'ban-drop-extension': {
    level: 'error',
    why: 'Types, functions and indexes of the extension go with it.',
    rewrite: dropLater,
    isIrreversible: true,
  },
  'drop-owned': {
    level: 'error',
    why: 'Everything that the role owns goes, and what that is the text does not say.',
    rewrite: 'Drop the objects by name.',
    isIrreversible: true,
  },
  'ban-truncate': {
    level: 'error',
    why: 'All rows are gone at once, under an ACCESS EXCLUSIVE lock.',
    rewrite: 'DELETE with a WHERE clause, in batches.',
    isIrreversible: true,
  },
  'ban-truncate-cascade': {
    level: 'error',
    why: 'All rows are gone, and those of every table that refers to it.',
    rewrite: 'Name every table, or DELETE with a WHERE clause.',
    isIrreversible: true,
  },
  'delete-without-where': { level: 'error', why: 'All rows are gone.', rewrite: batches, isIrreversible: true },
  'update-without-where': {
    level: 'error',
    why: 'Every row is written again in one transaction: locks until it ends, a table twice as large, old values gone.',
    rewrite: batches,
  },
  'adding-required-field': {
    level: 'error',
    why: 'It fails on a table with rows, and the version that still serves inserts rows without that column.',
    rewrite:
      'Add it with a DEFAULT that stays, or nullable; fill it; SET NOT NULL in a later deploy (Django: `db_default`).',
    isIrreversible: true,
  },
  'adding-not-nullable-field': {
    level: 'error',
    why: `${fullLock} Meanwhile the table is scanned, and the version that still serves may write NULL.`,
    rewrite:
      'ADD CONSTRAINT c CHECK (column IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT c in a file of its own; then SET NOT NULL, which needs no scan.',
  },
  'adding-field-with-default': {
    level: 'warning',
    why: `A default that differs by row rewrites the table. ${fullLock}`,
    rewrite: 'Add the column without it, SET DEFAULT for new rows, and fill old rows in batches.',
  },
  'adding-serial-primary-key-field': {
    level: 'error',
    why: `The index is built, or the table rewritten, under the lock. ${fullLock}`,
    rewrite: 'CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … PRIMARY KEY USING INDEX.',
  },
  'disallowed-unique-constraint': {
    level: 'error',
    why: `The index is built under the lock. ${fullLock}`,
    rewrite: 'CREATE UNIQUE INDEX CONCURRENTLY in a file of its own, then ADD CONSTRAINT … UNIQUE USING INDEX.',
  },
  'adding-exclusion-constraint': {
    level: 'error',
    why: `The index is built under the lock, and PostgreSQL knows no other way. ${fullLock}`,
    rewrite: 'Do it in a quiet hour, on a table small enough.',
  },
  'adding-foreign-key-constraint': {
    level: 'error',
    why: `${scanLock} Both tables are locked.`,
    rewrite: 'ADD CONSTRAINT … FOREIGN KEY … NOT VALID, then VALIDATE CONSTRAINT in a file of its own.',
  },
  'constraint-missing-not-valid': {
    level: 'error',
    why: scanLock,
    rewrite: 'ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a file (a transaction) of its own.',
  },
  'changing-column-type': {
    level: 'error',
    why: `The table is rewritten, unless the types are binary compatible. ${fullLock}`,
    rewrite: expand,
  },
  'table-rewrite': { level: 'error', why: `The table is rewritten. ${fullLock}`, rewrite: 'Do it in a quiet hour.' },
  'renaming-column': { level: 'error', why: renamed, rewrite: expand, isIrreversible: true },
  'renaming-table': {
    level: 'error',
    why: renamed,
    rewrite: 'Rename it and create a view of the old name in the same transaction; drop the view in a later deploy.',
    isIrreversible: true,
  },
  'renaming-object': { level: 'error', why: renamed, rewrite: expand, isIrreversible: true },
  'ban-set-schema': { level: 'error', why: renamed, rewrite: expand, isIrreversible: true },
  'ban-drop-not-null': {
    level: 'warning',
    why: 'The version that still serves may not expect NULL.',
    rewrite: 'Make sure that every reader handles NULL first.',
  },
  'ban-disable-trigger': {
    level: 'warning',
    why: 'What writes meanwhile is not checked: foreign keys are triggers too.',
    rewrite: 'Leave triggers on, or enable them again in the same transaction.',
  },
  'ban-create-domain-with-constraint': {
    level: 'warning',
    why: 'A constraint of a domain cannot be changed without scanning every table that uses it.',
    rewrite: 'Put a CHECK on the column.',
  },
  'ban-alter-domain-with-add-constraint': {
    level: 'warning',
    why: 'Every table that uses the domain is scanned under a lock.',
    rewrite: 'Put a CHECK on the column, NOT VALID first.',
  },
  'adding-enum-value': {
    level: 'warning',
    why: 'A value cannot be taken away again, cannot be used in the transaction that adds it, and the version that still serves may not know it.',
    rewrite: 'Add it in a deploy before the one that writes it.',
  },
  'require-concurrent-index-creation': {
    level: 'error',
    why: 'Writes to the table wait until the index is built.',
    rewrite: 'CREATE INDEX CONCURRENTLY, in a file of its own and outside a transaction.',
  },
  'require-concurrent-index-deletion': {
    level: 'error',
    why: fullLock,
    rewrite: 'DROP INDEX CONCURRENTLY, in a file of its own and outside a transaction.',
  },
  'require-concurrent-reindex': {
    level: 'error',
    why: 'Writes to the table, and reads through the index, wait until it is built.',
    rewrite: 'REINDEX … CONCURRENTLY, outside a transaction.',
  },
  'require-concurrent-partition-detach': {
    level: 'error',
    why: fullLock,
    rewrite: 'DETACH PARTITION … CONCURRENTLY, outside a transaction.',
  },
  'require-concurrent-refresh': {
    level: 'warning',
    why: 'Readers of the view wait until it is filled.',
    rewrite: 'REFRESH MATERIALIZED VIEW CONCURRENTLY; the view needs a unique index.',
  },
  'ban-concurrent-index-creation-in-transaction': {
    level: 'error',
    why: 'PostgreSQL refuses it inside a transaction.',
    rewrite: 'Put it into a file of its own.',
  },
  'non-transactional-statement': {
    level: 'error',
    why: 'PostgreSQL refuses it inside a transaction.',
    rewrite: 'Put it into a file of its own.',
  },
  'transaction-nesting': {
    level: 'error',
    why: 'A COMMIT in the middle keeps what came before even when a later statement fails.',
    rewrite: 'Leave BEGIN, COMMIT and ROLLBACK out; split the file where it needs two transactions.',
  },
  'ban-uncommitted-transaction': {
    level: 'error',
    why: 'Without COMMIT nothing of it stays.',
    rewrite: 'Add COMMIT.',
  },
  'prefer-robust-stmts': {
    level: 'warning',
    why: 'Outside a transaction a run that stopped halfway cannot be run again: the second one fails here.',
    rewrite: 'IF NOT EXISTS or IF EXISTS; before CREATE INDEX CONCURRENTLY: DROP INDEX CONCURRENTLY IF EXISTS.',
  },
  'require-lock-timeout': {
    level: 'warning',
    why: 'While it waits for its lock behind one long query, every later query of the table waits behind it.',
    rewrite: "SET lock_timeout = '5s'; before it.",
  },
  'require-statement-timeout': {
    level: 'warning',
    why: 'A statement that takes longer than thought holds its locks as long as it runs.',
    rewrite: "SET statement_timeout = '15min'; before it.",
  },
  'ban-timeout-off': {
    level: 'warning',
    why: 'A lock that is waited for without end stops every later query of the table.',
    rewrite: 'Set the time that the statement may really take.',
  },
  'dynamic-sql': {
    level: 'warning',
    why: 'The statement is put together when it runs, so nobody has reviewed it.',
    rewrite: 'Write the statements out, or check by hand what it can become.',
  },
  'prefer-repack': {
    level: 'warning',
    why: `The whole table is written again. ${fullLock}`,
    rewrite: 'pg_repack, or a plain VACUUM.',
  },
  'lock-table': {
    level: 'warning',
    why: 'What the table serves waits until the transaction ends.',
    rewrite: 'Let each statement take the lock that it needs; set lock_timeout.',
  },
  'server-wide-statement': {
    level: 'warning',
    why: 'It changes more than this database: the whole server, its roles or its settings.',
    rewrite: 'Do it by hand, or where the server is set up.',
  },
  'copy-program': {
    level: 'error',
    why: "It runs a program on the database's server.",
    rewrite: 'COPY … FROM STDIN.',
  },
  'psql-shell': {
    level: 'error',
    why: 'It runs a shell command, which no review reads.',
    rewrite: 'Make it a command of the step.',
  },
  'psql-include': {
    level: 'error',
    why: 'The file that it reads was not reviewed with it.',
    rewrite: 'List that file itself.',
  },
  'psql-connect': {
    level: 'error',
    why: 'What follows runs in another database or as another role than the one that was backed up.',
    rewrite: 'Use a step of its own for each database.',
  },
  'psql-ignores-errors': {
    level: 'error',
    why: 'psql goes on after an error, and a half applied file counts as applied.',
    rewrite: 'Leave ON_ERROR_STOP alone.',
  },
  'unused-ignore': {
    level: 'warning',
    why: 'The comment takes nothing back: the statement changed, or the rule is misspelt.',
    rewrite: 'Remove it.',
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof rules;

export function isRuleName(name: string): name is RuleName {
  return Object.hasOwn(rules, name);
}

/** What one rule says; the table's narrow types widened. */
export function ruleOf(name: RuleName): Rule {
  return rules[name];
}
