import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { dotsAfter, dotsFunction } from '../../src/state/receive-script.ts';

const base = mkdtempSync(join(tmpdir(), 'unpack-dots-'));
afterAll(() => {
  rmSync(base, { recursive: true });
});

/** With its header a whole number of blocks, and of nothing larger. */
const fileBytes = 50 * 1024 + 512;
const names = Array.from({ length: 60 }, (_, at) => `file-${at}`);

it('so many dots come only when so many bytes of the archive are unpacked', async () => {
  const [source, target] = [join(base, 'source'), join(base, 'target')];
  for (const folder of [source, target]) mkdirSync(folder);
  for (const name of names) writeFileSync(join(source, name), Buffer.alloc(fileBytes, name));
  const archive = execFileSync('tar', ['-cf', '-', '-C', source, ...names], { maxBuffer: 2 ** 26 });
  const tar = spawn('sh', ['-c', `${dotsFunction}exec tar -xmof - -C "$1" $dots`, 'sh', target]);
  const isThere = (name: string): boolean =>
    statSync(join(target, name), { throwIfNoEntry: false })?.size === fileBytes;
  let dots = 0;
  const missing: string[] = [];
  tar.stdout.on('data', (chunk: Buffer) => {
    dots += chunk.length;
    const told = names.filter((_, at) => dotsAfter((at + 1) * (fileBytes + 512)) <= dots);
    missing.push(...told.filter((name) => !isThere(name)));
  });
  // A little at a time: tar waits for more with each record, and is never ahead of what it has told.
  for (let at = 0; at < archive.length; at += 5_000) {
    if (!tar.stdin.write(archive.subarray(at, at + 5_000))) await once(tar.stdin, 'drain');
    await setImmediate();
  }
  tar.stdin.end();
  await once(tar, 'close');
  expect(missing).toEqual([]);
  expect(dots).toBeGreaterThanOrEqual(Math.floor(archive.length / (4 * 65_536)));
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});
