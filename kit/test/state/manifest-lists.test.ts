import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBatch } from '../../src/host/batch.ts';
import { cutBatches, listSet } from '../../src/state/manifest-lists.ts';
import type { ManifestFile } from '../../src/state/manifest.ts';
import { activateStagedTree, finishActivationParts, stageReleaseFiles } from '../../src/state/staged-tree.ts';
import { entriesOf, makeSite } from './staged-fixture.ts';

const fileOf = (path: string, size: number): ManifestFile => ({ path, size, mode: '0644', sha256: '0'.repeat(64) });

describe('the lists of a set', () => {
  it('are those that the server makes where no runner sent them', async () => {
    const site = await makeSite();
    const files = { 'b/c/two words': '2', 'b/run.sh': '#!x', 'a"b': '3', 'b/to': '-> c', grün: '4', '00': '5' };
    const id = await site.stage(files);
    await activateStagedTree(site.host, site.path, id);
    await runBatch(site.host, finishActivationParts(site.host, site.path, 1, 1));
    const again = await stageReleaseFiles(site.host, site.path, 1);
    const sent = listSet(entriesOf(files), { batches: [], keep: [] });
    const read = (name: string): readonly string[] =>
      readFileSync(join(site.path, '.deploy/staged', again?.releaseId ?? '', name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .toSorted();
    for (const name of ['every', 'folders', 'index', 'paths', 'hashes'])
      expect([name, read(name)]).toEqual([name, sent.find((list) => list.name === name)?.lines.toSorted()]);
    site.remove();
  });

  it('say of each batch what its files must be', () => {
    const [one, two] = [fileOf('a', 1), fileOf('b/c', 2)];
    const lists = listSet([one, two], { batches: [[one], [two]], keep: [two] });
    expect(lists.find(({ name }) => name === 'keep')?.lines).toEqual(['./b/c']);
    expect(lists.filter(({ name }) => name.startsWith('sums.'))).toEqual([
      { name: 'sums.1', lines: [`${'0'.repeat(64)} *./a`] },
      { name: 'sums.2', lines: [`${'0'.repeat(64)} *./b/c`] },
    ]);
  });
});

describe('what a stream brings', () => {
  it('is one batch where it is little, and where it is nothing', () => {
    const few = [fileOf('a', 1), fileOf('b', 2)];
    expect([cutBatches([]), cutBatches(few)]).toEqual([[[]], [few]]);
  });

  it('is cut into batches of the same order, each file once', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => fileOf(String(at), 4_000));
    const batches = cutBatches(many);
    expect(batches.flat()).toEqual(many);
    expect(batches.map(({ length }) => length)).toEqual([334, 333, 333]);
  });

  it('has no empty batch beside a file that is most of it', () => {
    const batches = cutBatches([fileOf('a', 1), fileOf('big', 1e9), fileOf('z', 1)]);
    expect(batches.map((batch) => batch.map(({ path }) => path))).toEqual([['a', 'big'], ['z']]);
  });
});
