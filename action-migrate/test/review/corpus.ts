/** One text and all that the review must say about it: `line rule object`, in order; nothing = safe. */
export interface Case {
  readonly sql: string;
  readonly finds: readonly string[];
  /** Default: `single-transaction`. */
  readonly runs?: 'by-itself' | 'generated';
}

const safe = (...texts: readonly string[]): readonly Case[] => texts.map((sql) => ({ sql, finds: [] }));
const finds = (sql: string, ...expected: readonly string[]): Case => ({ sql, finds: expected });

const drops: readonly Case[] = [
  finds('DROP TABLE orders;', '1 ban-drop-table orders'),
  finds('drop table if exists shop.orders, items cascade', '1 ban-drop-table shop.orders', '1 ban-drop-table items'),
  finds('DROP TABLE "Order Lines";', '1 ban-drop-table Order Lines'),
  finds('DROP FOREIGN TABLE remote_orders;', '1 ban-drop-table remote_orders'),
  finds('ALTER TABLE orders DROP COLUMN note;', '1 ban-drop-column orders.note'),
  finds(
    'ALTER TABLE ONLY orders DROP note, DROP IF EXISTS b;',
    '1 ban-drop-column orders.note',
    '1 ban-drop-column orders.b',
  ),
  finds('DROP SCHEMA shop CASCADE;', '1 ban-drop-schema shop'),
  finds('DROP VIEW v;', '1 ban-drop-view v'),
  finds('DROP MATERIALIZED VIEW mv;', '1 ban-drop-view mv'),
  finds('DROP TYPE mood;', '1 ban-drop-type mood'),
  finds('DROP DOMAIN email CASCADE;', '1 ban-drop-type email'),
  finds('DROP SEQUENCE orders_id_seq;', '1 ban-drop-sequence orders_id_seq'),
  finds('DROP FUNCTION f(int, text);', '1 ban-drop-function f'),
  finds('DROP PROCEDURE p;', '1 ban-drop-function p'),
  finds('DROP EXTENSION postgis;', '1 ban-drop-extension postgis'),
  finds('DROP OWNED BY old_app;', '1 drop-owned old_app'),
  ...safe(
    'DROP TRIGGER t ON orders;',
    'DROP POLICY p ON orders;',
    'DROP VIEW v; CREATE VIEW v AS SELECT 1;',
    'DROP FUNCTION f(); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;',
    'CREATE TABLE t (a int); DROP TABLE t;',
    'CREATE TEMP TABLE t (a int); DROP TABLE t;',
    'CREATE TYPE mood AS ENUM (); DROP TYPE mood;',
    'ALTER TABLE orders DROP CONSTRAINT c;',
  ),
];

const rows: readonly Case[] = [
  finds('TRUNCATE orders;', '1 ban-truncate orders'),
  finds('TRUNCATE orders, items CASCADE;', '1 ban-truncate-cascade orders', '1 ban-truncate-cascade items'),
  finds('DELETE FROM orders;', '1 delete-without-where orders'),
  finds('DELETE FROM orders WHERE true;', '1 delete-without-where orders'),
  finds('DELETE FROM orders USING items;', '1 delete-without-where orders'),
  finds(
    'WITH gone AS (DELETE FROM orders RETURNING *) INSERT INTO archive SELECT * FROM gone;',
    '1 delete-without-where orders',
  ),
  finds('UPDATE orders SET a = 1;', '1 update-without-where orders'),
  finds('UPDATE orders SET a = 1 WHERE 1 = 1;', '1 update-without-where orders'),
  finds("UPDATE orders SET a = 1 WHERE 'x' = 'x';", '1 update-without-where orders'),
  finds('EXPLAIN ANALYZE DELETE FROM orders;', '1 delete-without-where orders'),
  finds('COPY (DELETE FROM orders RETURNING *) TO STDOUT;', '1 delete-without-where orders'),
  finds('PREPARE p AS DELETE FROM orders;', '1 delete-without-where orders'),
  ...safe(
    'DELETE FROM orders WHERE id = 1;',
    'UPDATE orders SET a = 1 WHERE a IS NULL;',
    'UPDATE orders SET a = 1 WHERE 1 = id;',
    'EXPLAIN DELETE FROM orders;',
    'CREATE TABLE t (a int); INSERT INTO t VALUES (1); DELETE FROM t; UPDATE t SET a = 2; TRUNCATE t;',
    'CREATE RULE r AS ON DELETE TO v DO INSTEAD DELETE FROM t;',
    "INSERT INTO log VALUES ('DELETE FROM orders; DROP TABLE orders;');",
  ),
];

