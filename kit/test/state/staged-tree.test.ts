import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/host/batch.ts';
import { buildStagedView } from '../../src/state/staged-view.ts';
import {
  activateStagedTree,
  findLiveFiles,
  findStagedTree,
  finishActivationParts,
  stageReleaseFiles,
  undoActivation,
} from '../../src/state/staged-tree.ts';
import { makeSite, readFiles, type Files, type Site } from './staged-fixture.ts';

const first: Files = {
  'compose.yaml': 'services: v1',
  'conf/app.conf': 'one',
  'conf/old.conf': 'goes',
  'bin/run': '#!/bin/sh\necho 1',
  'link.conf': '-> conf/app.conf',
};
const second: Files = {
  'compose.yaml': 'services: v2',
  'conf/app.conf': 'one',
  'conf/new/deep.conf': 'new',
  'bin/run': '#!/bin/sh\necho 2',
  'link.conf': '-> conf/new/deep.conf',
};
const serverOnly: Files = { '.env': 'SECRET=1', 'data/db': 'rows', 'conf/local.conf': 'by hand' };

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});
afterEach(() => site.remove());

describe('a staged tree', () => {
  it('changes nothing that is live until it is activated', async () => {
    site.write({ ...serverOnly, 'compose.yaml': 'by hand' });
    const id = await site.stage(first);
    expect(site.read()).toEqual({ ...serverOnly, 'compose.yaml': 'by hand' });
    expect((await findStagedTree(site.host, site.path))?.releaseId).toBe(id);
    expect(readFiles(join(site.path, '.deploy/staged', id, 'tree'))).toEqual(first);
  });

  it('goes live whole: changed, added and deleted files, modes and links; what only the server has stays', async () => {
    site.write(serverOnly);
    await activateStagedTree(site.host, site.path, await site.stage(first));
    expect(site.read()).toEqual({ ...serverOnly, ...first });
    const id = await site.stage(second);
    const result = await activateStagedTree(site.host, site.path, id);
    expect(result).toEqual({
      changed: ['bin/run', 'compose.yaml', 'conf/new/deep.conf', 'link.conf'],
      deleted: ['conf/old.conf'],
    });
    expect(site.read()).toEqual({ ...serverOnly, ...second });
    expect(statSync(join(site.path, 'bin/run')).mode & 0o777).toBe(0o755);
    expect(statSync(join(site.path, 'compose.yaml')).mode & 0o777).toBe(0o644);
    expect(await findLiveFiles(site.host, site.path)).toBe(id);
    expect(await findStagedTree(site.host, site.path)).toBeUndefined();
  });

  it('can be undone: the old files, the old manifest, none of the new folders; and activated again', async () => {
    site.write(serverOnly);
    const old = await site.stage(first);
    await activateStagedTree(site.host, site.path, old);
    const id = await site.stage(second);
    await activateStagedTree(site.host, site.path, id);
    await undoActivation(site.host, site.path, id);
    expect(site.read()).toEqual({ ...serverOnly, ...first });
    expect(await findLiveFiles(site.host, site.path)).toBe(old);
    expect((await findStagedTree(site.host, site.path))?.releaseId).toBe(id);
    await undoActivation(site.host, site.path, id);
    await activateStagedTree(site.host, site.path, id);
    expect(site.read()).toEqual({ ...serverOnly, ...second });
  });

  it('replaces a set whose files were put there by hand, and gives exactly these back', async () => {
    const byHand = { ...serverOnly, 'compose.yaml': 'by hand', 'link.conf': '-> .env' };
    site.write(byHand);
    const id = await site.stage(first);
    await activateStagedTree(site.host, site.path, id);
    await undoActivation(site.host, site.path, id);
    const { bin: _, ...rest } = site.read();
    expect(rest).toEqual(byHand);
    expect(existsSync(join(site.path, '.deploy/manifest.json'))).toBe(false);
  });

  it('turns a file into a folder and a folder into a file, and back', async () => {
    const before = { a: 'file', 'b/x': '1', 'b/c/y': '2' };
    const after = { 'a/z': 'inside', b: 'file now' };
    await activateStagedTree(site.host, site.path, await site.stage(before));
    const id = await site.stage(after);
    await activateStagedTree(site.host, site.path, id);
    expect(site.read()).toEqual(after);
    await undoActivation(site.host, site.path, id);
    expect(site.read()).toEqual(before);
  });

  it('is finished by the second run after a crash in the middle', async () => {
    await activateStagedTree(site.host, site.path, await site.stage(first));
    const id = await site.stage(second);
    await activateStagedTree(site.host, site.path, id);
    // As if it had stopped after some renames: the undo record is there, the manifest is the old one.
    site.write({ 'compose.yaml': 'services: v1', 'conf/old.conf': 'goes' });
    rmSync(join(site.path, 'conf/new'), { recursive: true });
    writeFileSync(
      join(site.path, '.deploy/manifest.json'),
      readFileSync(join(site.path, '.deploy/undo', id, 'manifest.json')),
    );
    const result = await activateStagedTree(site.host, site.path, id);
    expect(site.read()).toEqual(second);
    expect(result.deleted).toEqual(['conf/old.conf']);
  });

  it('never writes through a hard link: the old release keeps its content', async () => {
    await activateStagedTree(site.host, site.path, await site.stage(first));
    const inode = statSync(join(site.path, 'conf/app.conf')).ino;
    const id = await site.stage(second);
    const tree = join(site.path, '.deploy/staged', id, 'tree');
    expect(statSync(join(tree, 'conf/app.conf')).ino).toBe(inode);
    await activateStagedTree(site.host, site.path, id);
    expect(readFileSync(join(site.path, '.deploy/undo', id, 'old/compose.yaml'), 'utf8')).toBe('services: v1');
  });

  it('refuses before anything changes when a folder only the server has stands where a file must be', async () => {
    site.write({ 'compose.yaml/data': 'precious' });
    const id = await site.stage(first);
    await expect(activateStagedTree(site.host, site.path, id)).rejects.toMatchObject({ code: 'PATH_BLOCKED' });
    expect(site.read()).toEqual({ 'compose.yaml/data': 'precious' });
  });

  it('refuses staged files that were edited in place', async () => {
    const id = await site.stage(first);
    writeFileSync(join(site.path, '.deploy/staged', id, 'tree/compose.yaml'), 'tampered');
    await expect(activateStagedTree(site.host, site.path, id)).rejects.toMatchObject({ code: 'STAGED_TREE_CORRUPT' });
    expect(site.read()).toEqual({});
  });

  it('is one at a time: a new one takes the place of an older one', async () => {
    const older = await site.stage(first);
    const newer = await site.stage(second);
    expect((await findStagedTree(site.host, site.path))?.releaseId).toBe(newer);
    await expect(activateStagedTree(site.host, site.path, older)).rejects.toMatchObject({
      code: 'STAGED_TREE_MISSING',
    });
  });
});

