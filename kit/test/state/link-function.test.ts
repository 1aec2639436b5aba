import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkFunction } from '../../src/state/link-function.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'link-all-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const names = ['top.conf', "a/it's $(x) `y`.conf", 'a/b c/é "d".conf', 'a/b c/-n', 'private/key.conf', 'with link/to'];

function makeLive(): void {
  for (const name of names) {
    mkdirSync(join(root, 'from', name, '..'), { recursive: true });
    if (name === 'with link/to') symlinkSync('../nowhere', join(root, 'from', name));
    else writeFileSync(join(root, 'from', name), name);
  }
  chmodSync(join(root, 'from/private'), 0o700);
  // There already, as folders of files that travel are.
  mkdirSync(join(root, 'to/a'), { recursive: true });
  writeFileSync(join(root, 'list'), names.map((name) => `./${name}\n`).join(''));
}

/** The usual programs without some of them. */
function pathWithout(missing: readonly string[]): string {
  const tools = join(root, 'tools');
  mkdirSync(tools);
  for (const folder of ['/usr/bin', '/bin'])
    for (const name of readdirSync(folder))
      if (!missing.includes(name) && !existsSync(join(tools, name))) symlinkSync(join(folder, name), join(tools, name));
  return tools;
}

function linkAll(path: string): void {
  const script = `set -eu\n${linkFunction}link_all "$1/list" "$1/from" "$1/to"`;
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', root], { env: { PATH: path }, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

function expectLinked(): void {
  for (const name of names.slice(0, -1))
    expect(lstatSync(join(root, 'to', name)).ino, name).toBe(lstatSync(join(root, 'from', name)).ino);
  expect(readlinkSync(join(root, 'to/with link/to'))).toBe('../nowhere');
}

const modeOf = (name: string): number => lstatSync(join(root, 'to', name)).mode & 0o777;

describe('hard links of unchanged files', () => {
  it.each([
    ['perl', ['cp', 'xargs', 'ln', 'mkdir']],
    ['cp', ['perl', 'ln', 'mkdir']],
  ])('are made by %s, with the modes of their folders', (_, missing) => {
    makeLive();
    linkAll(pathWithout(missing));
    expectLinked();
    expect(modeOf('private')).toBe(0o700);
  });

  it('are made one by one where neither does it', () => {
    makeLive();
    linkAll(pathWithout(['perl', 'xargs']));
    expectLinked();
  });

  it('are completed by cp where perl stops in the middle', () => {
    makeLive();
    const tools = pathWithout(['perl']);
    // The first of the links, and then an error.
    const broken = '#!/bin/sh\nIFS= read -r first; ln "$first" "$3/$first"; exit 1\n';
    writeFileSync(join(tools, 'perl'), broken, { mode: 0o755 });
    linkAll(tools);
    expectLinked();
  });
});
