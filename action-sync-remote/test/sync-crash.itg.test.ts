import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeployError } from '@deploy-actions/kit/action/errors';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../../lab/src/index.ts';
import { createJob } from '../../lab/src/runner/index.ts';
import { run } from '../src/main.ts';
import { ballastOf, cellsOf, faultPoints, faults, type Fault, type FaultPoint } from './fault-points.ts';
import { startFaultServer, type FaultCell, type FaultServer, type Userland } from './fault-server.ts';
import { makeFolder, readTree, type Files } from './source-fixture.ts';

const isWhole = process.env['TEST_MATRIX'] === 'whole';
/** Generous: CI's machine is slow, and what is awaited comes by itself. */
const patience = { timeout: 300_000, interval: 100 };

const oldTree: Files = { 'compose.yaml': 'v1', 'conf/a': 'old', 'conf/same': 'same', gone: 'x' };
const newTree: Files = { 'compose.yaml': 'v2', 'conf/a': 'new', 'conf/same': 'same', 'conf/added': 'new' };
const before: Files = { ...oldTree, '.env': 'A=1\n' };

let lab: Lab;
let faulty: FaultServer;
let template: string;
let count = 0;

beforeAll(async () => {
  lab = await openLab();
});

interface Wish {
  readonly deployPath: string;
  readonly source: string;
  readonly env: string;
  readonly runId: string;
  readonly attempt: number;
  readonly signal?: AbortSignal;
}

function connection(): Readonly<Record<string, string>> {
  const { address, privateKey, hostFingerprint } = faulty.server;
  return {
    host: address,
    port: String(faulty.port),
    user: faulty.user,
    'ssh-private-key': privateKey,
    'host-fingerprint': hostFingerprint,
  };
}

/** The step in this process: a bundle for each cell would cost more than the cells. */
async function runHere({ deployPath, source, env, runId, attempt, signal }: Wish): Promise<string> {
  const runner = fakeRunner(
    {
      ...{ source: '.', delete: 'managed', activate: 'now', 'dry-run': 'false', 'lock-wait': '0' },
      ...connection(),
      'deploy-path': deployPath,
      'env-file-content': env,
    },
    {
      GITHUB_WORKSPACE: source,
      GITHUB_RUN_ID: runId,
      GITHUB_RUN_ATTEMPT: String(attempt),
      GITHUB_REPOSITORY: 'acme/api',
      GITHUB_JOB: 'deploy',
      GITHUB_SHA: 'a'.repeat(40),
    },
  );
  try {
    await run({ runner, signal: signal ?? new AbortController().signal });
    return 'success';
  } catch (thrown) {
    return isDeployError(thrown) ? thrown.code : String(thrown);
  }
}

/** One sync that is hit at its point. */
interface Hit {
  readonly fault: Fault;
  readonly point: FaultPoint;
  readonly cell: FaultCell;
  readonly source: string;
  readonly runId: string;
  readonly after: Files;
  /** `success`, or the error code. */
  readonly ended: Promise<string>;
  readonly kill: () => Promise<void>;
  readonly cancel: () => void;
}

async function start(fault: Fault, point: FaultPoint): Promise<Hit> {
  count++;
  const ballast = randomBytes(ballastOf(point));
  const files = ballast.length === 0 ? newTree : { ...newTree, ballast: ballast.toString('latin1') };
  const source = makeFolder(files);
  const cell = faulty.makeCell(`${fault}-${count}`, point, template);
  const facts = { fault, point, cell, source, runId: String(count), after: { ...files, '.env': 'A=2\n' } };
  const abort = new AbortController();
  // The action itself dies, or is what notices: then it is the bundle that runs.
  if (fault !== 'killed' && point.command !== 'cmp -s *') {
    const wish = { ...facts, deployPath: cell.deployPath, env: 'A=2', attempt: 1, signal: abort.signal };
    return {
      ...facts,
      ended: runHere(wish),
      kill: () => Promise.resolve(),
      cancel: () => {
        abort.abort();
      },
    };
  }
  const job = await createJob({ workspace: source, github: { runId: facts.runId } });
  const inputs = { ...connection(), 'deploy-path': cell.deployPath, 'env-file-content': 'A=2', activate: 'now' };
  const ended = job.step({ uses: 'action-sync-remote', with: inputs }).then(async ({ outcome, outputs }) => {
    await job.dispose();
    return outcome === 'success' ? outcome : (outputs['error-code'] ?? outcome);
  });
  return { ...facts, ended, kill: () => job.kill(), cancel: () => void job.cancel() };
}

