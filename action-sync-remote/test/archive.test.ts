import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packArchive } from '../src/archive.ts';
import { makeFolder } from './source-fixture.ts';

it('a file of more than 8 GiB has its size in the header, as the server’s tar reads it', async () => {
  const folder = makeFolder({ big: '' });
  const size = 9 * 1024 ** 3;
  // Of holes: it is as long as it says, and takes no place.
  truncateSync(join(folder, 'big'), size);
  const file = { path: 'big', mode: '0644', sha256: '0'.repeat(64), size } as const;
  const none = { added: [], changed: [], deleted: [], keep: [], links: [], blocked: [], isNeeded: true };
  const header = {
    format: 1,
    releaseId: 'id',
    createdAt: '2026-11-21T03:00:00.000Z',
    commit: 'local',
    runUrl: '',
  } as const;
  const archive = {
    manifest: { ...header, files: [file], deleted: [] },
    transfer: { ...none, send: [file] },
    places: new Map([['big', { file: join(folder, 'big'), mtimeMs: 0 }]]),
    inParts: new Set<typeof file>(),
    buckets: [],
    env: undefined,
    plan: undefined,
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
