import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MigrateError } from '../src/error.ts';
import { adviseOnSqlState, describeSqlState, isRetryable, parsePsqlError } from '../src/sql/psql-error.ts';
import { withSqlFacts } from '../src/sql/sql-failure.ts';
import { readSqlFiles } from '../src/sql/sql-file.ts';
import { brokenIndexes } from '../src/sql/sql-run.ts';
import { parseMemory } from '../src/sql/sql-session.ts';
import { sqlFile } from './builder.ts';

describe('parsePsqlError', () => {
  it('finds SQLSTATE, line and sentence of the last error', () => {
    const said = [
      'psql:/tmp/x/2.sql:3: NOTICE:  00000: relation exists, skipping',
      'psql:/tmp/x/2.sql:7: ERROR:  23505: could not create unique index "i"',
      'DETAIL:  Key (a)=(1) is duplicated.',
    ].join('\n');
    expect(parsePsqlError(said)).toEqual({ sqlState: '23505', line: 7, message: 'could not create unique index "i"' });
  });

  it('knows a connection that was refused by its words', () => {
    const said =
      'psql: error: connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused\n\tIs it running?';
    expect(parsePsqlError(said)).toEqual({
      sqlState: undefined,
      line: undefined,
      message: 'connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused',
    });
  });

  it('survives silence', () => {
    expect(parsePsqlError('')).toMatchObject({ sqlState: undefined, message: 'psql said nothing' });
  });

  it('retries only what may work a moment later', () => {
    expect(['55P03', '40P01', '40001', '23505', '57014', undefined].filter(isRetryable)).toEqual(['55P03', '40P01']);
  });

  it('explains, and says what to do', () => {
    expect(describeSqlState('42P01')).toBe('SQLSTATE 42P01 (the table does not exist)');
    expect(adviseOnSqlState('55P03')).toContain('lock-timeout');
  });
});

describe('what a failed file says', () => {
  const results = [
    { number: 1, text: 'db/1.sql', outcome: 'done', exitCode: 0, durationMs: 1 },
    { number: 2, text: 'db/2.sql', outcome: 'failed', exitCode: 3, durationMs: 1 },
  ] as const;
  const error = new MigrateError({ code: 'SQL_ERROR', message: 'web1: no.' });

  it('names what was applied before, and that nothing of itself was', () => {
    const { message } = withSqlFacts(error, results, sqlFile());
    expect(message).toContain('Nothing of this file was applied');
    expect(message).toContain('Applied before it: db/1.sql');
    expect(message).toContain('still serves');
  });

  it('says of a file that was not begun that it was not', () => {
    const stopped = [results[0], { ...results[1], outcome: 'not-run', exitCode: undefined }] as const;
    const { message } = withSqlFacts(new MigrateError({ code: 'LEASE_LOST', message: 'lost.' }), stopped, sqlFile());
    expect(message).toMatch(/^lost\. \S+ was not begun\. Applied before it: db\/1\.sql\. Nothing was restarted/);
  });

  it('admits that a file of single statements may be half applied', () => {
    const partial = new MigrateError({ code: 'PARTIAL_APPLY', message: 'web1: no.' });
    expect(withSqlFacts(partial, results, sqlFile({ mode: 'alone' })).message).toContain('were applied');
  });
});

describe('the memory of a database', () => {
  const memory = parseMemory(
    `applied ${'a'.repeat(64)} db/one two.sql\ninvalid orders_email on orders\ninvalid x.old on x.t\n`,
  );

  it('is read back', () => {
    expect(memory.applied.get('a'.repeat(64))).toBe('db/one two.sql');
    expect(memory.invalidIndexes).toEqual(['orders_email on orders', 'x.old on x.t']);
  });

  it('counts an invalid index as the file’s own when it is new, or when the file names it', () => {
    expect(brokenIndexes(memory.invalidIndexes, sqlFile(), memory)).toEqual(['orders_email on orders']);
    const clean = { ...memory, invalidIndexes: [] };
    expect(brokenIndexes(['x.old on x.t'], sqlFile(), clean)).toEqual(['x.old on x.t']);
  });
});

describe('readSqlFiles', () => {
  const workspace = mkdtempSync(join(tmpdir(), 'sql-'));
  mkdirSync(join(workspace, 'db'));
  for (const name of ['2.sql', '1.sql', 'seed.txt']) writeFileSync(join(workspace, 'db', name), `select '${name}';`);

  it('keeps the order of the lines, and sorts within a pattern', () => {
    const files = readSqlFiles(['db/seed.txt', 'db/*.sql', 'db/1.sql'], workspace);
    expect(files.map(({ path }) => path)).toEqual(['db/seed.txt', 'db/1.sql', 'db/2.sql']);
    expect(files[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['nothing', 'db/*.nope', 'names no file in the workspace'],
    ['a file elsewhere', '../secret.sql', 'below the workspace'],
    ['an absolute path', '/etc/passwd', 'below the workspace'],
  ])('refuses a line that names %s', (_name, line, words) => {
    expect(() => readSqlFiles([line], workspace)).toThrow(words);
    if (line === '/etc/passwd') rmSync(workspace, { recursive: true });
  });
});
