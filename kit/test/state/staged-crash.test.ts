import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local-host.ts';
import { activateStagedTree, findLiveFiles, undoActivation } from '../../src/state/staged-tree.ts';
import { makeSite, type Files, type Site } from './staged-fixture.ts';

const before: Files = {
  'compose.yaml': 'v1',
  kept: 'same',
  'conf/a': '1',
  gone: 'old',
  swap: 'file',
  link: '-> kept',
  // What is a folder of ours before is a link to the server's data after, and the other way round.
  'turn/db': 'ours',
  'turn/sub/x': 'ours',
  back: '-> data',
};
const after: Files = {
  'compose.yaml': 'v2',
  kept: 'same',
  'conf/a': '2',
  'swap/in': 'folder',
  new: 'n',
  link: '-> new',
  turn: '-> data',
  'back/db': 'ours',
  'back/sub/x': 'ours',
};
const serverOnly: Files = { '.env': 'SECRET=1', 'data/db': 'rows', 'data/sub/x': 'rows' };

const realPath = process.env['PATH'] ?? '';
/** Programs that change something on a disk; each of them is a moment at which a server can die. */
const programs = ['mv', 'rm', 'cp', 'ln', 'mkdir', 'rmdir', 'xargs'];
let bin: string;
let site: Site;

/** Stand-ins that count, and kill the shell that called them instead of doing their work when the count is reached. */
beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), 'crash-bin-'));
  for (const program of programs) {
    const source = `#!/bin/sh
n=$(cat ${bin}/count); echo $((n - 1)) > ${bin}/count
if [ "$n" -eq 0 ]; then touch ${bin}/crashed; kill -9 $PPID; exit 1; fi
[ "$n" -gt 0 ] || exit 1
PATH=\${PATH#*:} exec ${program} "$@"
`;
    writeFileSync(join(bin, program), source);
    chmodSync(join(bin, program), 0o755);
  }
});
afterAll(() => {
  rmSync(bin, { recursive: true });
});

/** Runs `body` on a server that dies at the given disk-changing program. Whether it came to that. */
async function crashAt(count: number, body: (host: Host) => Promise<unknown>): Promise<boolean> {
  writeFileSync(join(bin, 'count'), String(count));
  rmSync(join(bin, 'crashed'), { force: true });
  process.env['PATH'] = `${bin}:${realPath}`;
  // A host of its own: it takes the environment it is made in.
  const host = localHost();
  process.env['PATH'] = realPath;
  await body(host).catch(() => undefined);
  return existsSync(join(bin, 'crashed'));
}

/** Calls `body` with 0, 1, 2 … until nothing crashes any more; returns how many crashes there were. */
async function atEveryMoment(body: (moment: number) => Promise<boolean>): Promise<number> {
  for (let moment = 0; ; moment++) if (!(await body(moment))) return moment;
}

it(
  'is old or new, whole, after a crash at any moment of the activation and one more try',
  { timeout: 300_000 },
  async () => {
    site = await makeSite();
    site.write(serverOnly);
    const old = await site.stage(before);
    await activateStagedTree(site.host, site.path, old);
    const id = await site.stage(after);
    const activate = (host: Host): Promise<unknown> => activateStagedTree(host, site.path, id);
    const crashes = await atEveryMoment(async (moment) => {
      const isCrashed = await crashAt(moment, activate);
      // Even moments are undone, odd ones finished and then undone: both ways from every second place, half the time.
      if (isCrashed && moment % 2 === 1) {
        await activate(site.host);
        expect(site.read(), `finished after a crash at moment ${moment}`).toEqual({ ...serverOnly, ...after });
        expect(await findLiveFiles(site.host, site.path)).toBe(id);
      }
      await undoActivation(site.host, site.path, id);
      expect(site.read(), `undone after a crash at moment ${moment}`).toEqual({ ...serverOnly, ...before });
      expect(await findLiveFiles(site.host, site.path)).toBe(old);
      return isCrashed;
    });
    // The test would prove nothing if the stand-ins were never called.
    expect(crashes).toBeGreaterThan(15);
    expect(readFileSync(join(site.path, '.env'), 'utf8')).toBe('SECRET=1');
    site.remove();
  },
);

it(
  'is the old set, whole, after a crash at any moment of the undoing and one more try',
  { timeout: 300_000 },
  async () => {
    site = await makeSite();
    site.write(serverOnly);
    await activateStagedTree(site.host, site.path, await site.stage(before));
    const id = await site.stage(after);
    const crashes = await atEveryMoment(async (moment) => {
      await activateStagedTree(site.host, site.path, id);
      const isCrashed = await crashAt(moment, (host) => undoActivation(host, site.path, id));
      await undoActivation(site.host, site.path, id);
      expect(site.read(), `undone after a crash at moment ${moment}`).toEqual({ ...serverOnly, ...before });
      return isCrashed;
    });
    expect(crashes).toBeGreaterThan(10);
    site.remove();
  },
);
