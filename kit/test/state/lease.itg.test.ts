import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../../../lab/src/index.ts';
import { inputReader } from '../../src/action/inputs.ts';
import { connectHost, readHostTarget } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';
import { acquireLease, type LeaseOptions } from '../../src/state/lease-store.ts';
import { ensureStateFolder } from '../../src/state/state-folder.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { systemClock } from '../../src/time/clock.ts';

const deployPath = parseDeployPath('/srv/lease-itg');
let lab: Lab;
const hosts: Host[] = [];

/** A connection of its own for each owner: three processes on the server, as three runners have them. */
async function connect(): Promise<Host> {
  const { host, port, user, privateKey, knownHosts } = lab.server;
  const address = { host, port: String(port), user, 'ssh-private-key': privateKey, 'known-hosts': knownHosts };
  const runner = fakeRunner(address);
  return connectHost(readHostTarget(inputReader(runner)), runner, new AbortController().signal);
}

beforeAll(async () => {
  lab = await openLab();
  await lab.server.exec(['install', '-d', '-o', 'deploy', '-g', 'deploy', deployPath]);
  for (let index = 0; index < 3; index++) hosts.push(await connect());
  const [first] = hosts;
  if (first !== undefined) await ensureStateFolder(first, deployPath);
});

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  await lab.server.exec(['rm', '-rf', deployPath]);
});

function options(host: Host, id: string): LeaseOptions {
  const identity = { repository: 'acme/api', runId: id, runAttempt: 1, job: 'deploy' };
  return {
    host,
    deployPath,
    owner: { id, ...identity, actor: id, runUrl: `https://github.example/${id}`, commit: '' },
    // Only how long it waits between two looks is shortened.
    clock: { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(20, signal) },
    waitMs: 120_000,
    ttlSeconds: 600,
    signal: new AbortController().signal,
    onWait: () => undefined,
  };
}

describe('the lease on a real server', () => {
  it('lets one of three at a time in, whoever asks when', async () => {
    const note = 'printf "%s\\n" "$2" >> "$1/turns"';
    const work = async (host: Host, id: string): Promise<void> => {
      for (let turn = 0; turn < 5; turn++) {
        const lease = await acquireLease(options(host, id));
        await host.script(note, [deployPath, `${id} enters`]);
        await host.script(note, [deployPath, `${id} leaves`]);
        await lease.release();
      }
    };
    await Promise.all(hosts.map((host, index) => work(host, 'abc'.charAt(index))));
    const { stdout } = await lab.server.exec(['cat', `${deployPath}/turns`]);
    const turns = stdout.trim().split('\n');
    expect(turns).toHaveLength(30);
    for (let index = 0; index < turns.length; index += 2) {
      const who = turns[index]?.charAt(0) ?? '';
      expect(turns.slice(index, index + 2)).toEqual([`${who} enters`, `${who} leaves`]);
    }
  });

  it('is given to exactly one of three that ask at the same instant', async () => {
    const asked = await Promise.allSettled(
      hosts.map((host, index) => acquireLease({ ...options(host, `r${index}`), waitMs: 0 })),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of asked) if (one.status === 'fulfilled') await one.value.release();
  });

  it('is free where a power cut left an empty file', async () => {
    const [host] = hosts;
    if (host === undefined) throw new Error('no connection');
    await lab.server.exec(['sh', '-c', ': > "$1/.deploy/lease.json"', 'sh', deployPath]);
    const lease = await acquireLease({ ...options(host, 'after'), waitMs: 0 });
    expect(lease.isNew).toBe(true);
    await lease.release();
  });
});
