import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitStatements } from '../src/sql/statement.ts';
import { chooseMode } from '../src/sql/transaction-mode.ts';

const skeletons = (text: string): readonly string[] => splitStatements(text).map(({ skeleton }) => skeleton);

describe('splitStatements', () => {
  it.each<readonly [string, string, readonly string[]]>([
    ['two statements', 'select 1; select 2', ['select 1', 'select 2']],
    ['comments', '-- a; b\nselect /* c; /* d; */ ; */ 1;', ['select 1']],
    ['strings', `select 'a;b''c', E'it\\'s;', "d;e";`, [`select '', E'', "d;e"`]],
    ['dollar quotes', 'do $a$ begin; $$ commit; $$ end $a$; select $1;', ["do ''", 'select $1']],
    [
      'an atomic body',
      'create function f() returns int begin atomic select case when true then 1 end; end; select 2;',
      ['create function f() returns int begin atomic select case when true then 1 end; end', 'select 2'],
    ],
    [
      'a rule with several actions',
      'create rule r as on insert to t do (select 1; select 2); select 3',
      ['create rule r as on insert to t do (select 1; select 2)', 'select 3'],
    ],
    ['data of COPY', 'copy t from stdin;\n1;\tcommit;\n\\.\nselect 1;', ['copy t from stdin', 'select 1']],
    ['commands of psql', '\\set x 1; 2\nselect :x;', ['\\set x 1; 2', 'select :x']],
    ['nothing at all', ' -- only words\n;;', []],
  ])('reads %s', (_name, text, expected) => {
    expect(skeletons(text)).toEqual(expected);
  });

  it('says on which line a statement begins', () => {
    expect(splitStatements('-- x\n\nselect 1;\n/* y\n */ drop\ntable t;').map(({ line }) => line)).toEqual([3, 5]);
  });

  it('ends on any text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            "'",
            '"',
            '$',
            ';',
            '\\',
            '-',
            '/',
            '*',
            '(',
            ')',
            'e',
            'a',
            ' ',
            '\n',
            'begin atomic ',
            'end',
          ),
        }),
        (text) => {
          expect(splitStatements(text).length).toBeLessThanOrEqual(text.length);
        },
      ),
    );
  });
});

describe('chooseMode', () => {
  it.each([
    ['a table', 'create table t (id int); insert into t values (1);', 'single'],
    ['words in strings and comments', "-- begin;\nselect 'commit; vacuum';", 'single'],
    ['a savepoint', 'savepoint a; select 1; rollback to a; rollback to savepoint a;', 'single'],
    ['a DO block that begins', 'do $$ begin perform 1; end $$;', 'single'],
    ['a named cluster', 'cluster t using i;', 'single'],
    ['an index built beside', "set lock_timeout = '1s'; create unique index concurrently i on t (a);", 'alone'],
    ['reindex', 'REINDEX (VERBOSE) TABLE CONCURRENTLY t;', 'alone'],
    ['vacuum', 'vacuum (analyze) t;', 'alone'],
    ['a partition', 'alter table t detach partition p concurrently;', 'alone'],
    ['an index dropped beside', 'drop index concurrently i;', 'alone'],
    ['a whole database of indexes', 'reindex database shop;', 'alone'],
    ['a new database', 'create database shop;', 'alone'],
    ['a database that moves', 'alter database shop set tablespace fast;', 'alone'],
    ['a tablespace', "create tablespace fast location '/fast';", 'alone'],
    ['a setting of the server', "alter system set work_mem = '1MB';", 'alone'],
    ['every table in order', 'cluster;', 'alone'],
    ['a subscription', "create subscription s connection 'x' publication p;", 'alone'],
  ])('runs %s as it must be', (_name, text, mode) => {
    expect(chooseMode('a.sql', text)).toBe(mode);
  });

  it.each([
    [
      'its own transaction',
      'select 1;\nbegin; select 2; commit;',
      'a.sql, line 2: "begin" begins or ends a transaction',
    ],
    ['a rollback', 'rollback;', '"rollback" begins or ends'],
    ['the end of a transaction by another name', 'END;', '"END" begins or ends'],
    [
      'both kinds',
      'create table t (a int);\ncreate index concurrently i on t (a);',
      'line 1: "create table t (a int)" stands beside "create index concurrently i on t (a)" (line 2)',
    ],
    ['another file', '\\i other.sql', 'is a command of psql'],
    ['a program', '\\! rm -rf /', 'is a command of psql'],
    ['a program in an argument', '\\set x `id`', 'is a command of psql'],
    ['another connection', '\\c other', 'is a command of psql'],
    ['a safety switch', '\\set ON_ERROR_STOP off', 'is a command of psql'],
    ['a command behind a statement', 'select 1 \\gexec', 'is a command of psql'],
    ['a semicolon that hides the next statement', 'select 1\\; commit;', '"commit" begins or ends'],
    ['the second of two commands', '\\set x 1 \\\\ \\! id', 'is a command of psql'],
    ['a client-side copy', "\\copy t from '/etc/passwd'", 'is a command of psql'],
  ])('refuses %s, with file and line', (_name, text, words) => {
    expect(() => chooseMode('a.sql', text)).toThrow(words);
  });
});