const columns: readonly Case[] = [
  finds('ALTER TABLE orders ADD COLUMN a int NOT NULL;', '1 adding-required-field orders.a'),
  finds('ALTER TABLE orders ADD a int NOT NULL DEFAULT NULL;', '1 adding-required-field orders.a'),
  finds('ALTER TABLE orders\n  ADD COLUMN a int,\n  ADD COLUMN b int NOT NULL;', '3 adding-required-field orders.b'),
  finds(
    `ALTER TABLE "orders" ADD COLUMN "a" varchar(9) DEFAULT 'x' NOT NULL;\nALTER TABLE "orders" ALTER COLUMN "a" DROP DEFAULT;`,
    '2 adding-required-field orders.a',
  ),
  finds('ALTER TABLE orders ADD a uuid DEFAULT gen_random_uuid();', '1 adding-field-with-default orders.a'),
  finds('ALTER TABLE orders ADD a timestamptz DEFAULT clock_timestamp();', '1 adding-field-with-default orders.a'),
  finds('ALTER TABLE orders ADD a int GENERATED ALWAYS AS (b * 2) STORED;', '1 adding-field-with-default orders.a'),
  finds('ALTER TABLE orders ADD a bigserial;', '1 adding-field-with-default orders.a'),
  finds('ALTER TABLE orders ADD a int GENERATED ALWAYS AS IDENTITY;', '1 adding-field-with-default orders.a'),
  finds(
    'ALTER TABLE orders ADD a serial PRIMARY KEY;',
    '1 adding-field-with-default orders.a',
    '1 adding-serial-primary-key-field orders.a',
  ),
  finds('ALTER TABLE orders ADD a int UNIQUE;', '1 disallowed-unique-constraint orders.a'),
  finds('ALTER TABLE orders ADD a int DEFAULT 1 REFERENCES items;', '1 adding-foreign-key-constraint orders.a'),
  finds('ALTER TABLE orders ADD a int CHECK (a > 0);', '1 constraint-missing-not-valid orders.a'),
  finds('ALTER TABLE orders ALTER a SET NOT NULL;', '1 adding-not-nullable-field orders.a'),
  finds('ALTER TABLE orders ADD CONSTRAINT n NOT NULL a;', '1 adding-not-nullable-field orders.a'),
  finds('ALTER TABLE orders ALTER a DROP NOT NULL;', '1 ban-drop-not-null orders.a'),
  finds('ALTER TABLE orders ALTER a TYPE bigint;', '1 changing-column-type orders.a'),
  finds('ALTER TABLE orders ALTER a SET DATA TYPE text USING a::text;', '1 changing-column-type orders.a'),
  finds('ALTER TABLE orders SET UNLOGGED;', '1 table-rewrite orders'),
  finds('ALTER TABLE orders SET TABLESPACE fast;', '1 table-rewrite orders'),
  finds('ALTER TABLE orders DISABLE TRIGGER ALL;', '1 ban-disable-trigger orders'),
  finds('ALTER TABLE orders DETACH PARTITION orders_2020;', '1 require-concurrent-partition-detach orders_2020'),
  ...safe(
    'ALTER TABLE orders ADD COLUMN a int;',
    "ALTER TABLE orders ADD a text NOT NULL DEFAULT 'x';",
    'ALTER TABLE orders ADD a timestamptz NOT NULL DEFAULT now();',
    'ALTER TABLE orders ADD a jsonb DEFAULT jsonb_build_object();',
    'ALTER TABLE orders ADD a int GENERATED ALWAYS AS (b * 2) VIRTUAL;',
    'ALTER TABLE orders ADD a int REFERENCES items;',
    'ALTER TABLE orders ALTER a SET DEFAULT 1;',
    'ALTER TABLE orders ALTER a DROP DEFAULT;',
    'ALTER TABLE orders ADD CONSTRAINT n NOT NULL a NOT VALID;',
    'CREATE TABLE t (a int); ALTER TABLE t ADD b int NOT NULL, ALTER a TYPE text, ALTER a SET NOT NULL, DROP a;',
    'CREATE TABLE "T" (a int); ALTER TABLE "T" ALTER a TYPE text;',
    'CREATE TABLE t (a int); ALTER TABLE public.t ALTER a TYPE text;',
    'SET search_path = shop; CREATE TABLE t (a int); CREATE INDEX ON t (a);',
    'CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t ALTER a SET NOT NULL;',
    'CREATE TABLE t (a int); ALTER TABLE t RENAME TO u; ALTER TABLE u DROP a;',
  ),
  // What looks new and may be old.
  finds('CREATE TABLE IF NOT EXISTS t (a int); ALTER TABLE t DROP a;', '1 ban-drop-column t.a'),
  finds('CREATE TABLE t (a int); ALTER TABLE shop.t DROP a;', '1 ban-drop-column shop.t.a'),
  finds('SET search_path = shop; CREATE TABLE t (a int); DROP TABLE public.t;', '1 ban-drop-table public.t'),
  finds('CREATE TABLE t (a int); DROP TABLE t; DROP TABLE t;', '1 ban-drop-table t'),
  finds('CREATE TABLE "T" (a int); DROP TABLE t;', '1 ban-drop-table t'),
];

