import { finds, safe, type Case } from './corpus-case.ts';

export const transactions: readonly Case[] = [
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

export const bodies: readonly Case[] = [
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