it('any set follows any other and can be undone, whatever its names are', { timeout: 300_000 }, async () => {
  const name = fc.constantFrom('a', 'b', '-rf', "it's $HOME `id` *", ' sp ace ', 'ümläut', '"q"', '.hidden');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const content = fc.constantFrom('one', 'two', '#!/bin/sh\n', '', '-> b');
  const set = fc.dictionary(path, content, { maxKeys: 8 }).map(withoutCollisions);
  await fc.assert(
    fc.asyncProperty(set, set, async (old, next) => {
      const place = await makeSite("odd 'app' $x");
      await activateStagedTree(place.host, place.path, await place.stage(old));
      place.write({ '.env': 'SECRET=1' });
      const id = await place.stage(next);
      const view = await buildStagedView(place.host, place.path, id);
      expect(withoutFolders(readFiles(view))).toEqual({ ...next, '.env': `-> ${place.path}/./.env` });
      await activateStagedTree(place.host, place.path, id);
      expect(withoutFolders(place.read())).toEqual({ ...next, '.env': 'SECRET=1' });
      await undoActivation(place.host, place.path, id);
      expect(withoutFolders(place.read())).toEqual({ ...old, '.env': 'SECRET=1' });
      place.remove();
    }),
    { numRuns: 12 },
  );
});

/** A path cannot be a file and a folder. */
function withoutCollisions(files: Files): Files {
  const names = Object.keys(files);
  return Object.fromEntries(
    Object.entries(files).filter(([each]) => !names.some((other) => other.startsWith(`${each}/`))),
  );
}

/** Folders that became empty stay on purpose. */
function withoutFolders(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([, text]) => text !== '/'));
}

describe('the view of a staged tree', () => {
  it('shows deploy-path as it will be, without reading or changing what only the server has', async () => {
    site.write({ ...serverOnly, 'gone/theirs': 'kept' });
    await activateStagedTree(site.host, site.path, await site.stage({ ...first, 'gone/ours': 'x' }));
    const before = site.read();
    const id = await site.stage(second);
    const view = await buildStagedView(site.host, site.path, id);
    expect(view.endsWith(`/.deploy/staged/${id}/view/app`)).toBe(true);
    const seen = readFiles(view);
    expect(seen).toEqual({
      ...second,
      '.env': `-> ${site.path}/./.env`,
      data: `-> ${site.path}/./data`,
      'conf/local.conf': `-> ${site.path}/./conf/local.conf`,
      'gone/theirs': `-> ${site.path}/./gone/theirs`,
    });
    expect(readFileSync(join(view, '.env'), 'utf8')).toBe('SECRET=1');
    expect(await buildStagedView(site.host, site.path, id)).toBe(view);
    expect(site.read()).toEqual(before);
  });
});

