import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { compareBundles, type BundledFile } from '../bundle.ts';

const file = (path: string, sha256: string): BundledFile => ({ path, sha256, bytes: 1 });

test('names files that differ, that are left over, and that were not committed', () => {
  const committed = [file('index.js', 'a'), file('licenses.txt', 'b'), file('old.js', 'c')];
  const built = [file('index.js', 'A'), file('licenses.txt', 'b'), file('136.index.js', 'd')];
  expect(compareBundles(committed, built)).toEqual([
    '136.index.js (not committed)',
    'index.js (differs)',
    'old.js (left over)',
  ]);
});

test('finds nothing where the bundles are the same', () => {
  expect(compareBundles([file('index.js', 'a')], [file('index.js', 'a')])).toEqual([]);
});

test.each([
  ['@actions/core', true],
  ['@actions/exec', true],
  ['yaml', false],
])('the bundler hears of %s whether loading it does nothing: %s', (name, isPure) => {
  const read = `require('fs').readFile(require('path').resolve('node_modules/${name}/package.json'), (error, content) =>
    console.log(JSON.parse(content).name, JSON.parse(content).sideEffects))`;
  const hints = new URL('../bundle-hints.ts', import.meta.url).href;
  const said = execFileSync(process.execPath, ['--import', hints, '-e', read], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
  });
  expect(said).toBe(`${name} ${isPure ? 'false' : 'undefined'}\n`);
});
