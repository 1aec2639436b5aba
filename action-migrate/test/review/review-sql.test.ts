import { beforeAll, describe, expect, it } from 'vitest';
import type { FileReview } from '../../src/review/finding.ts';
import type { PgParser } from '../../src/review/pg-parser.ts';
import { reviewSql } from '../../src/review/review-sql.ts';
import { corpus } from './corpus.ts';
import type { Case } from './corpus-case.ts';
import { createParser } from './parser.ts';

let parser: PgParser;

beforeAll(async () => {
  parser = await createParser();
});

function review(sql: string, runs: Case['runs'] | 'single-transaction' = 'single-transaction'): Promise<FileReview> {
  return reviewSql({ path: 'db.sql', text: sql, runs }, parser);
}

const shown = ({ findings }: FileReview): readonly string[] =>
  findings.map(({ line, rule, object }) => `${line} ${rule} ${object}`);

describe.each(Object.entries(corpus))('%s', (_, cases) => {
  it.each(cases)('$sql', async ({ sql, runs, finds }) => {
    expect(shown(await review(sql, runs))).toEqual(finds);
  });
});

it('has a corpus of more than 120 statements', async () => {
  const reviews = await Promise.all(Object.values(corpus).flatMap((cases) => cases.map(({ sql }) => review(sql))));
  expect(reviews.reduce((sum, { statements }) => sum + statements, 0)).toBeGreaterThan(120);
});

describe('what the SQL shows about the way back', () => {
  it.each([
    ['a dropped column', 'ALTER TABLE o DROP a;', true],
    ['a dropped column that a comment accepts', '-- squawk-ignore ban-drop-column\nALTER TABLE o DROP a;', true],
    ['a new column that old inserts lack', 'ALTER TABLE o ADD a int NOT NULL;', true],
    ['a renamed table', 'ALTER TABLE o RENAME TO p;', true],
    ['an index built under a lock', 'CREATE INDEX ON o (a);', false],
    ['a new table', 'CREATE TABLE t (a int);', false],
  ])('%s', async (_, sql, isIrreversible) => {
    expect((await review(sql)).isIrreversible).toBe(isIrreversible);
  });
});

describe('what cannot be parsed', () => {
  it('costs only its own statement', async () => {
    const deep = `SELECT ${'1+'.repeat(30_000)}1;`;
    const found = await review(`DROP TABLE a;\n${deep}\nDROP TABLE b;`);
    expect(shown(found)).toEqual(['1 ban-drop-table a', '2 review-incomplete db.sql', '3 ban-drop-table b']);
  });
  it('cannot be taken back by a comment', async () => {
    const deep = `-- squawk-ignore-file\nSELECT ${'('.repeat(100_000)}1;`;
    expect(shown(await review(deep))).toEqual(['1 unused-ignore db.sql', '2 review-incomplete db.sql']);
  });
  it('is a file of more than 2 MB', async () => {
    expect(shown(await review(`SELECT '${'x'.repeat(2 * 1024 * 1024)}';`))).toEqual(['1 review-incomplete db.sql']);
  });
});
