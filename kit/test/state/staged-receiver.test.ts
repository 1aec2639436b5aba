import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFile } from '../../src/state/manifest.ts';
import { openReceiver, type Receiver } from '../../src/state/staged-receiver.ts';
import { undoActivation } from '../../src/state/staged-tree.ts';
import { entriesOf, makeSite, packSet, type Files, type Site } from './staged-fixture.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});
afterEach(() => {
  site.remove();
});

const open = (isForNow: boolean): Receiver =>
  openReceiver(site.host, site.path, { isForNow, signal: new AbortController().signal, timeoutMs: 60_000 });

/** A set with the plan of a swap, as a sync that makes it live at once sends it. */
function archiveOf(releaseId: string, files: Files, plan: string, content = files): Readable {
  const entries = entriesOf(files);
  const header = { format: 1, releaseId, createdAt: '', commit: 'local', runUrl: '' } as const;
  const batches = [entries.filter(isFile)];
  return packSet({ ...header, files: entries, deleted: [] }, { batches, keep: [] }, content, { now: '', plan });
}

const id = '20261121T030000000Z-local-0001';

describe('what waits on the server for a set', () => {
  it('touches nothing when none comes', async () => {
    const receiver = open(false);
    expect(await receiver.ready).toBeGreaterThanOrEqual(0);
    receiver.cancel();
    expect(readdirSync(join(site.path, '.deploy/staged'))).toEqual([]);
  });

  it('makes a set live in the same command, and clears up after it', async () => {
    site.write({ a: 'by hand' });
    const tar = archiveOf(id, { a: 'one', b: 'two' }, 'p ./a\nn ./b\n');
    await open(true).receive(id, { tar, packing: 'plain' });
    expect(site.read()).toEqual({ a: 'one', b: 'two' });
    expect([existsSync(join(site.path, '.deploy/undo')), readdirSync(join(site.path, '.deploy/staged'))]).toEqual([
      false,
      [],
    ]);
  });

  it('leaves what is live alone when a file is not what its hash says', async () => {
    site.write({ a: 'by hand' });
    const tar = archiveOf(id, { a: 'one' }, 'p ./a\n', { a: 'two' });
    await expect(open(true).receive(id, { tar, packing: 'plain' })).rejects.toMatchObject({
      code: 'STAGED_TREE_CORRUPT',
    });
    expect(site.read()).toEqual({ a: 'by hand' });
    expect(readdirSync(join(site.path, '.deploy/staged'))).toEqual([]);
  });

  it.each([
    ['none', {}, undefined],
    ['one of the first batch', { a: 'two' }, 'STAGED_TREE_CORRUPT'],
    ['one of the last batch', { d: 'two' }, 'STAGED_TREE_CORRUPT'],
  ])('verifies in batches; damaged is %s', async (_, damage, code) => {
    const files = { a: 'one', b: 'one', c: 'one', d: 'one' };
    const [first, ...others] = entriesOf(files).filter(isFile);
    const header = { format: 1, releaseId: id, createdAt: '', commit: 'local', runUrl: '' } as const;
    const manifest = { ...header, files: entriesOf(files), deleted: [] };
    const batches = [first === undefined ? [] : [first], others];
    const tar = packSet(manifest, { batches, keep: [] }, { ...files, ...damage });
    // Of eleven lists and the folder, then `a`: `b` is the fourteenth.
    const receiving = open(false).receive(id, { tar, packing: 'plain', borders: [14] });
    if (code === undefined) await receiving;
    else await expect(receiving).rejects.toMatchObject({ code });
    expect(readdirSync(join(site.path, '.deploy/staged'))).toEqual(code === undefined ? [id] : []);
  });

  it('tells what tar said of a stream that ends too soon, also where it is verified in batches', async () => {
    const tar = Readable.from([Buffer.alloc(512, 'no header')], { objectMode: false });
    await expect(open(false).receive(id, { tar, packing: 'plain', borders: [3] })).rejects.toThrow(/tar: /);
    expect(readdirSync(join(site.path, '.deploy/staged'))).toEqual([]);
  });

  it('says that the swap failed in the middle, and it can be undone', async () => {
    site.write({ a: 'by hand', 'b/only-here': 'x' });
    const tar = archiveOf(id, { a: 'one', b: 'two' }, 'r ./b\np ./a\nn ./b\n');
    await expect(open(true).receive(id, { tar, packing: 'plain' })).rejects.toMatchObject({ code: 'PATH_BLOCKED' });
    await undoActivation(site.host, site.path, id);
    expect(site.read()).toEqual({ a: 'by hand', 'b/only-here': 'x' });
  });

  it('tells what became of the command, not of the stream that broke with it', async () => {
    const tar = new Readable({ read: () => undefined });
    tar.push(Buffer.alloc(1024 * 1024));
    const cancel = new AbortController();
    const receiver = openReceiver(site.host, site.path, { signal: cancel.signal, timeoutMs: 60_000 });
    await receiver.ready;
    const receiving = receiver.receive(id, { tar, packing: 'plain' });
    cancel.abort();
    await expect(receiving).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('passes on what the source failed with', async () => {
    const tar = new Readable({
      read() {
        this.destroy(new RangeError('went away'));
      },
    });
    await expect(open(false).receive(id, { tar, packing: 'plain' })).rejects.toThrow('went away');
    expect(readdirSync(join(site.path, '.deploy/staged'))).toEqual([]);
  });
});
