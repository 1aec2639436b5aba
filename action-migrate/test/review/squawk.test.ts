import { expect, it } from 'vitest';
import { reviewSql } from '../../src/review/review-sql.ts';
import { corpus } from './corpus.ts';
import { createParser } from './parser.ts';
import { findSquawk, runSquawk } from './squawk.ts';

const notThere = 'squawk 2.66 has no such rule, or not by default';
const bodies = 'squawk sees no DO block, function body or foreign table';
const newTable = 'squawk knows a table as new only where both statements stand in one transaction';
const style = 'a matter of style, not of safety';

/** Rules that we name for some text of the corpus and squawk does not. */
const onlyOurs: Readonly<Record<string, string>> = {
  'adding-enum-value': notThere,
  'adding-exclusion-constraint': notThere,
  'adding-field-with-default': 'squawk takes a serial column for a matter of style; it rewrites the table',
  'adding-not-nullable-field': 'the NOT NULL constraint of PostgreSQL 18: squawk calls it constraint-missing-not-valid',
  'adding-required-field': 'squawk takes DEFAULT NULL for a default, and knows no DROP DEFAULT of a new column',
  'ban-disable-trigger': notThere,
  'ban-drop-column': bodies,
  'ban-drop-extension': notThere,
  'ban-drop-function': notThere,
  'ban-drop-schema': notThere,
  'ban-drop-sequence': notThere,
  'ban-drop-table': bodies,
  'ban-drop-type': notThere,
  'ban-drop-view': notThere,
  'ban-set-schema': notThere,
  'ban-timeout-off': notThere,
  'ban-truncate': notThere,
  'constraint-missing-not-valid': 'a CHECK of a new column scans the table too',
  'copy-program': notThere,
  'delete-without-where': notThere,
  'drop-owned': notThere,
  'dynamic-sql': notThere,
  'lock-table': notThere,
  'prefer-repack': notThere,
  'prefer-robust-stmts': 'ours looks at views, functions and types too',
  'psql-connect': notThere,
  'psql-ignores-errors': notThere,
  'psql-include': notThere,
  'psql-shell': notThere,
  'renaming-object': notThere,
  'require-concurrent-index-creation': bodies,
  'require-concurrent-refresh': notThere,
  'require-lock-timeout': bodies,
  'require-statement-timeout': bodies,
  'server-wide-statement': notThere,
  'syntax-error': bodies,
  'table-rewrite': notThere,
  'unused-ignore': 'squawk says so only of some comments',
  'update-without-where': notThere,
};

/** Rules that squawk names for some text of the corpus and we do not. */
const onlySquawk: Readonly<Record<string, string>> = {
  'adding-field-with-default': 'a VIRTUAL generated column is not stored, so nothing is rewritten',
  'adding-foreign-key-constraint': `PostgreSQL checks no foreign key of a new column that is NULL in every row; ${newTable}`,
  'adding-not-nullable-field': newTable,
  'adding-required-field': newTable,
  'ban-drop-column': newTable,
  'ban-drop-not-null': 'our comment speaks for the whole statement, squawk its next line',
  'ban-drop-table': newTable,
  'changing-column-type': newTable,
  'constraint-missing-not-valid': 'squawk gives it beside its rule for the kind of constraint; we give that one alone',
  'prefer-bigint-over-int': style,
  'prefer-identity': style,
  'prefer-robust-stmts': 'squawk gives it for a file of one statement, which cannot stop halfway',
  'prefer-text-field': style,
  'renaming-column': newTable,
  'renaming-table': newTable,
  'require-concurrent-index-creation': `ON ONLY builds nothing; ${newTable}`,
  'require-concurrent-index-deletion': newTable,
  'require-enum-value-ordering': style,
  'require-lock-timeout': `squawk gives it for rules and for what waits for nobody; ${newTable}`,
  'require-statement-timeout': `squawk gives it for rules and for what holds up nobody; ${newTable}`,
  'syntax-error': 'squawk knows no commands of psql, no variables and no data of COPY',
  'transaction-nesting': 'ROLLBACK TO a savepoint ends no transaction',
  'unused-ignore': 'a word that only begins like the comment is none to us',
};

/** The optional dependency is there on Linux on x64, where these tests are promised to run. */
const squawk = findSquawk();

it.runIf(squawk !== undefined)('differs from squawk only where we know why', async () => {
  const parser = await createParser();
  const cases = Object.values(corpus).flatMap((group) => group.filter(({ sql }) => !sql.includes('\0')));
  const theirs = runSquawk(
    squawk ?? '',
    cases.map(({ sql }) => sql),
  );
  const differences = { ours: new Set<string>(), squawk: new Set<string>() };
  for (const [index, { sql }] of cases.entries()) {
    const { findings } = await reviewSql({ path: 'db.sql', text: sql, runs: 'by-itself' }, parser);
    const ours = new Set<string>(findings.map(({ rule }) => rule));
    const other = theirs[index] ?? new Set<string>();
    for (const rule of ours) if (!other.has(rule)) differences.ours.add(rule);
    for (const rule of other) if (!ours.has(rule)) differences.squawk.add(rule);
  }
  expect([...differences.ours].sort()).toEqual(Object.keys(onlyOurs).sort());
  expect([...differences.squawk].sort()).toEqual(Object.keys(onlySquawk).sort());
});
