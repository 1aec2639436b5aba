import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMarkedProcesses, isAlive } from '../src/daemon.ts';
import { downLab, LabError, openLab, upLab } from '../src/index.ts';
import type { Lab } from '../src/index.ts';
import { silentLog } from '../src/log.ts';
import { locateLab } from '../src/paths.ts';
import type { LabLocation } from '../src/paths.ts';
import { isWholeMatrix } from '../../scripts/whole-matrix.ts';
import { canConnect, waitUntil } from '../src/poll.ts';

// A lab of its own beside the shared one: these tests cut its power and take it down. Only the cache is shared.
const root = mkdtempSync('/tmp/lab-test-');
const location: LabLocation = { root, cache: locateLab().cache };
const { id, pids } = locateLab(location);
const options = { ...location, log: silentLog };

/** Everything of this lab that the machine still has, outside its folder. */
function findTraces(): readonly string[] {
  const mine = (text: string): boolean => text.includes(id) || text.includes(root);
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns').filter(mine) : [];
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').filter(mine);
  const interfaces = Object.keys(networkInterfaces()).filter(mine);
  const kinds = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((kind) => `/sys/fs/cgroup/${kind}`)];
  const cgroups = kinds.map((kind) => join(kind, `deploy-actions-lab-${id}`)).filter((path) => existsSync(path));
  const processes = findMarkedProcesses(root).map(({ pid }) => `process ${String(pid)}`);
  return [...namespaces, ...mounts, ...interfaces, ...cgroups, ...processes];
}

/** `npm run lab -- up`, killed as soon as this file of the lab exists. */
async function upUntil(file: string): Promise<void> {
  const cli = join(import.meta.dirname, '../src/cli.ts');
  const env = { ...process.env, LAB_ROOT: root, LAB_CACHE: location.cache };
  const child = spawn(process.execPath, [cli, 'up'], { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await waitUntil(`${file} being written`, () => Promise.resolve(existsSync(join(root, file))), 300_000);
  child.kill('SIGKILL');
  await ended;
}

beforeAll(async () => {
  await downLab(options);
});

afterAll(async () => {
  await downLab(options);
  rmSync(root, { recursive: true, force: true });
});

describe('up', () => {
  const files = ['pids/server1.json', 'state.json', 'pids/registry-bearer.json'];
  it.each(isWholeMatrix ? files : files.slice(0, 1))(
    'recovers from an up that was killed when it had just written %s',
    async (file) => {
      await downLab(options);
      await upUntil(file);
      const lab = await upLab(options);
      expect((await lab.server.docker(['info', '-f', '{{.Driver}}'])).stdout).toBe('overlay2\n');
      expect((await fetch(`http://${lab.registry.bearer.address}/v2/`)).status).toBe(401);
    },
  );

  it('ends processes of a killed up that no pid file tells of', async () => {
    const stray = spawn('sleep', ['600'], { env: { DEPLOY_ACTIONS_LAB: root }, stdio: 'ignore', detached: true });
    const ended = once(stray, 'exit');
    await upLab(options);
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});

describe('faults', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await upLab(options);
    const image = lab.reference('anonymous', lab.images.worker.repository, lab.images.worker.v1.digest);
    await lab.server.docker(['run', '-d', '--name', 'worker', '--restart', 'always', image]);
  });

  const isRunning = async (): Promise<boolean> =>
    (await lab.server.docker(['ps', '-q', '--filter', 'name=worker'], { allowFailure: true })).stdout !== '';

  it('a power cut ends everything, and boot brings containers with a restart policy back', async () => {
    const before = findMarkedProcesses(root);
    await lab.server.powerCut();
    expect(await canConnect(lab.server.address, lab.server.port)).toBe(false);
    await expect(openLab(location)).rejects.toThrow(LabError);
    await lab.server.boot();
    expect(before.filter(isAlive).length).toBeLessThan(before.length);
    await waitUntil('the worker running again', isRunning, 180_000);
  });

  it.each(['TERM', 'KILL'] as const)('dockerd comes back after SIG%s', async (signal) => {
    await lab.server.restartDockerd(signal);
    await waitUntil('the worker running again', isRunning, 180_000);
  });

  it('a pulled cable makes the server unreachable until it is plugged in again', async () => {
    await lab.server.linkDown();
    expect(await canConnect(lab.server.address, lab.server.port, 'SSH-')).toBe(false);
    await lab.server.linkUp();
    await waitUntil('sshd answering', () => canConnect(lab.server.address, lab.server.port, 'SSH-'), 180_000);
  });

  it('a stopped dockerd hangs and goes on', async () => {
    await lab.server.signalDockerd('STOP');
    expect(await lab.server.docker(['ps'], { timeoutMs: 1500, allowFailure: true })).toMatchObject({ exitCode: 137 });
    await lab.server.signalDockerd('CONT');
    await waitUntil('docker answering', isRunning, 180_000);
  });

  it('up ends faults that a test has left', async () => {
    await lab.server.signalDockerd('STOP');
    await lab.server.linkDown();
    await upLab(options);
    expect(await isRunning()).toBe(true);
    await waitUntil('sshd answering', () => canConnect(lab.server.address, lab.server.port, 'SSH-'), 180_000);
  });
});

describe('down', () => {
  it('leaves no process, mount, namespace, interface, cgroup or file, with containers running', async () => {
    const lab = await upLab(options);
    expect((await lab.server.docker(['ps', '-q'])).stdout).not.toBe('');
    const other = await lab.startServer({ name: 'other' });
    await other.docker(['run', '-d', lab.reference('anonymous', 'lab/worker', lab.images.worker.v1.digest)]);
    expect(findTraces().length).toBeGreaterThan(5);
    await downLab(options);
    expect(findTraces()).toEqual([]);
    expect(existsSync(root)).toBe(false);
    expect(existsSync(pids)).toBe(false);
  });

  it('leaves nothing of an up that was killed half-way', async () => {
    await upUntil('pids/registry-anonymous.json');
    await downLab(options);
    expect(findTraces()).toEqual([]);
  });

  it('makes openLab say what to run', async () => {
    await expect(openLab(location)).rejects.toMatchObject({ hint: 'npm run lab -- up' });
  });
});
