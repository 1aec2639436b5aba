import { describe, expect, it } from 'vitest';
import {
  askExitCode,
  joinNetwork,
  keepDown,
  leaveNetwork,
  outlivesItsClient,
  removeContainers,
  startContainers,
  stopContainer,
} from '../../src/compose/engine-changes.ts';
import type { EngineGate } from '../../src/host/engine-door.ts';

const forever = new AbortController().signal;
const versionOf = (Version: string): unknown => ({ Version, Os: 'linux', Arch: 'amd64' });

/** An engine that answers each change with this status. */
function engineWith(status: number, version = '20.10.24'): EngineGate & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    version: versionOf(version),
    get: () => Promise.resolve({ status: 200, body: { State: { ExitCode: 137 } } }),
    send: ({ method, path, body }) => {
      asked.push(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
      return Promise.resolve({ status, body: undefined });
    },
    attach: () => Promise.reject(new Error('no stream')),
  };
}

describe('a change asked of the engine', () => {
  it('is what the CLI would ask for', async () => {
    const engine = engineWith(204);
    await startContainers(engine, ['a', 'b'], forever);
    await stopContainer(engine, 'a', forever);
    await removeContainers(engine, ['a'], forever);
    const other = engineWith(200);
    await keepDown(other, 'a', forever);
    await leaveNetwork(other, 'shop edge', 'a', forever);
    await joinNetwork(other, 'shop_edge', 'a', ['app', 'shop-app-1'], forever);
    expect([...engine.asked, ...other.asked]).toEqual([
      'POST /containers/a/start',
      'POST /containers/b/start',
      'POST /containers/a/stop',
      'DELETE /containers/a?force=1',
      'POST /containers/a/update {"RestartPolicy":{"Name":"no","MaximumRetryCount":0}}',
      'POST /networks/shop%20edge/disconnect {"Container":"a"}',
      'POST /networks/shop_edge/connect {"Container":"a","EndpointConfig":{"IPAMConfig":{},"Aliases":["app","shop-app-1"]}}',
    ]);
  });

  it('is done where it was done before', async () => {
    await startContainers(engineWith(304), ['a'], forever);
    await stopContainer(engineWith(304), 'a', forever);
    await removeContainers(engineWith(404), ['a'], forever);
  });

  it('is left to the command where the engine says no', async () => {
    await expect(startContainers(engineWith(404), ['a'], forever)).rejects.toThrow('/containers/a/start with 404');
    await expect(stopContainer(engineWith(500), 'a', forever)).rejects.toThrow('with 500');
    await expect(removeContainers(engineWith(409), ['a'], forever)).rejects.toThrow('with 409');
    await expect(joinNetwork(engineWith(403), 'edge', 'a', [], forever)).rejects.toThrow('with 403');
  });

  it('tells what a container ended with', async () => {
    expect(await askExitCode(engineWith(204), 'a', forever)).toBe('137');
  });

  it('is no stop where the engine might cut its grace short when the connection breaks', async () => {
    const engine = engineWith(204, '24.0.5');
    await expect(stopContainer(engine, 'a', forever)).rejects.toThrow('may kill what it stops');
    expect(engine.asked).toEqual([]);
    const versions = ['19.03.15', '20.10.24+dfsg1', '22.06.0', '23.0.0', '24.0.9', '25.0.0', '28.5.2', 'master'];
    expect(versions.filter((version) => outlivesItsClient(versionOf(version)))).toEqual([
      '19.03.15',
      '20.10.24+dfsg1',
      '22.06.0',
      '25.0.0',
      '28.5.2',
    ]);
    expect(outlivesItsClient(undefined)).toBe(false);
  });
});