const constraints: readonly Case[] = [
  finds('ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0);', '1 constraint-missing-not-valid orders.c'),
  finds('ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES items;', '1 adding-foreign-key-constraint orders'),
  finds('ALTER TABLE orders ADD CONSTRAINT u UNIQUE (a);', '1 disallowed-unique-constraint orders.u'),
  finds('ALTER TABLE orders ADD PRIMARY KEY (a);', '1 adding-serial-primary-key-field orders'),
  finds('ALTER TABLE orders ADD EXCLUDE USING gist (r WITH &&);', '1 adding-exclusion-constraint orders'),
  finds(
    'ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT c;',
    '2 constraint-missing-not-valid orders.c',
  ),
  finds("CREATE DOMAIN email AS text CHECK (value > '');", '1 ban-create-domain-with-constraint email'),
  finds("ALTER DOMAIN email ADD CHECK (value > '');", '1 ban-alter-domain-with-add-constraint email'),
  ...safe(
    'ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID;',
    'ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES items NOT VALID;',
    'ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX u_idx;',
    'ALTER TABLE orders ADD CONSTRAINT p PRIMARY KEY USING INDEX p_idx;',
    'ALTER TABLE orders VALIDATE CONSTRAINT c;',
    'CREATE DOMAIN email AS text;',
    'CREATE TABLE t (a int); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES orders;',
  ),
  {
    runs: 'by-itself',
    sql: "SET lock_timeout = '1s'; SET statement_timeout = '1min';\nALTER TABLE o DROP CONSTRAINT IF EXISTS c;\nALTER TABLE o ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;\nALTER TABLE o VALIDATE CONSTRAINT c;\nALTER TABLE o ALTER a SET NOT NULL;",
    finds: [],
  },
];

const names: readonly Case[] = [
  finds('ALTER TABLE orders RENAME note TO remark;', '1 renaming-column orders.note'),
  finds('ALTER TABLE orders RENAME TO purchases;', '1 renaming-table orders'),
  finds('ALTER VIEW v RENAME TO w;', '1 renaming-object v'),
  finds('ALTER TYPE mood RENAME TO humor;', '1 renaming-object mood'),
  finds("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';", '1 renaming-object mood'),
  finds('ALTER SCHEMA shop RENAME TO store;', '1 renaming-object shop'),
  finds('ALTER TABLE orders SET SCHEMA shop;', '1 ban-set-schema orders'),
  finds("ALTER TYPE mood ADD VALUE 'great';", '1 adding-enum-value mood'),
  ...safe(
    'ALTER INDEX i RENAME TO j;',
    'ALTER TABLE orders RENAME CONSTRAINT a TO b;',
    'ALTER TRIGGER t ON orders RENAME TO u;',
    'CREATE TABLE t (a int); ALTER TABLE t RENAME a TO b;',
  ),
];

