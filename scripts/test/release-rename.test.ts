import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Git } from '../release/git.ts';
import { parseIdentity, readIdentity, type Identity } from '../release/identity.ts';
import { renameIn } from '../release/placeholder.ts';
import { applyRename, planRename } from '../release/rename.ts';
import { root } from '../workspace.ts';

const here = readIdentity();
const there: Identity = { owner: 'acme-2', name: 'ship.it', slug: 'acme-2/ship.it' };
// In parts: a test that held the new name as it is written would be renamed back with the rest.
const elsewhere: Identity = { owner: 'other-place', name: 'other', slug: ['other-place', 'other'].join('/') };

describe('a new name', () => {
  const from: Identity = { owner: 'old', name: 'tools', slug: 'old/tools' };

  test.each([
    ['uses: old/tools/action-x@v1', 'uses: acme-2/ship.it/action-x@v1'],
    ['uses: old/tools@v1', 'uses: acme-2/ship.it@v1'],
    ['uses: old/action-x@v1', 'uses: acme-2/action-x@v1'],
    ['https://github.com/old/tools.', 'https://github.com/acme-2/ship.it.'],
    ['git clone https://github.com/old/tools.git', 'git clone https://github.com/acme-2/ship.it.git'],
    [String.raw`/^old\/tools(?:\/x)?$/`, String.raw`/^acme-2\/ship.it(?:\/x)?$/`],
    ['author: old', 'author: acme-2'],
    ['--mirrors https://github.com/old --github', '--mirrors https://github.com/acme-2 --github'],
    ['https://github.com/old/action-x', 'https://github.com/acme-2/action-x'],
    ['https://github.com/old/other', 'https://github.com/old/other'],
    ['ghcr.io/old/api:1', 'ghcr.io/old/api:1'],
    ['old/tools-demo and bold/tools', 'old/tools-demo and bold/tools'],
  ])('makes of %s: %s', (before, after) => {
    expect(renameIn(before, from, there)).toBe(after);
  });

  test.each(['acme', 'acme/', '-acme/x', 'acme/x/y', 'acme/x y', ''])('is not %j', (slug) => {
    expect(parseIdentity(slug)).toBeUndefined();
  });
});

describe('this repository under a new name', () => {
  let copy = '';
  let before: ReadonlyMap<string, string> = new Map();

  beforeAll(async () => {
    copy = mkdtempSync(join(tmpdir(), 'rename-'));
    const paths = (await new Git(root).run(['ls-files', '-z', '--', '.', ':(exclude)*/dist/*']))
      .split('\0')
      .filter(Boolean);
    for (const path of paths) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      cpSync(join(root, path), join(copy, path));
    }
    before = new Map(paths.map((path) => [path, readFileSync(join(copy, path), 'latin1')]));
    const git = new Git(copy);
    await git.run(['init', '--quiet']);
    await git.run(['add', '--all']);
    applyRename(copy, await planRename(copy, elsewhere));
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test('is named so everywhere: what is left of the old name is an image of a user’s own', () => {
    const left = [...before.keys()]
      .flatMap((path) => {
        const lines = readFileSync(join(copy, path), 'latin1').split('\n');
        return lines.map((line) => ({ path, line }));
      })
      .filter(({ line }) => line.includes(here.owner))
      .filter(({ line }) => line.replaceAll(`ghcr.io/${here.owner}/api`, '').includes(here.owner));
    expect(left).toEqual([]);
  });

  test('knows its new name, so that it can be renamed again', async () => {
    expect(readIdentity(copy)).toEqual(elsewhere);
    applyRename(copy, await planRename(copy, here));
    const changed = [...before].filter(([path, text]) => readFileSync(join(copy, path), 'latin1') !== text);
    expect(changed.map(([path]) => path)).toEqual([]);
  });

  test('keeps every bundle as it is: none names the repository', async () => {
    const git = new Git(root);
    expect(await git.test(['grep', '--quiet', '--fixed-strings', here.slug, '--', '*/dist/*'])).toBe(false);
  });
});
