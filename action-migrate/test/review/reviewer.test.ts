import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { largestText, type SqlFile } from '../../src/review/finding.ts';
import { reviewFiles } from '../../src/review/reviewer.ts';
import { reviewSql } from '../../src/review/review-sql.ts';
import { corpus } from './corpus.ts';
import { createParser, wasmFile } from './parser.ts';

const run = promisify(execFile);
const place = { script: fileURLToPath(import.meta.resolve('../../src/review/worker.ts')), wasmFile };
const file = (text: string, path = 'db.sql'): SqlFile => ({ path, text, runs: 'single-transaction' });
const mega = 1024 * 1024;
const slow = { timeout: 1_800_000 };

it('reviews in a worker what it would review here', async () => {
  const texts = Object.values(corpus).flatMap((cases) => cases.map(({ sql }) => sql));
  const parser = await createParser();
  const here = await Promise.all(texts.map((text) => reviewSql(file(text), parser)));
  expect(
    await reviewFiles(
      texts.map((text) => file(text)),
      place,
    ),
  ).toEqual(here);
});

it(
  'says that it could not review what is too much, within its bounds, and goes on with the next file',
  { timeout: 1_800_000 },
  async () => {
    const hard = {
      'long list': `SELECT ${'1,'.repeat(mega - 10)}1`,
      sum: `SELECT ${'1+'.repeat(mega - 10)}1`,
      parentheses: `SELECT ${'('.repeat(2 * mega - 10)}`,
      statements: 'DO $$ BEGIN DROP TABLE a; END $$;'.repeat(60_000),
      'deep and many': `SELECT ${'1+'.repeat(30_000)}1;`.repeat(30),
      'deep bodies': `DO $$ BEGIN PERFORM ${'1+'.repeat(30_000)}1; END $$;`.repeat(30),
      'long alter': `ALTER TABLE t ${'ADD a int,'.repeat(200_000)}ADD b int`,
      'too long': 'x'.repeat(largestText + 1),
    };
    const durations: number[] = [];
    for (const [path, text] of Object.entries(hard)) {
      const start = performance.now();
      // Of each file: what an ended worker leaves to be collected is no demand of the next one.
      const before = process.memoryUsage().rss;
      let most = before;
      const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
      const [review, next] = await reviewFiles([file(text, path), file('DROP TABLE a;', 'next.sql')], place);
      clearInterval(watch);
      durations.push(performance.now() - start);
      expect((most - before) / mega, path).toBeLessThan(512);
      expect(review?.findings.length, path).toBeGreaterThan(0);
      expect(next?.findings.map(({ rule }) => rule)).toEqual(['ban-drop-table']);
    }
    // 2 s of a processor for the file; the rest is for two starts of a worker on a busy machine.
    expect(Math.max(...durations)).toBeLessThan(120_000);
  },
);

it('reviews a seed of 10 000 rows', async () => {
  const seed = `INSERT INTO t VALUES ${Array.from({ length: 10_000 }, (_, id) => `(${id}, 'name ${id}')`).join(',')};`;
  expect((await reviewFiles([file(seed)], place))[0]?.findings).toEqual([]);
});

it('survives any text', { timeout: 1_800_000 }, async () => {
  const words = fc.constantFrom(
    ...Object.values(corpus).flatMap((cases) => cases.map(({ sql }) => sql)),
    ...[
      "'",
      '"',
      '$$',
      '$a$',
      '/*',
      '*/',
      '--',
      '\\',
      ';',
      '(',
      ')',
      '[',
      ':',
      ':x',
      'BEGIN',
      'END',
      'CASE',
      'DO',
      '\n',
      '\0',
    ],
    ...['COPY t FROM stdin;', 'CREATE FUNCTION f()', 'AS', 'EXECUTE', "E'", '😀', '\uD800', '\\if', '\\endif', '\\.'],
  );
  const text = fc.oneof(
    fc
      .array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 12 })
      .map((parts) => parts.join(' ')),
    fc.tuple(words, fc.nat(400), words).map(([sql, at, part]) => sql.slice(0, at) + part + sql.slice(at)),
    fc.tuple(words, fc.nat(60)).map(([sql, cut]) => sql.slice(0, -cut || undefined)),
  );
  const parser = await createParser();
  await fc.assert(
    fc.asyncProperty(text, async (sql) => {
      const review = await reviewSql(file(sql), parser);
      const lines = sql.split('\n').length;
      expect(
        review.findings.every(({ line, object, what }) => line >= 1 && line <= lines && object !== '' && what !== ''),
      ).toBe(true);
    }),
    { interruptAfterTimeLimit: 4_000, numRuns: 3_000 },
  );
});

it('never has the parser optimized, which takes 600 MB and keeps the process from ending', slow, async () => {
  const program = `
    import { reviewFiles } from ${JSON.stringify(import.meta.resolve('../../src/review/reviewer.ts'))};
    const text = 'INSERT INTO t (a) VALUES (1), (2);'.repeat(400);
    await reviewFiles([{ path: 'db.sql', text, runs: 'by-itself' }], ${JSON.stringify(place)});`;
  const flags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--trace-wasm-compilation-times'];
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', program]);
  // By its size in libpg-query 18.1.5: other programs in WebAssembly, as what strips our types here, are none of our business.
  const parse = stdout.split('\n').filter((line) => line.includes('bodysize 81308 '));
  expect(parse.map((line) => /using \w+/.exec(line)?.[0])).toEqual(['using Liftoff']);
});

it('fails with what is wrong when the worker is not there', async () => {
  await expect(reviewFiles([file('SELECT 1')], { script: '/nowhere/index.js' })).rejects.toMatchObject({ code: 'BUG' });
});