const indexes: readonly Case[] = [
  finds('CREATE INDEX i ON orders (a);', '1 require-concurrent-index-creation i'),
  finds('CREATE UNIQUE INDEX ON orders (a);', '1 require-concurrent-index-creation orders'),
  finds('DROP INDEX i;', '1 require-concurrent-index-deletion i'),
  finds('REINDEX TABLE orders;', '1 require-concurrent-reindex orders'),
  finds('REFRESH MATERIALIZED VIEW mv;', '1 require-concurrent-refresh mv'),
  finds('VACUUM FULL orders;', '1 prefer-repack orders'),
  finds('CLUSTER orders USING i;', '1 prefer-repack orders'),
  finds(
    'CREATE INDEX CONCURRENTLY i ON orders (a);\nALTER TABLE orders ADD b int;',
    '1 ban-concurrent-index-creation-in-transaction i',
  ),
  finds('SELECT 1;\nVACUUM orders;', '2 non-transactional-statement db.sql'),
  finds("ALTER SYSTEM SET work_mem = '1GB';", '1 server-wide-statement work_mem'),
  finds('CREATE DATABASE other;', '1 server-wide-statement other'),
  finds('DROP DATABASE other;', '1 ban-drop-database other'),
  finds('CREATE ROLE app LOGIN;', '1 server-wide-statement app'),
  finds('LOCK TABLE orders;', '1 lock-table orders'),
  ...safe(
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (a);',
    'DROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON orders (a);',
    'REINDEX INDEX CONCURRENTLY i;',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY mv;',
    'CREATE INDEX i ON ONLY orders (a);',
    'CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i;',
    'CREATE MATERIALIZED VIEW mv AS SELECT 1; REFRESH MATERIALIZED VIEW mv;',
    'VACUUM (FULL false) orders;',
    'ANALYZE orders;',
  ),
];

const transactions: readonly Case[] = [
  finds('BEGIN;\nSELECT 1;\nCOMMIT;', '1 transaction-nesting db.sql', '3 transaction-nesting db.sql'),
  finds('ROLLBACK;', '1 transaction-nesting db.sql'),
  finds('SET lock_timeout = 0;', '1 ban-timeout-off lock_timeout'),
  finds("SET statement_timeout TO '0';", '1 ban-timeout-off statement_timeout'),
  ...safe('SAVEPOINT a; ROLLBACK TO a;', "SET LOCAL lock_timeout = '2s';"),
  { runs: 'by-itself', sql: 'BEGIN; SELECT 1; COMMIT;', finds: [] },
  { runs: 'by-itself', sql: 'BEGIN;\nBEGIN;\nCOMMIT;', finds: ['2 transaction-nesting db.sql'] },
  { runs: 'by-itself', sql: 'COMMIT;', finds: ['1 transaction-nesting db.sql'] },
  { runs: 'by-itself', sql: 'SELECT 1;\nBEGIN;\nSELECT 2;', finds: ['2 ban-uncommitted-transaction db.sql'] },
  {
    runs: 'by-itself',
    sql: 'ALTER TABLE orders ADD a int;',
    finds: ['1 require-lock-timeout db.sql', '1 require-statement-timeout db.sql'],
  },
  {
    runs: 'by-itself',
    sql: 'CREATE TABLE a (b int);\nCREATE TABLE c (d int);',
    finds: ['1 prefer-robust-stmts db.sql'],
  },
  { runs: 'by-itself', sql: 'CREATE TABLE IF NOT EXISTS a (b int);\nCREATE OR REPLACE VIEW v AS SELECT 1;', finds: [] },
  { runs: 'by-itself', sql: 'CREATE INDEX CONCURRENTLY i ON o (a);', finds: ['1 prefer-robust-stmts db.sql'] },
  {
    runs: 'by-itself',
    sql: 'BEGIN; CREATE TABLE t (a int); ROLLBACK;\nSET lock_timeout = 1; SET statement_timeout = 1;\nDROP TABLE IF EXISTS t;',
    finds: ['3 ban-drop-table t'],
  },
  {
    runs: 'generated',
    sql: 'BEGIN;\n--\n-- Remove field note from order\n--\nALTER TABLE "shop_order" DROP COLUMN "note" CASCADE;\nCOMMIT;',
    finds: ['5 ban-drop-column shop_order.note'],
  },
  { runs: 'generated', sql: 'BEGIN; ALTER TABLE "o" ADD COLUMN "a" integer NULL; COMMIT;', finds: [] },
];