/** Those that need no cable first: the cable is everybody's. */
async function strike(hits: readonly Hit[]): Promise<readonly string[]> {
  for (const { cell, point } of hits) await expect.poll(cell.isHeld, { ...patience, message: point.name }).toBe(true);
  const [atCable, others] = [hits.filter(isAtCable), hits.filter((hit) => !isAtCable(hit))];
  for (const hit of others) {
    if (hit.fault === 'killed') await hit.kill();
    if (hit.fault === 'cancelled') hit.cancel();
    hit.cell.letGo(hit.fault === 'crashed' ? 'die' : 'on');
  }
  await Promise.all(others.map(({ ended }) => ended));
  if (atCable.length > 0) await faulty.server.linkDown();
  try {
    for (const { fault, cell } of atCable) cell.letGo(fault === 'power' ? 'die' : 'on');
    return await Promise.all(hits.map(({ ended }) => ended));
  } finally {
    if (atCable.length > 0) await faulty.server.linkUp();
  }
}

const isAtCable = ({ fault }: Hit): boolean => fault === 'cut' || fault === 'power';

const nameOf = (tree: Files, { after }: Hit): string => {
  const text = JSON.stringify(Object.entries(tree).sort());
  if (text === JSON.stringify(Object.entries(before).sort())) return 'old';
  return text === JSON.stringify(Object.entries(after).sort()) ? 'new' : `mixed: ${Object.keys(tree).join(' ')}`;
};

/** Paths whose content is neither the old nor the new one. */
function tornFiles(tree: Files, { after }: Hit): readonly string[] {
  return Object.entries(tree).flatMap(([path, content]) =>
    path.endsWith('.deploy-next') || content === before[path] || content === after[path] ? [] : [path],
  );
}

/** What a finished sync leaves of its own work; the set that is live may be staged still, until the next one goes live. */
function leftovers(deployPath: string): readonly string[] {
  const state = join(deployPath, '.deploy');
  const live = /"releaseId":"([^"]*)"/.exec(readFileSync(join(state, 'manifest.json'), 'utf8'))?.[1] ?? '';
  return ['staged', 'undo', 'parts']
    .flatMap((folder) =>
      existsSync(join(state, folder)) ? readdirSync(join(state, folder)).map((name) => `${folder}/${name}`) : [],
    )
    .filter((name) => name !== `staged/${live}`);
}

/** Each fault of a row at the same time: nearly all of it is waiting. */
const rows: readonly (readonly Fault[])[] = isWhole ? faults.map((fault) => [fault]) : [faults];

/** Where the disk becomes full, and what the step makes of it: with what it set aside it can still end, or go back. */
const fillings: readonly (readonly [point: string, code: string, tree: 'old' | 'new'])[] = [
  ['the stream is unpacked', 'NO_SPACE', 'old'],
  ['the old files are saved', 'NO_SPACE', 'old'],
  ['the first folder is swapped', 'success', 'new'],
];

const userlands: readonly Userland[] = isWhole ? ['Debian', 'Debian 13', 'BusyBox'] : ['Debian', 'BusyBox'];

