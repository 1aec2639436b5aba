import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/host/batch.ts';
import { lookPart, parseLook } from '../../src/state/manifest-look.ts';
import { openReceiver } from '../../src/state/staged-receiver.ts';
import { activateStagedTree, awaitQuietPart, discardStagedTrees } from '../../src/state/staged-tree.ts';
import { makeSite, type Site } from './staged-fixture.ts';

let site: Site;
let holder: ChildProcess | undefined;
beforeEach(async () => {
  site = await makeSite();
});
afterEach(() => {
  holder?.kill('SIGKILL');
  site.remove();
});

const state = (...parts: readonly string[]): string => join(site.path, '.deploy', ...parts);

/** A script whose connection broke: it has the lock until its stdin ends, and removes then what is staged. */
async function outlive(): Promise<ChildProcess> {
  const script = 'echo held; read line; rm -rf "$1"; exit 0';
  holder = spawn('flock', [state('tree.lock'), 'sh', '-c', script, 'sh', state('staged')]);
  if (holder.stdout !== null) await once(holder.stdout, 'data');
  return holder;
}

const look = async (): Promise<boolean> => {
  const part = lookPart(site.path, 'local', '');
  const [result] = await runBatch(site.host, [part]);
  return parseLook(result?.stdout ?? '', site.path, '').isBusy;
};

describe('a script that outlived its connection', () => {
  it('is seen by the next look, and waited for', async () => {
    expect(await look()).toBe(false);
    const process = await outlive();
    expect(await look()).toBe(true);
    const waited = runBatch(site.host, [awaitQuietPart(site.host, site.path)]);
    process.stdin?.end();
    await waited;
    expect(await look()).toBe(false);
  });

  it('has ended before another begins to change anything', async () => {
    const id = await site.stage({ a: 'one' });
    const process = await outlive();
    const activation = activateStagedTree(site.host, site.path, id);
    const refused = expect(activation).rejects.toMatchObject({ code: 'STAGED_TREE_MISSING' });
    // It has come as far as it may.
    await expect.poll(() => existsSync(state('staged', id, 'steps'))).toBe(true);
    process.stdin?.end();
    await refused;
    expect(site.read()).toEqual({});
  });
});

describe('what comes late, when a later step holds the lease', () => {
  const lease = (step: string): void => {
    writeFileSync(state('lease.json'), JSON.stringify({ owner: { id: 'x' }, step }));
  };

  it.each([false, true])('is refused, and nothing of it stays (to go live at once: %s)', async (isForNow) => {
    lease('later');
    const options = { isForNow, signal: new AbortController().signal, timeoutMs: 60_000 };
    const tar = Readable.from([Buffer.alloc(10_240)], { objectMode: false });
    const receiving = openReceiver(site.host, site.path, options).receive(
      '20261121T030000000Z-local-0001',
      { tar, packing: 'plain' },
      'earlier',
    );
    await expect(receiving).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(readdirSync(state('staged'))).toEqual([]);
  });

  it('removes nothing that the later one has staged', async () => {
    const id = await site.stage({ a: 'one' });
    lease('later');
    await expect(discardStagedTrees(site.host, site.path, 'earlier')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    rmSync(state('lease.json'));
    await expect(discardStagedTrees(site.host, site.path, 'earlier')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(readdirSync(state('staged'))).toEqual([id]);
    await discardStagedTrees(site.host, site.path, '');
    expect(readdirSync(state('staged'))).toEqual([]);
  });
});
