import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSources } from '../src/source-place.ts';
import { scanSources, type Scan } from '../src/source-scan.ts';
import { makeFolder, writeFiles } from './source-fixture.ts';

let workspace: string;
beforeEach(() => {
  workspace = makeFolder();
});
afterEach(() => {
  rmSync(workspace, { recursive: true, force: true });
});

const nobody = { onProgress: () => undefined, guard: () => undefined };

async function scan(
  sources: readonly string[] = ['.'],
  lines: { readonly exclude?: readonly string[] } = {},
): Promise<Scan> {
  const places = await findSources(workspace, sources);
  return scanSources(places, { include: [], exclude: [], protect: [], ...lines }, nobody);
}

describe('the files of a source', () => {
  it('are hashed, keep one bit of their mode, and come sorted; links stay links', async () => {
    writeFiles(workspace, { 'b.txt': 'abc', 'a/run': '#!/bin/sh', link: '-> a/run', 'a/empty': '' });
    chmodSync(join(workspace, 'b.txt'), 0o600);
    const { entries, bytes } = await scan();
    expect(entries).toEqual([
      {
        path: 'a/empty',
        mode: '0644',
        sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        size: 0,
      },
      expect.objectContaining({ path: 'a/run', mode: '0755' }),
      {
        path: 'b.txt',
        mode: '0644',
        sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        size: 3,
      },
      { path: 'link', link: 'a/run' },
    ]);
    expect(bytes).toBe(12);
  });

  it('are those that .deployignore and exclude leave; protected ones are named', async () => {
    writeFiles(workspace, {
      '.deployignore': 'docs/\n',
      'docs/x': '1',
      'src/y': '2',
      'src/z': '3',
      '.env': 'A=1',
      '.git/config': 'x',
    });
    const { entries, leftOut } = await scan(['.'], { exclude: ['z'] });
    expect(entries.map((entry) => entry.path)).toEqual(['src/y']);
    expect(leftOut).toEqual(['.env']);
  });

  it('of several sources lie side by side; a file brings itself', async () => {
    writeFiles(workspace, { 'infra/compose/compose.yaml': '1', 'infra/extra/conf/x': '2', VERSION: '3' });
    const { entries, places } = await scan(['infra/compose', 'infra/extra/', 'VERSION']);
    expect(entries.map((entry) => entry.path)).toEqual(['VERSION', 'compose.yaml', 'conf/x']);
    expect(places.get('compose.yaml')?.file).toBe(join(workspace, 'infra/compose/compose.yaml'));
  });

  it('may not come from two sources under one path, also not as a file and a folder', async () => {
    writeFiles(workspace, { 'a/x': '1', 'b/x': '2', 'c/x/y': '3' });
    await expect(scan(['a', 'b'])).rejects.toThrow(/two of its lines bring "x"/);
    await expect(scan(['a', 'c'])).rejects.toThrow(/two of its lines bring "x"/);
  });

  it.each<[string, () => void]>([
    ['a pipe', () => execFileSync('mkfifo', [join(workspace, 'odd')])],
    ['a link that leaves', () => symlinkSync('../../outside', join(workspace, 'odd'))],
    ['a name with a newline', () => writeFiles(workspace, { 'odd\nname': 'x' })],
  ])('are refused by name: %s', async (_what, make) => {
    make();
    await expect(scan()).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
      message: expect.stringContaining('odd') as string,
    });
  });

  it('must be at least one', async () => {
    mkdirSync(join(workspace, 'empty'));
    await expect(scan(['empty'])).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  });
});

describe('a source', () => {
  it.each([
    ['missing', /"missing" does not exist/],
    ['..', /outside the workspace/],
    ['/etc', /outside the workspace/],
    ['out', /outside the workspace/],
    ['.env', /protected path/],
    ['.git', /protected path/],
  ])('%s is refused before anything is read', async (source, message) => {
    writeFiles(workspace, { '.env': 'A=1', '.git/config': 'x', out: '-> /etc' });
    await expect(scan([source])).rejects.toThrow(message);
  });

  it('is needed', async () => {
    await expect(scan([])).rejects.toThrow(/`source` is empty/);
  });
});