describe.each(userlands)('with the programs of %s on the server', (userland) => {
  beforeAll(async () => {
    faulty = await startFaultServer(lab, `crash-${userland.toLowerCase().replace(' ', '-')}`, userland);
    template = faulty.makeCell('template').deployPath;
    await runHere({ deployPath: template, source: makeFolder(oldTree), env: 'A=1', runId: 'first', attempt: 1 });
    rmSync(join(template, '.deploy/lease.json'));
  });
  afterAll(async () => {
    await faulty.stop();
  });

  const name = 'the old or the new set is there after a fault at any moment, whole, and the next run converges';
  it.each(rows.map((row) => [row.join(', '), row] as const))(
    `${name}: %s`,
    { timeout: 1_800_000 },
    async (_faults, row) => {
      const cells = row.flatMap((fault) => cellsOf(fault, isWhole, userland).map((point) => ({ fault, point })));
      const hits = await Promise.all(cells.map(({ fault, point }) => start(fault, point)));
      const codes = await strike(hits);
      for (const [index, hit] of hits.entries()) {
        const place = `${hit.fault} while ${hit.point.name}`;
        // A green step over a lost connection would be the worst of all.
        if (hit.fault === 'cut') expect.soft(codes[index], place).toBe('CONNECTION_LOST');
        if (hit.fault !== 'cancelled') expect.soft(codes[index], place).not.toBe('success');
        const look = (): Files => readTree(hit.cell.deployPath);
        if (hit.fault === 'power') expect.soft(tornFiles(look(), hit), place).toEqual([]);
        else await expect.poll(() => nameOf(look(), hit), { ...patience, message: place }).toMatch(/^(old|new)$/);
      }
      const next = await Promise.all(
        hits.map(({ cell, source, runId }) =>
          runHere({ deployPath: cell.deployPath, source, env: 'A=2', runId, attempt: 2 }),
        ),
      );
      for (const [index, hit] of hits.entries()) {
        const place = `next run after ${hit.fault} while ${hit.point.name}`;
        expect.soft(next[index], place).toBe('success');
        expect.soft(nameOf(readTree(hit.cell.deployPath), hit), place).toBe('new');
        expect.soft(leftovers(hit.cell.deployPath), place).toEqual([]);
      }
    },
  );

  it('a disk that becomes full on the way leaves a whole set; one that is read-only is named; noexec is no matter', async () => {
    const mounted = await Promise.all(
      fillings.map(async ([name, code, tree]) => {
        const cell = faulty.makeCell(`full-${name.replaceAll(' ', '-')}`);
        const root = (script: string): Promise<{ readonly stdout: string }> =>
          faulty.server.exec(['sh', '-c', script, 'sh', cell.deployPath]);
        await root('mount -t tmpfs -o size=24m,noexec,uid=1000,mode=755 none "$1"');
        return { cell, name, code, tree, root, runId: randomBytes(4).toString('hex') };
      }),
    );
    const next = (files: Files): string => makeFolder({ ...files, ballast: 'x'.repeat(6_000_000) });
    const read = '(cd "$1" && cat compose.yaml conf/a && ls conf)';
    const [oldText, newText] = ['v1olda\nsame\n', 'v2newa\nadded\nsame\n'];
    const syncAll = (files: Files, attempt: number): Promise<readonly string[]> =>
      Promise.all(
        mounted.map(({ cell: { deployPath }, runId }) =>
          runHere({ deployPath, source: attempt === 1 ? makeFolder(files) : next(files), env: 'A=1', runId, attempt }),
        ),
      );
    try {
      expect(await syncAll(oldTree, 1)).toEqual(['success', 'success', 'success']);
      for (const { cell, name } of mounted) {
        const point = faultPoints.find((one) => one.name === name);
        if (point !== undefined) cell.holdAt(point);
      }
      const syncing = syncAll(newTree, 2);
      for (const { cell, name } of mounted) await expect.poll(cell.isHeld, { ...patience, message: name }).toBe(true);
      for (const { cell, root } of mounted) {
        await root('dd if=/dev/zero of="$1/filler" bs=4096 2>/dev/null; :');
        cell.letGo('on');
      }
      expect(await syncing).toEqual(fillings.map(([, code]) => code));
      for (const { root, tree, name } of mounted)
        expect((await root(read)).stdout, name).toBe(tree === 'old' ? oldText : newText);
      await Promise.all(mounted.map(({ root }) => root('rm "$1/filler"; mount -o remount,ro "$1"')));
      expect(await syncAll(newTree, 3)).toEqual(fillings.map(() => 'DEPLOY_PATH_UNUSABLE'));
      await Promise.all(mounted.map(({ root }) => root('mount -o remount,rw "$1"')));
      expect(await syncAll(newTree, 4)).toEqual(['success', 'success', 'success']);
      for (const { root, name } of mounted) expect((await root(read)).stdout, name).toBe(newText);
    } finally {
      for (const { root } of mounted) await root('umount "$1"');
    }
  });
});
