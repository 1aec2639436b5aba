import { finds, safe, type Case } from './corpus-case.ts';

export const scripts: readonly Case[] = [
  finds('\\! rm -rf /', '1 psql-shell \\!'),
  finds('\\set now `date`\nSELECT 1;', '1 psql-shell \\set'),
  finds("\\copy t from program 'curl example.com'", '1 psql-shell \\copy'),
  finds("COPY t FROM PROGRAM 'curl example.com';", '1 copy-program t'),
  finds('\\i other.sql', '1 psql-include other.sql'),
  finds('SELECT 1;\n\\ir ../more.sql', '2 psql-include ../more.sql'),
  finds('\\c other', '1 psql-connect other'),
  finds('\\set ON_ERROR_STOP off', '1 psql-ignores-errors ON_ERROR_STOP'),
  finds('\\set ON_ERROR_ROLLBACK on', '1 psql-ignores-errors ON_ERROR_ROLLBACK'),
  finds("SELECT 'DROP TABLE ' || relname FROM pg_class \\gexec", '1 dynamic-sql db.sql'),
  finds('\\echo one \\\\ DROP TABLE orders;', '1 ban-drop-table orders'),
  finds('SELECT 1 \\; DROP TABLE orders;', '1 ban-drop-table orders'),
  finds('SELECT 1 \\g\nDROP TABLE orders;', '2 ban-drop-table orders'),
  finds(
    '\\if :x\nDROP TABLE a;\n\\else\nCREATE TABLE b (c int);\n\\endif\nDROP TABLE b;',
    '2 ban-drop-table a',
    '6 ban-drop-table b',
  ),
  finds('COPY t FROM stdin;\n1\tx;\n\\.\nDROP TABLE orders;', '4 ban-drop-table orders'),
  finds('DELETE FROM :table;', '1 delete-without-where _table'),
  ...safe(
    '\\set ON_ERROR_STOP on\n\\timing on\nSELECT 1;',
    "COPY t (a, b) FROM STDIN WITH (FORMAT csv);\nDROP TABLE orders;\n'\n\\.\nSELECT 1;",
    '\\copy t from stdin\nDROP TABLE orders;\n\\.\nSELECT 1;',
    'SELECT :\'name\', :"col", a::text, b[1:2], c[x:y] FROM t WHERE d = :id;',
    '\\if :{?x}\nSELECT 1;\n\\endif',
  ),
];

export const texts: readonly Case[] = [
  ...safe(
    '',
    '-- DROP TABLE orders;',
    '/* DROP TABLE a; /* DROP TABLE b; */ DROP TABLE c; */ SELECT 1;',
    "SELECT 'it''s; DROP TABLE orders;';",
    "SELECT E'\\'; DROP TABLE orders; --';",
    'SELECT 1 AS "; DROP TABLE orders;";',
    'SELECT $$; DROP TABLE orders;$$, $x$ $$ ; $x$;',
    'SELECT a$b$c FROM t;',
    '\uFEFFSELECT 1;',
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);',
    "SELECT U&'d\\0061t', B'101', X'1F', 1e5, 'é😀';",
  ),
  finds("SELECT 'é😀';\nSELECT 'ü' WHERE;", '2 syntax-error db.sql'),
  finds('foo bar;\nDROP TABLE orders;', '1 syntax-error db.sql', '2 ban-drop-table orders'),
  finds("SELECT 'open;\nDROP TABLE orders;", '1 syntax-error db.sql'),
  finds('SELECT 1; /* open\nDROP TABLE orders;', '1 syntax-error db.sql'),
  finds('SELECT 1;\0 DROP TABLE orders;', '1 syntax-error db.sql'),
  finds("SELECT 'a\\'; DROP TABLE orders; --';", '1 ban-drop-table orders'),
  finds('select 1;;drop/**/table--\norders', '1 ban-drop-table orders'),
];

export const comments: readonly Case[] = [
  ...safe(
    '-- squawk-ignore ban-drop-table\nDROP TABLE orders;',
    '-- squawk-ignore ban-drop-column, ban-drop-not-null\nALTER TABLE o DROP a,\n  ALTER b DROP NOT NULL;',
    'DROP TABLE orders; -- squawk-ignore ban-drop-table',
    '/* squawk-ignore ban-drop-table */ DROP TABLE orders;',
    '-- squawk-ignore-file ban-drop-table\nSELECT 1;\nDROP TABLE orders;',
    'DO $$ BEGIN\n  -- squawk-ignore ban-drop-table\n  DROP TABLE orders;\nEND $$;',
    '-- squawk-ignore prefer-text-field\nCREATE TABLE t (a varchar(10));',
  ),
  finds('-- squawk-ignore ban-drop-table\nDROP TABLE a;\nDROP TABLE b;', '3 ban-drop-table b'),
  finds('-- squawk-ignore ban-drop-column\nDROP TABLE a;', '1 unused-ignore db.sql', '2 ban-drop-table a'),
  finds('-- squawk-ignore\nDROP TABLE a;', '1 unused-ignore db.sql', '2 ban-drop-table a'),
  finds('-- squawk-ignore-file\nDROP TABLE a;'),
  finds('-- squawk-ignored ban-drop-table\nDROP TABLE a;', '2 ban-drop-table a'),
  finds("SELECT '-- squawk-ignore-file';\nDROP TABLE a;", '2 ban-drop-table a'),
];
