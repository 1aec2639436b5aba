import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatManifest } from '../../src/state/manifest.ts';
import { indexManifest } from '../../src/state/manifest-index.ts';
import { openReceiver, type Receiver } from '../../src/state/staged-receiver.ts';
import { undoActivation } from '../../src/state/staged-tree.ts';
import { entriesOf, makeSite, type Files, type Site } from './staged-fixture.ts';

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
  const tar = pack();
  const entries = entriesOf(files);
  const header = {
    format: 1,
    releaseId,
    createdAt: '',
    commit: 'local',
    runUrl: '',
    files: entries,
    deleted: [],
  } as const;
  tar.entry({ name: 'deleted' }, '');
  tar.entry(
    { name: 'buckets' },
    indexManifest(entries)
      .buckets.map((line) => `${line}\n`)
      .join(''),
  );
  tar.entry({ name: 'now' }, '');
  tar.entry({ name: 'plan' }, plan);
  tar.entry({ name: 'manifest.json.new' }, formatManifest(header));
  tar.entry({ name: 'tree/', type: 'directory' });
  for (const [path, text] of Object.entries(content)) tar.entry({ name: `tree/${path}`, mode: 0o644 }, text);
  tar.finalize();
  return Readable.from(tar as AsyncIterable<Buffer>, { objectMode: false });
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
