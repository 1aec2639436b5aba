import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab } from '../../lab/src/index.ts';
import { run } from '../src/main.ts';
import { makeFolder, readTree, writeFiles, type Files } from './source-fixture.ts';

/** What a server's sh may be; Debian's own is dash. busybox brings everything but what it has not. */
const userlands = ['dash', 'bash', 'busybox'] as const;
let base: string;
const realPath = process.env['PATH'] ?? '';

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'userland-'));
  const { paths } = await openLab();
  const trees = join(paths.cache, 'trees');
  const tools = readdirSync(trees).find((name) => /^tools-[0-9a-f]+$/.test(name)) ?? '';
  const busybox = join(trees, tools, 'usr/bin/busybox');
  for (const shell of ['dash', 'bash'] as const) {
    mkdirSync(join(base, shell));
    symlinkSync(`/bin/${shell}`, join(base, shell, 'sh'));
  }
  mkdirSync(join(base, 'busybox'));
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    symlinkSync(busybox, join(base, 'busybox', applet));
});
afterAll(() => {
  process.env['PATH'] = realPath;
  rmSync(base, { recursive: true });
});

async function sync(userland: string, source: string, server: string, inputs: Files = {}): Promise<string> {
  const defaults = { source: '.', delete: 'managed', activate: 'now', 'dry-run': 'false', 'lock-wait': '0' };
  const runner = fakeRunner(
    { ...defaults, host: 'local', 'deploy-path': server, ...inputs },
    { GITHUB_WORKSPACE: source, GITHUB_RUN_ID: '1', GITHUB_SHA: 'a'.repeat(40), GITHUB_REPOSITORY: 'o/r' },
  );
  process.env['PATH'] = `${join(base, userland)}:${realPath}`;
  try {
    await run({ runner, signal: new AbortController().signal });
  } finally {
    process.env['PATH'] = realPath;
  }
  return runner.lines.at(-1) ?? '';
}

describe.each(userlands)('with %s on the server', (userland) => {
  it('hostile names and contents arrive as they are, and what is gone goes', async () => {
    const character = fc.constantFrom(
      ...'a b$`\'"!*?[]{}()<>|&;#~%=:,+@^-.é日'.split(''),
      '$(x)',
      '--',
      '${IFS}',
      "';",
    );
    const name = fc
      .array(character, { minLength: 1, maxLength: 6 })
      .map((parts) => parts.join(''))
      .filter((text) => !/^\.{1,2}$|^\.env|^\.git$|^\.deploy/.test(text) && text.trim() !== '');
    const files = fc.dictionary(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.map((part) => `n${part}`).join('/')),
      fc.constantFrom('', 'x', '$(touch /tmp/owned)', 'one\ntwo\n'),
      { minKeys: 1, maxKeys: 8, noNullPrototype: true },
    );
    const isTree = (tree: Files): boolean =>
      Object.keys(tree).every((path) => !Object.keys(tree).some((other) => other.startsWith(`${path}/`)));
    await fc.assert(
      fc.asyncProperty(files.filter(isTree), files.filter(isTree), async (first, second) => {
        const server = join(makeFolder(), "my 'app' $HOME");
        mkdirSync(server);
        await sync(userland, makeFolder(first), server);
        expect(readTree(server)).toEqual(first);
        await sync(userland, makeFolder(second), server);
        expect(readTree(server)).toEqual(second);
      }),
      { numRuns: 3 },
    );
  });

  it('stages, knows an unchanged tree at once, swaps the env file, and keeps modes and links', async () => {
    const server = join(makeFolder(), 'app');
    mkdirSync(server);
    // Enough to be verified in more than one batch.
    const ballast = { ballast: 'x'.repeat(3_000_000) };
    const source = makeFolder({
      ...ballast,
      'compose.yaml': 'v1',
      'bin/run': '#!/bin/sh',
      'bin/link': '-> run',
      'conf/gone': 'x',
    });
    const env = { 'env-file-content': 'A=1' };
    await sync(userland, source, server, env);
    expect(readTree(server)).toEqual({
      ...ballast,
      '.env': 'A=1\n',
      'compose.yaml': 'v1',
      'bin/run': '#!/bin/sh',
      'bin/link': '-> run',
      'conf/gone': 'x',
    });
    expect(statSync(join(server, 'bin/run')).mode & 0o777).toBe(0o755);
    expect(statSync(join(server, '.env')).mode & 0o777).toBe(0o600);
    expect(await sync(userland, source, server, env)).toContain('Unchanged');
    rmSync(join(source, 'conf'), { recursive: true });
    rmSync(join(source, 'compose.yaml'));
    writeFiles(source, { 'compose.yaml': 'v2' });
    expect(await sync(userland, source, server)).toContain('0 added, 1 changed, 1 deleted');
    const previous = execFileSync('tar', ['-tf', join(server, '.deploy/files/previous.tar')], { encoding: 'utf8' });
    expect(previous.split('\n')).toEqual(expect.arrayContaining(['manifest.json', 'tree/bin/link', 'tree/conf/gone']));
    expect(readTree(server)).toEqual({
      ...ballast,
      '.env': 'A=1\n',
      'compose.yaml': 'v2',
      'bin/run': '#!/bin/sh',
      'bin/link': '-> run',
    });
  });
});
