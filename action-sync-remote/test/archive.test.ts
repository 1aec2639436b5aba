import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { localHost } from '@deploy-actions/kit/host/local-host';
import { parseDeployPath } from '@deploy-actions/kit/state/deploy-path';
import { openReceiver } from '@deploy-actions/kit/state/staged-receiver';
import { ensureStateFolder } from '@deploy-actions/kit/state/state-folder';
import { expect, it } from 'vitest';
import { allNew } from '@deploy-actions/kit/state/manifest-diff';
import { packArchive } from '../src/archive.ts';
import { makeFolder } from './source-fixture.ts';

const none = allNew([]);
const header = {
  format: 1,
  releaseId: '20261121T030000000Z-local-0001',
  createdAt: '2026-11-21T03:00:00.000Z',
  commit: 'local',
  runUrl: '',
} as const;
const rest = { inParts: new Map<never, never>(), buckets: [], env: undefined, plan: undefined };

it('a file of more than 8 GiB has its size in the header, as the server’s tar reads it', async () => {
  const folder = makeFolder({ big: '' });
  const size = 9 * 1024 ** 3;
  // Of holes: it is as long as it says, and takes no place.
  truncateSync(join(folder, 'big'), size);
  const file = { path: 'big', mode: '0644', sha256: '0'.repeat(64), size } as const;
  const archive = {
    ...rest,
    manifest: { ...header, files: [file], deleted: [] },
    transfer: { ...none, send: [file] },
    places: new Map([['big', { file: join(folder, 'big'), mtimeMs: 0 }]]),
  };
  const stream = packArchive(archive, 'plain', () => undefined).tar;
  const head: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    head.push(chunk);
    if (Buffer.concat(head).includes('tree/big')) break;
  }
  // The content is cut off, and tar says so; what it lists before that is what counts.
  const listed = execFileSync('sh', ['-c', 'tar -tvf - 2>/dev/null || :'], { input: Buffer.concat(head) }).toString();
  expect(listed).toMatch(new RegExp(` ${size} .* tree/big\n`));
});

it('a set that ends between two of its members does not count as staged, wherever the connection broke', async () => {
  // Links alone: no hash tells which of them are missing.
  const links = [
    { path: 'current', link: 'one' },
    { path: 'next', link: 'two' },
  ];
  const set = { manifest: { ...header, files: links, deleted: [] }, transfer: { ...none, links }, places: new Map() };
  const chunks = (await packArchive({ ...rest, ...set }, 'plain', () => undefined).tar.toArray()) as Buffer[];
  const whole = Buffer.concat(chunks);
  const folder = join(makeFolder(), 'app');
  mkdirSync(folder);
  const [host, deployPath] = [localHost(), parseDeployPath(folder)];
  await ensureStateFolder(host, deployPath);
  const stageUpTo = async (end: number): Promise<readonly string[]> => {
    const tar = Readable.from([whole.subarray(0, end)], { objectMode: false });
    const receiver = openReceiver(host, deployPath, { signal: new AbortController().signal, timeoutMs: 180_000 });
    await receiver.receive(header.releaseId, { tar, packing: 'plain' }).catch(() => undefined);
    return readdirSync(join(folder, '.deploy/staged'));
  };
  // Without its mark and the two blocks of zeros that end a tar.
  for (let end = 512; end <= whole.length - 3 * 512; end += 512) expect(await stageUpTo(end), `${end}`).toEqual([]);
  expect(await stageUpTo(whole.length)).toEqual([header.releaseId]);
});

it.each([
  ['longer', 'abcd'],
  ['shorter', 'ab'],
  ['gone', undefined],
])('a file that is %s when it is sent ends the sync by its name', async (_what, content) => {
  const folder = makeFolder(content === undefined ? {} : { 'a b': content });
  const file = { path: 'a b', mode: '0644', sha256: '0'.repeat(64), size: 3 } as const;
  const set = { manifest: { ...header, files: [file], deleted: [] }, transfer: { ...none, send: [file] } };
  const places = new Map([['a b', { file: join(folder, 'a b'), mtimeMs: 0 }]]);
  const reading = packArchive({ ...rest, ...set, places }, 'gzip', () => undefined).tar.toArray();
  await expect(reading).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
    message: '"a b" in the source changed or went away while it was being sent. Nothing was changed on the server.',
  });
});
