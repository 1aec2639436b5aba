import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreeIndex } from '../src/extra-servers.ts';
import { LabError, openLab } from '../src/index.ts';
import type { ExtraServer, Lab } from '../src/index.ts';
import { canConnect, waitUntil } from '../src/poll.ts';
import { describeStatus } from '../src/status.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
});

async function isRunning(server: ExtraServer, container: string): Promise<boolean> {
  const seen = await server.docker(['ps', '-q', '--filter', `name=${container}`], { allowFailure: true });
  return seen.stdout !== '';
}

function workerImage(): string {
  return lab.reference('anonymous', lab.images.worker.repository, lab.images.worker.v1.digest);
}

describe('a server beside the first one', () => {
  const name = 'lab-extra-itg';
  const isFirstUp = (): Promise<boolean> => canConnect(lab.server.address, lab.server.port, 'SSH-');
  let server: ExtraServer;

  beforeAll(async () => {
    server = await lab.startServer({ name, fresh: true });
  });

  afterAll(async () => {
    await server.stop();
  });

  it('has an address, a host key and data of its own', async () => {
    expect(server.address).not.toBe(lab.server.address);
    expect(server.hostFingerprint).not.toBe(lab.server.hostFingerprint);
    await server.exec(['touch', '/srv/only-there']);
    const other = await lab.server.exec(['ls', '/srv/only-there'], { allowFailure: true });
    expect(other.exitCode).not.toBe(0);
  });

  it('is the same one when it is asked for again', async () => {
    // A tmpfs that is new at each boot.
    await server.exec(['touch', '/run/since-boot']);
    const again = await lab.startServer({ name });
    expect(again.address).toBe(server.address);
    await again.exec(['ls', '/run/since-boot']);
  });

  it('loses its power and its cable alone', async () => {
    await server.docker(['run', '-d', '--name', 'worker', '--restart', 'always', workerImage()]);
    await server.powerCut();
    expect(await canConnect(server.address, server.port)).toBe(false);
    await waitUntil('the first server answering', isFirstUp, 180_000);
    await server.boot();
    await waitUntil('the worker running again', () => isRunning(server, 'worker'), 180_000);
    await server.linkDown();
    expect(await canConnect(server.address, server.port, 'SSH-')).toBe(false);
    await waitUntil('the first server answering', isFirstUp, 180_000);
    await server.linkUp();
    await waitUntil('sshd answering', () => canConnect(server.address, server.port, 'SSH-'), 180_000);
  });

  it('cannot change its engine', async () => {
    await expect(lab.startServer({ name, engine: 'modern' })).rejects.toThrow(LabError);
  });

  it('leaves nothing when it is stopped, and starts empty afterwards', async () => {
    await server.stop();
    expect(await describeStatus(lab.paths)).not.toContain(name);
    server = await lab.startServer({ name });
    expect((await server.exec(['ls', '/srv'])).stdout).toBe('');
    expect((await server.docker(['ps', '-aq'])).stdout).toBe('');
  });
});

describe('the modern server', () => {
  it('has engine 28 or newer and Compose 2.40 or newer, and pulls from the lab', async () => {
    const server = await lab.modernServer();
    const engine = await server.docker(['version', '-f', '{{.Server.Version}}']);
    expect(Number(engine.stdout.split('.')[0])).toBeGreaterThanOrEqual(28);
    const compose = await server.docker(['compose', 'version', '--short']);
    const [major = 0, minor = 0] = compose.stdout.split('.').map(Number);
    expect(major * 1000 + minor).toBeGreaterThanOrEqual(2040);
    const said = await server.docker(['run', '--rm', workerImage(), 'cat', '/proc/1/comm']);
    expect(said.stdout).toMatch(/\w/);
    await expect.poll(() => describeStatus(lab.paths)).toMatch(/^modern: engine \d\S+, compose \d\S+/m);
  });
});

describe('the place of another server', () => {
  it('is the lowest that is free', () => {
    expect(findFreeIndex([])).toBe(2);
    expect(findFreeIndex([{ index: 2 }, { index: 4 }])).toBe(3);
  });
});