const bodies: readonly Case[] = [
  finds('DO $$\nBEGIN\n  DROP TABLE orders;\nEND $$;', '3 ban-drop-table orders'),
  finds("DO 'BEGIN DELETE FROM orders; END';", '1 delete-without-where orders'),
  finds(
    'DO LANGUAGE plpgsql $body$\nDECLARE r orders%ROWTYPE; x orders.id%TYPE;\nBEGIN\n  IF true THEN\n    ALTER TABLE orders\n      DROP COLUMN note;\n  ELSE\n    TRUNCATE items;\n  END IF;\nEXCEPTION WHEN others THEN\n  DROP TABLE last;\nEND $body$;',
    '5 ban-drop-column orders.note',
    '8 ban-truncate items',
    '11 ban-drop-table last',
  ),
  finds("DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$;", '1 ban-drop-table orders'),
  finds("DO $$ BEGIN EXECUTE 'DROP TABLE ' || quote_ident(x); END $$;", '1 dynamic-sql db.sql'),
  finds(
    "DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE format('SELECT %L', 1) LOOP NULL; END LOOP; END $$;",
    '1 dynamic-sql db.sql',
  ),
  finds('DO $$ BEGIN EXECUTE $x$ DO $y$ BEGIN DROP TABLE deep; END $y$ $x$; END $$;', '1 ban-drop-table deep'),
  finds('DO LANGUAGE plpython3u $$ plpy.execute("DROP TABLE orders") $$;', '1 dynamic-sql db.sql'),
  finds('DO $$ BEGIN foo bar; END $$;', '1 syntax-error db.sql'),
  finds('DO $$ BEGIN CREATE INDEX i ON orders (a); END $$;', '1 require-concurrent-index-creation i'),
  finds(
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  DELETE FROM orders;\nEND $$;\nSELECT f();',
    '3 delete-without-where orders',
  ),
  finds(
    'CREATE PROCEDURE p() LANGUAGE sql AS $$\n  INSERT INTO log VALUES (1);\n  TRUNCATE orders;\n$$;\nCALL p();',
    '3 ban-truncate orders',
  ),
  finds(
    'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM orders; SELECT 1; END;\nSELECT f();',
    '1 delete-without-where orders',
  ),
  finds(
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE orders; END $$;\nDO $$ BEGIN PERFORM f(); END $$;',
    '1 ban-truncate orders',
  ),
  ...safe(
    'DO $$ BEGIN NULL; END $$;',
    "DO $$ BEGIN RAISE NOTICE 'DROP TABLE orders'; END $$;",
    'DO $$ BEGIN -- DROP TABLE orders;\n NULL; END $$;',
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('ok'); END IF; END $$;",
    'DO $$ BEGIN CREATE TABLE t (a int); CREATE INDEX ON t (a); END $$;',
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM sessions; END $$;',
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 1; RETURN NEW; END $$;',
    'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM orders; SELECT 1; END;',
  ),
];

const scripts: readonly Case[] = [
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

const texts: readonly Case[] = [
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

const comments: readonly Case[] = [
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

/** Everything that the review promises, in small. */
export const corpus: Readonly<Record<string, readonly Case[]>> = {
  drops,
  rows,
  columns,
  constraints,
  names,
  indexes,
  transactions,
  bodies,
  scripts,
  texts,
  comments,
};
