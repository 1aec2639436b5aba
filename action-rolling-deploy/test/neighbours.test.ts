import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngineDoor } from '@deploy-actions/kit/host/engine-door';
import { localHost } from '@deploy-actions/kit/host/local-host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askNeighbours, reachable } from '../src/route/neighbours.ts';

/** Service and networks of each container, as the engine of this test tells them. */
const containers: Readonly<Record<string, { service: string; state: string; networks: Record<string, string> }>> = {
  edge1: { service: 'edge', state: 'running', networks: { n1: '10.0.1.9' } },
  inner1: { service: 'inner', state: 'running', networks: { n2: '10.0.2.9' } },
  inner2: { service: 'inner', state: 'exited', networks: { n2: '' } },
  app1: { service: 'app', state: 'running', networks: { n1: '10.0.1.2', n2: '10.0.2.2' } },
};

const asked: string[] = [];
let folder: string;
let socket: string;
let server: Server;

function answer(url: string): unknown {
  const id = /^\/containers\/([^/?]+)\/json$/.exec(url)?.[1];
  if (id !== undefined) {
    const networks = Object.entries(containers[id]?.networks ?? {});
    const entries = networks.map(([net, ip]) => [net, { NetworkID: net, IPAddress: ip, GlobalIPv6Address: '' }]);
    const byName: unknown = Object.fromEntries(entries);
    return { Id: id, NetworkSettings: { Networks: byName } };
  }
  const service = /compose\.service=(\w+)/.exec(url)?.[1];
  if (service === undefined) return {};
  asked.push(service);
  const found = Object.entries(containers).filter(([, container]) => container.service === service);
  return found.map(([Id, { state }]) => ({ Id, State: state, Names: [`/${Id}`] }));
}

beforeEach(async () => {
  asked.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'neighbours-'));
  socket = join(folder, 'docker.sock');
  server = createServer((request, response) => {
    response.end(JSON.stringify(answer(decodeURIComponent(request.url ?? ''))));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const route = {
  service: 'app',
  proxies: [
    { service: 'edge', kind: 'haproxy' },
    { service: 'inner', kind: 'haproxy' },
  ],
} as const;

describe('what is near the proxies of a service', () => {
  it('is asked once for all of them, those that run', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, new AbortController().signal);
    const near = await askNeighbours({ host, project: 'shop' }, route);
    expect([near.idsOf('edge'), near.idsOf('inner'), near.alive]).toEqual(['edge1', 'inner1', 'app1']);
    expect(near.pairs.split('\n').sort()).toEqual([
      'app1 n1=10.0.1.2 n2=10.0.2.2',
      'edge1 n1=10.0.1.9',
      'inner1 n2=10.0.2.9',
    ]);
    expect(near.reached?.('edge1', ['app1', 'inner1'])).toBe(' 10.0.1.2');
    expect(near.reached?.('inner1', ['app1'])).toBe(' 10.0.2.2');
    expect(near.reached?.('gone', ['app1'])).toBe('');
    expect(asked.sort()).toEqual(['app', 'edge', 'inner']);
  });

  it('is left to the scripts where no engine can be asked', async () => {
    const near = await askNeighbours({ host: localHost(), project: 'shop' }, route);
    expect([near.idsOf('edge'), near.alive, near.pairs]).toEqual(['', '', '']);
    expect(near.reached).toBeUndefined();
  });

  it('is reached at the addresses on networks that both are on', () => {
    const pairs = 'app1 n1=10.0.1.2 n2=10.0.2.2\napp2 n1=10.0.1.3 n2=\nedge1 n1=10.0.1.9\ninner1 n2=10.0.2.9\nalone';
    const reached = (...ids: readonly string[]): string =>
      execFileSync('sh', ['-euc', `${reachable}\npairs=$1; shift; reached "$@"`, 'sh', pairs, ...ids], {
        encoding: 'utf8',
      });
    expect(reached('edge1', 'app1', 'app2')).toBe(' 10.0.1.2 10.0.1.3');
    expect(reached('inner1', 'app1', 'app2')).toBe(' 10.0.2.2');
    expect(reached('alone', 'app1')).toBe('');
    expect(reached('gone', 'app1')).toBe('');
  });
});
