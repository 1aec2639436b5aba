import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  askAttachments,
  askContainers,
  askFirstProcesses,
  askImages,
  askNetworksAndVolumes,
  askRunningIds,
  askRunningNames,
  askService,
  askStates,
  readEngineVersion,
} from '../../src/compose/engine-api.ts';
import { locateEngineScript } from '../../src/compose/engine-location.ts';
import { parseContainers } from '../../src/compose/container.ts';
import { parseStoredImages } from '../../src/compose/local-images.ts';
import type { EngineDoor } from '../../src/host/engine-door.ts';

const forever = new AbortController().signal;

/** An engine that knows these paths; filters are told apart by the test, and left out here. */
function engineWith(answers: Readonly<Record<string, unknown>>): EngineDoor & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    get: (path) => {
      asked.push(decodeURIComponent(path));
      const body = answers[path.replace(/[?&]filters=.*/, '')];
      return Promise.resolve(body === undefined ? { status: 404, body: {} } : { status: 200, body });
    },
  };
}

const web = {
  Id: 'a1',
  Name: '/app-web-1',
  RestartCount: 2,
  State: { Status: 'running', Pid: 42, Health: { Status: 'starting' } },
  Config: { Labels: { 'com.docker.compose.service': 'web' }, StopSignal: 'SIGQUIT' },
  HostConfig: { PidMode: '' },
  NetworkSettings: { Networks: { app_edge: { NetworkID: 'n1', IPAddress: '10.0.0.2', GlobalIPv6Address: '' } } },
};
const db = { Id: 'b2', Name: '/app-db-1', State: { Status: 'exited', Pid: 0 }, Config: {} };
const list = [
  { Id: 'a1', Names: ['/app-web-1'], State: 'running' },
  { Id: 'b2', Names: ['/app-db-1'], State: 'exited' },
];
const answers = { '/containers/json?all=1': list, '/containers/a1/json': web, '/containers/b2/json': db };

describe('the containers of a project', () => {
  it('are those that docker inspect lists, in the order of docker ps', async () => {
    const engine = engineWith(answers);
    const { stdout } = await askContainers(engine, 'app', forever);
    expect(parseContainers(stdout).map(({ name, status }) => `${name} ${status}`)).toEqual([
      'app-web-1 running',
      'app-db-1 exited',
    ]);
    expect(engine.asked[0]).toContain('{"label":["com.docker.compose.project=app"]}');
  });

  it('leave out what goes while they are looked at, and what went since the last look', async () => {
    const known: Record<string, unknown> = { ...answers };
    const engine = engineWith(known);
    await askContainers(engine, 'app', forever);
    known['/containers/json?all=1'] = [...list.slice(1), { Id: 'c3', Names: ['/app-web-2'], State: 'created' }];
    const { stdout } = await askContainers(engine, 'app', forever);
    expect(parseContainers(stdout).map(({ id }) => id)).toEqual(['b2']);
  });

  it('are for the CLI to tell where the engine refuses', async () => {
    await expect(askContainers(engineWith({}), 'app', forever)).rejects.toThrow('404');
  });
});

describe('looks at single containers', () => {
  const engine = engineWith(answers);

  it('tell states as the command that waits for a change prints them', async () => {
    expect(await askStates(engine, ['a1', 'gone', 'b2'], forever)).toBe('a1 running 2 starting\nb2 exited 0 ');
  });

  it('tell first processes as the template of the room check prints them', async () => {
    expect(await askFirstProcesses(engine, ['a1', 'b2'], forever)).toBe('a1 42 /"SIGQUIT"\nb2 0 /null');
  });

  it('tell networks with their addresses', async () => {
    const edge = { name: 'app_edge', networkId: 'n1', address: '10.0.0.2', addresses: ['10.0.0.2'] };
    expect(await askAttachments(engine, 'a1', forever)).toEqual([edge]);
    expect(await askAttachments(engine, 'gone', forever)).toEqual([]);
  });
});

describe('looks at labels', () => {
  const engine = engineWith(answers);

  it('tell the members of a service, whatever their state', async () => {
    expect(await askService(engine, 'app', 'web', forever)).toEqual([
      { id: 'a1', name: 'app-web-1', state: 'running' },
      { id: 'b2', name: 'app-db-1', state: 'exited' },
    ]);
    expect(engine.asked.at(-1)).toContain('com.docker.compose.oneoff=False');
  });

  it('tell who runs', async () => {
    expect(await askRunningIds(engine, 'app', 'web', forever)).toEqual(['a1']);
    expect(await askRunningNames(engine, ['kind'], forever)).toEqual(['app-web-1']);
  });
});