it('the view never reaches a live file through a link, also where a folder becomes a link', async () => {
  site.write({ 'data/a': '-> b', 'data/b': 'theirs' });
  await activateStagedTree(site.host, site.path, await site.stage({ 'x/a': 'ours', 'y/deep/a': 'ours' }));
  const before = site.read();
  const view = await buildStagedView(site.host, site.path, await site.stage({ x: '-> data', y: '-> data' }));
  expect(readFiles(view)).toEqual({ x: '-> data', y: '-> data', data: `-> ${site.path}/./data` });
  expect(site.read()).toEqual(before);
});

describe('the archive of a release', () => {
  it('brings its files back as a staged tree, with the deletions that go with it', async () => {
    site.write(serverOnly);
    const one = await site.stage(first);
    await activateStagedTree(site.host, site.path, one);
    await runBatch(site.host, finishActivationParts(site.host, site.path, 1, 5));
    const two = await site.stage(second);
    await activateStagedTree(site.host, site.path, two);
    await runBatch(site.host, finishActivationParts(site.host, site.path, 2, 5));
    expect(existsSync(join(site.path, '.deploy/undo', two))).toBe(false);
    expect(existsSync(join(site.path, '.deploy/staged', two))).toBe(false);
    const back = await stageReleaseFiles(site.host, site.path, 1);
    expect(back).toBeDefined();
    const result = await activateStagedTree(site.host, site.path, back?.releaseId ?? '');
    expect(result.deleted).toEqual(['conf/new/deep.conf']);
    const { 'conf/new': emptied, ...rest } = site.read();
    expect(emptied).toBe('/');
    expect(rest).toEqual({ ...serverOnly, ...first });
  });

  it('is made for a release that staged nothing, and only the newest are kept', async () => {
    const one = await site.stage(first);
    await activateStagedTree(site.host, site.path, one);
    for (const n of [1, 2, 10]) await runBatch(site.host, finishActivationParts(site.host, site.path, n, 2));
    expect(await stageReleaseFiles(site.host, site.path, 1)).toBeUndefined();
    expect(await stageReleaseFiles(site.host, site.path, 10)).toBeDefined();
    for (const n of [2, 10]) rmSync(join(site.path, '.deploy/files', `${n}.tar`));
    await runBatch(site.host, finishActivationParts(site.host, site.path, 11, 2));
    expect(await stageReleaseFiles(site.host, site.path, 11)).toBeDefined();
  });

  it('is not lost to releases that were rejected: those are no way back', async () => {
    await activateStagedTree(site.host, site.path, await site.stage(first));
    const reject = (n: number): void => {
      mkdirSync(join(site.path, '.deploy/releases'), { recursive: true });
      writeFileSync(join(site.path, '.deploy/releases', `${n}.json`), '{"number":0,"gateFailed":true}\n');
    };
    for (const n of [2, 3]) reject(n);
    for (const n of [1, 2, 3, 4]) await runBatch(site.host, finishActivationParts(site.host, site.path, n, 2));
    expect(await stageReleaseFiles(site.host, site.path, 1)).toBeDefined();
    await runBatch(site.host, finishActivationParts(site.host, site.path, 5, 2));
    expect(await stageReleaseFiles(site.host, site.path, 1)).toBeUndefined();
  });

  it('leaves a set that was staged after the one that is live: the next rollout’s', async () => {
    const one = await site.stage(first);
    await activateStagedTree(site.host, site.path, one);
    const two = await site.stage(second);
    await runBatch(site.host, finishActivationParts(site.host, site.path, 1, 5));
    expect((await findStagedTree(site.host, site.path))?.releaseId).toBe(two);
    expect(existsSync(join(site.path, '.deploy/staged', one))).toBe(false);
  });

  it('is told from older ones by the order of the server, whatever the clocks of the runners say', async () => {
    const ahead = await site.stage(first, '2031');
    await activateStagedTree(site.host, site.path, ahead);
    const next = await site.stage(second, '2026');
    expect((await findStagedTree(site.host, site.path))?.releaseId).toBe(next);
    await runBatch(site.host, finishActivationParts(site.host, site.path, 1, 5));
    expect((await findStagedTree(site.host, site.path))?.releaseId).toBe(next);
    await activateStagedTree(site.host, site.path, next);
    await runBatch(site.host, finishActivationParts(site.host, site.path, 2, 5));
    expect(existsSync(join(site.path, '.deploy/staged', next))).toBe(false);
  });

  it('is not made before the first sync', async () => {
    mkdirSync(join(site.path, 'data'));
    await runBatch(site.host, finishActivationParts(site.host, site.path, 1, 5));
    expect(await stageReleaseFiles(site.host, site.path, 1)).toBeUndefined();
  });
});
