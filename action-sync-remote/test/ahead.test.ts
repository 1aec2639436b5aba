import { buffer } from 'node:stream/consumers';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deferred } from '@deploy-actions/kit/host/deferred';
import { allNew } from '@deploy-actions/kit/state/manifest-diff';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { packAhead, type Ahead, type PackedAhead } from '../src/ahead.ts';
import { packArchive } from '../src/archive.ts';
import { describeSource } from '../src/opening.ts';
import { findSources } from '../src/source-place.ts';
import { scanSources } from '../src/source-scan.ts';
import { makeFolder, type Files } from './source-fixture.ts';

const owner = { commit: 'a'.repeat(40), runUrl: '' } as Parameters<typeof packAhead>[0]['owner'];
const rules = { include: [], exclude: [], protect: [], reserved: [] };
const files: Files = { a: 'one', 'b/c': 'two', link: '-> a' };

type Source = Awaited<ReturnType<typeof read>>;

async function read(folder: string): Promise<ReturnType<typeof describeSource>> {
  const listeners = { onProgress: () => undefined, guard: () => undefined };
  return describeSource(await scanSources(await findSources(folder, ['.']), rules, listeners));
}

/** Whatever it has begun by itself is done. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

function ahead(source: Promise<Source>, isKnown: Promise<boolean>, env?: string): Ahead {
  const job = { owner, clock: fakeClock(), env: env === undefined ? undefined : { path: '.env', content: env } };
  return packAhead(job, source, isKnown);
}

const wholeOf = ({ scan }: Source): ReturnType<typeof allNew> => allNew(scan.entries);
const unknown = new Promise<boolean>(() => undefined);
const use = (packed: PackedAhead | undefined, told: number[] = []): ReturnType<PackedAhead['use']> =>
  packed?.use('plain', (count) => told.push(count));

describe('a set that is packed before the server has answered', () => {
  it('is the same to the byte as one that is packed then, and tells what was read', async () => {
    const source = await read(makeFolder(files));
    const packed = ahead(Promise.resolve(source), unknown);
    await settled();
    const taken = packed.take({ transfer: wholeOf(source), isEnvNew: false });
    const told: number[] = [];
    const archive = use(taken, told);
    if (taken === undefined || archive === undefined) throw new Error('nothing was packed');
    const rest = { places: source.scan.places, inParts: new Map<never, never>(), env: undefined, plan: undefined };
    const set = { ...rest, manifest: taken.manifest, transfer: wholeOf(source), buckets: source.buckets };
    const expected = await buffer(packArchive(set, 'plain', () => undefined).tar);
    expect((await buffer(archive.tar)).equals(expected)).toBe(true);
    expect(told.reduce((sum, count) => sum + count, 0)).toBe('one'.length + 'two'.length);
  });

  it.each([
    [
      'not all of it is to be sent',
      (source: Source) => ({ transfer: { ...wholeOf(source), send: [] }, isEnvNew: false }),
    ],
    ['something goes', (source: Source) => ({ transfer: { ...wholeOf(source), deleted: ['x'] }, isEnvNew: false })],
    ['the env file is new, and it has none', (source: Source) => ({ transfer: wholeOf(source), isEnvNew: true })],
  ])('is given up where %s', async (_, comparisonOf) => {
    const source = await read(makeFolder(files));
    const packed = ahead(Promise.resolve(source), unknown);
    await settled();
    expect(packed.take(comparisonOf(source))).toBeUndefined();
    expect(packed.take({ transfer: wholeOf(source), isEnvNew: false })).toBeUndefined();
  });

  it('has the env file in it where that is new', async () => {
    const source = await read(makeFolder(files));
    const packed = ahead(Promise.resolve(source), unknown, 'A=1');
    await settled();
    const archive = use(packed.take({ transfer: wholeOf(source), isEnvNew: true }));
    if (archive === undefined) throw new Error('nothing was packed');
    expect((await buffer(archive.tar)).includes('A=1')).toBe(true);
  });

  it('is not begun where a set is known to be live, and ends where that is told later', async () => {
    const source = await read(makeFolder(files));
    const later = deferred<boolean>();
    const packs = [
      ahead(Promise.resolve(source), Promise.resolve(true)),
      ahead(Promise.resolve(source), later.promise),
    ];
    await settled();
    later.resolve(true);
    await settled();
    for (const packed of packs) expect(packed.take({ transfer: wholeOf(source), isEnvNew: false })).toBeUndefined();
  });

  it('is packed anew where another packing is wanted, or its source failed: then that tells why', async () => {
    const folder = makeFolder(files);
    const source = await read(folder);
    const packed = ahead(Promise.resolve(source), unknown);
    await settled();
    const taken = packed.take({ transfer: wholeOf(source), isEnvNew: false });
    expect(taken?.use('gzip', () => undefined)).toBeUndefined();
    const content = 'x'.repeat(2_000_000);
    writeFileSync(join(folder, 'middle'), content);
    const changed = await read(folder);
    writeFileSync(join(folder, 'middle'), `${content}y`);
    const failing = ahead(Promise.resolve(changed), unknown);
    await settled();
    const packing = failing.take({ transfer: wholeOf(changed), isEnvNew: false });
    expect(packing?.use('zstd', () => undefined)).toBeUndefined();
  });

  it('fails nobody where the source itself fails', async () => {
    const packed = ahead(Promise.reject(new Error('no source')), Promise.resolve(false));
    await settled();
    expect(packed.take({ transfer: allNew([]), isEnvNew: false })).toBeUndefined();
    packed.drop();
  });
});