describe('images', () => {
  it('are those that docker image inspect prints, with a gap for one that is not there', async () => {
    const image = {
      Id: 'sha256:1',
      RepoDigests: ['r/app@sha256:2'],
      Os: 'linux',
      Architecture: 'arm64',
      Config: { Healthcheck: { Test: ['CMD', 'true'] } },
    };
    const bare = { Id: 'sha256:3', RepoDigests: null, Os: 'linux', Architecture: 'amd64', Config: null };
    const refs = ['r/app@sha256:2', 'r/none:1', 'sha256:3'];
    const engine = engineWith({ '/images/r/app@sha256:2/json': image, '/images/sha256:3/json': bare });
    const { stdout } = await askImages(engine, refs, forever);
    expect([...parseStoredImages(refs, stdout)]).toEqual([
      [
        'r/app@sha256:2',
        { id: 'sha256:1', repoDigests: ['r/app@sha256:2'], platform: 'linux/arm64', hasHealthcheck: true },
      ],
      ['sha256:3', { id: 'sha256:3', repoDigests: [], platform: 'linux/amd64', hasHealthcheck: false }],
    ]);
  });

  it('with a name that would be another path are for the CLI to judge', async () => {
    await expect(askImages(engineWith({}), ['a?b=c'], forever)).rejects.toThrow('no plain reference');
  });
});

describe('networks and volumes', () => {
  it('are the named ones and all networks of the project, each once, without those that are not there', async () => {
    const engine = engineWith({
      '/networks': [{ Name: 'app_default' }, { Name: 'app_old' }],
      '/networks/app_default': { Name: 'app_default', Containers: {} },
      '/networks/app_old': { Name: 'app_old' },
      '/volumes/app_data': { Name: 'app_data' },
    });
    const found = await askNetworksAndVolumes(engine, 'app', ['app_default', 'gone'], ['app_data', 'gone'], forever);
    expect(found).toEqual({
      networks: ['{"Name":"app_default","Containers":{}}', '{"Name":"app_old"}'],
      volumes: ['{"Name":"app_data"}'],
    });
  });
});

describe('readEngineVersion', () => {
  it('takes an engine’s answer and no other', () => {
    expect(readEngineVersion({ Version: '28.5.1', Os: 'linux', Arch: 'amd64' })).toEqual({
      engine: '28.5.1',
      platform: 'linux/amd64',
    });
    expect(readEngineVersion({ path: '/version' })).toBeUndefined();
    expect(readEngineVersion(undefined)).toBeUndefined();
  });
});

describe('the script that finds the engine’s socket', () => {
  const find = (env: Readonly<Record<string, string>>, config?: string): string => {
    const home = mkdtempSync(join(tmpdir(), 'docker-config-'));
    try {
      if (config !== undefined) writeFileSync(join(home, 'config.json'), config);
      const all = { PATH: process.env['PATH'] ?? '', DOCKER_CONFIG: home, ...env };
      return execFileSync('sh', ['-c', locateEngineScript], { env: all, encoding: 'utf8' });
    } finally {
      rmSync(home, { recursive: true });
    }
  };

  it('says the default socket where nothing points elsewhere', () => {
    expect(find({})).toBe('/var/run/docker.sock');
    expect(find({}, '{"auths":{}}')).toBe('/var/run/docker.sock');
    expect(find({}, '{\n\t"currentContext": "default"\n}')).toBe('/var/run/docker.sock');
    expect(find({ DOCKER_CONTEXT: 'default' }, '{"currentContext":"rootless"}')).toBe('/var/run/docker.sock');
  });

  it('says the socket that DOCKER_HOST names, which wins over a context', () => {
    expect(find({ DOCKER_HOST: 'unix:///run/user/1000/docker.sock' }, '{"currentContext":"far"}')).toBe(
      '/run/user/1000/docker.sock',
    );
  });

  it('says nothing where the engine is somewhere else', () => {
    expect(find({ DOCKER_HOST: 'tcp://10.0.0.1:2376' })).toBe('');
    expect(find({ DOCKER_HOST: 'ssh://far' })).toBe('');
    expect(find({ DOCKER_CONTEXT: 'rootless' })).toBe('');
    expect(find({}, '{"auths": {}, "currentContext" : "rootless"}')).toBe('');
    expect(find({ DOCKER_TLS_VERIFY: '1' })).toBe('');
  });
});
