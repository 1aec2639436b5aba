import { HostError, type ExecResult, type Host } from '@deploy-actions/kit/host/host';
import { connect } from 'node:net';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { networkAttempt } from '../src/attempt.ts';
import type { Check } from '../src/check.ts';
import { describeContainer } from '../src/evidence.ts';
import { callRoll, parseContainers, type Container } from '../src/container.ts';
import { expectation, urlCheck } from './builder.ts';

const oldSha = '1111111111111111111111111111111111111111';
const newSha = '2222222222222222222222222222222222222222';

/** A line as docker 28 prints it for the format of the script. */
function line(name: string, overrides: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: `${name}-0123456789abcdef`,
    name: `/${name}`,
    status: 'running',
    exitCode: 0,
    restartCount: 0,
    networkMode: 'shop_default',
    networks: { shop_default: { IPAddress: '172.18.0.3', GlobalIPv6Address: '' } },
    ...overrides,
  });
}

const roll = (...lines: readonly string[]) => callRoll('api', parseContainers(lines.join('\n')));

describe('containers of a service', () => {
  it('are all asked when they run', () => {
    const called = roll(line('api-1'), line('api-2', { networks: { x: { IPAddress: '172.18.0.4' } } }));
    expect(called.kind === 'ask' && called.containers.map(({ name, address }) => [name, address])).toEqual([
      ['api-1', '172.18.0.3'],
      ['api-2', '172.18.0.4'],
    ]);
  });

  it('are reached by IPv6 where there is no IPv4, and on the loopback with host networking', () => {
    const addresses = [
      line('six', { networks: { x: { IPAddress: '', GlobalIPv6Address: 'fd00::3' } } }),
      line('host', { networkMode: 'host', networks: { host: { IPAddress: '' } } }),
    ];
    expect(parseContainers(addresses.join('\n')).map((container: Container) => container.address)).toEqual([
      'fd00::3',
      '127.0.0.1',
    ]);
  });

  it('are not asked when one is restarting: a crash loop is silent between two crashes', () => {
    const called = roll(line('api-1'), line('api-2', { status: 'restarting', exitCode: 137, restartCount: 4 }));
    expect(called).toEqual({
      kind: 'nobody',
      problem: 'container api-2 is restarting (last exit code 137, 4 restarts)',
    });
  });

  it('that have stopped are no part of the service any more', () => {
    const called = roll(line('api-1'), line('api-2', { status: 'exited', exitCode: 1 }));
    expect(called.kind === 'ask' && called.containers.map(({ name }) => name)).toEqual(['api-1']);
  });

  it('are missed when there are none, with what is left of them', () => {
    expect(roll()).toEqual({ kind: 'nobody', problem: 'service api has no running container' });
    expect(roll(line('api-1', { status: 'exited', exitCode: 3 }))).toEqual({
      kind: 'nobody',
      problem: 'service api has no running container: api-1 is exited (last exit code 3)',
    });
  });

  it('without a network cannot be asked', () => {
    expect(roll(line('api-1', { networkMode: 'none', networks: {} }))).toMatchObject({ kind: 'nobody' });
  });
});

/** A server on this machine: the script's answer is given, addresses of containers lead to a port here. */
function fakeHost(answer: () => Promise<Partial<ExecResult>>, port: number): Host {
  const refuse = (): never => expect.unreachable('not used by a gate');
  return {
    name: 'deploy@web1',
    kind: 'ssh',
    commandCount: 0,
    exec: refuse,
    close: () => Promise.resolve(),
    script: async () => ({ code: 0, stdout: '', stderr: '', durationMs: 1, isTruncated: false, ...(await answer()) }),
    forward: (address) =>
      Promise.resolve(connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${address.split('.')[3] ?? '1'}` })),
  };
}

const serviceCheck: Check = {
  ...urlCheck('api', 'http://unused/', { expectation: expectation({ sha: newSha }) }),
  target: { kind: 'service', service: 'api', port: 8000, path: '/healthz' },
};

async function attempt(answer: () => Promise<Partial<ExecResult>>): Promise<unknown> {
  // The container whose address ends in 3 still runs the old commit.
  const server = createServer((request, response) => {
    const isOld = request.socket.remoteAddress?.endsWith('.3') === true;
    const isAsHealthCheck = request.headers.host === 'localhost:8000' && request.url === '/healthz';
    response.end(JSON.stringify({ git_sha: isAsHealthCheck ? (isOld ? oldSha : newSha) : 'wrong request' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  try {
    const host = fakeHost(answer, (server.address() as AddressInfo).port);
    return await networkAttempt({ host, projectName: 'shop' })(serviceCheck, 2000, new AbortController().signal);
  } finally {
    server.close();
  }
}

describe('describeContainer', () => {
  const container = {
    name: 'shop-api-1',
    status: 'running',
    exitCode: 0,
    isOomKilled: false,
    restartCount: 0,
    health: { status: 'unhealthy', probes: ['exit 1: a', 'exit 1: refused'], budgetMs: 0 },
  } as unknown as Parameters<typeof describeContainer>[0];

  it('tells state, health and the last probe', () => {
    expect(describeContainer(container)).toBe(
      'shop-api-1 is running, health unhealthy; last probe exit 1: refused; its last log lines:',
    );
  });

  it('tells how a container without a health check ended', () => {
    const dead = {
      ...container,
      status: 'exited',
      exitCode: 137,
      isOomKilled: true,
      restartCount: 2,
      health: undefined,
    };
    expect(describeContainer(dead)).toBe(
      'shop-api-1 is exited, exit code 137, killed for want of memory, 2 restarts; its last log lines:',
    );
  });
});

describe('an attempt on a service', () => {
  const at = (name: string, address: string): string => line(name, { networks: { x: { IPAddress: address } } });

  it('is a success when all containers answer with the new commit', async () => {
    const stdout = `${at('api-1', '172.18.0.4')}\n${at('api-2', '172.18.0.5')}\n`;
    expect(await attempt(() => Promise.resolve({ stdout }))).toEqual({ ok: true, observedSha: newSha });
  });

  it('is a miss while one container behind the name answers with the old commit', async () => {
    const stdout = `${at('api-1', '172.18.0.4')}\n${at('api-2', '172.18.0.3')}\n`;
    expect(await attempt(() => Promise.resolve({ stdout }))).toMatchObject({
      ok: false,
      kind: 'commit',
      reason: 'container api-2: commit 111111111111 answers, expected 222222222222',
    });
  });

  it('is a miss when docker fails, and says what docker said', async () => {
    const failing = { code: 1, stderr: 'Cannot connect to the Docker daemon' };
    expect(await attempt(() => Promise.resolve(failing))).toMatchObject({
      ok: false,
      kind: 'unreachable',
      reason: 'lookup: deploy@web1: docker ps ended with exit code 1: Cannot connect to the Docker daemon',
    });
  });

  it('ends the gate when the connection to the server is lost', async () => {
    const lost = new HostError({ code: 'CONNECTION_LOST', message: 'web1: connection lost' });
    await expect(attempt(() => Promise.reject(lost))).rejects.toBe(lost);
  });
});
