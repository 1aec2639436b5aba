import { describe, expect, it } from 'vitest';
import { parseContainers } from '../../src/compose/container.ts';
import { parseComposeModel } from '../../src/compose/model.ts';
import { credentialsFor, renderDockerConfig } from '../../src/compose/registry-login.ts';

const config = {
  name: 'shop',
  services: {
    web: {
      image: 'r.example/web@sha256:1',
      deploy: { replicas: 2 },
      depends_on: { db: { condition: 'service_healthy', required: true } },
      healthcheck: { test: ['CMD', 'true'] },
      labels: { 'deploy-actions.role': 'worker' },
      networks: { default: null, lan: { ipv4_address: '10.0.0.2' } },
      ports: [{ mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' }],
      volumes: [{ type: 'volume', source: 'data', target: '/data', volume: {} }],
    },
    db: { image: 'postgres:16.1', healthcheck: { disable: true } },
  },
};

describe('the resolved model', () => {
  it('is read from what docker compose config prints', () => {
    const model = parseComposeModel(JSON.stringify(config));
    expect(model.name).toBe('shop');
    expect(model.services['web']).toMatchObject({
      replicas: 2,
      hasHealthcheck: true,
      dependsOn: [{ service: 'db', condition: 'service_healthy' }],
      labels: { 'deploy-actions.role': 'worker' },
      networks: [
        { name: 'default', hasStaticAddress: false },
        { name: 'lan', hasStaticAddress: true },
      ],
      ports: [{ published: '8080', target: 80, protocol: 'tcp' }],
      volumes: [{ type: 'volume', source: 'data', target: '/data', isReadOnly: false }],
    });
    expect(model.services['db']).toMatchObject({ replicas: 1, hasHealthcheck: false, image: 'postgres:16.1' });
  });

  it('says what forbids a second container, and who shares what', () => {
    const { services } = parseComposeModel(
      JSON.stringify({
        networks: { default: { name: 'shop_default' }, edge: { name: 'edge', external: true } },
        services: {
          web: {
            networks: { default: null, edge: null },
            expose: ['8000'],
            deploy: { update_config: { order: 'start-first' } },
            devices: [{ source: '/dev/snd', target: '/dev/snd', permissions: 'rwm' }],
            volumes: [{ type: 'volume', target: '/anonymous', volume: {} }],
            healthcheck: { test: ['NONE'] },
          },
          side: {
            ipc: 'service:web',
            pid: 'service:web',
            volumes_from: ['web:ro', 'container:other'],
            devices: ['/dev/ttyS0:/dev/ttyS0:rwm'],
            depends_on: { web: { condition: 'service_started', restart: true, required: true } },
          },
        },
      }),
    );
    expect(services['web']).toMatchObject({
      networks: [{ isExternal: false }, { isExternal: true }],
      expose: ['8000'],
      updateOrder: 'start-first',
      devices: ['/dev/snd'],
      volumes: [{ source: undefined, target: '/anonymous' }],
      hasHealthcheck: false,
      isHealthcheckDisabled: true,
    });
    expect(services['side']).toMatchObject({
      ipcMode: 'service:web',
      pidMode: 'service:web',
      volumesFrom: ['web'],
      devices: ['/dev/ttyS0'],
      dependsOn: [{ service: 'web', mustFollow: true }],
      hasHealthcheck: false,
      isHealthcheckDisabled: false,
    });
  });

  it('tells what only Compose’s own start would do', () => {
    const { services } = parseComposeModel(
      JSON.stringify({
        configs: { inline: { content: 'x' }, file: { file: '/x' } },
        secrets: { token: { environment: 'TOKEN' } },
        services: {
          a: { configs: [{ source: 'inline' }] },
          b: { configs: [{ source: 'file' }] },
          c: { secrets: [{ source: 'token' }] },
          d: { post_start: [{ command: ['x'] }] },
        },
      }),
    );
    const extras = Object.values(services).map(({ startExtra }) => startExtra?.split(' ')[0]);
    expect(extras).toEqual(['configs', undefined, 'secrets', 'a']);
  });

  it('that is not JSON is an error of its own', () => {
    expect(() => parseComposeModel('oops')).toThrow('did not print a model');
  });
});

describe('docker inspect', () => {
  const inspected = {
    Id: 'abc',
    Name: '/shop-web-1',
    Created: '2026-01-01T00:00:00Z',
    Image: 'sha256:9',
    RestartCount: 1,
    HostConfig: { RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 } },
    State: {
      Status: 'running',
      ExitCode: 0,
      OOMKilled: false,
      StartedAt: '2026-01-01T00:00:01Z',
      Health: { Status: 'starting', Log: [{ ExitCode: 1, Output: 'connection\n refused' }] },
    },
    Config: {
      Image: 'r.example/web@sha256:1',
      StopTimeout: 30,
      ExposedPorts: { '8000/tcp': {} },
      Healthcheck: { Test: ['CMD', 'x'], Interval: 1e9, Timeout: 2e9, Retries: 3, StartPeriod: 5e9 },
      Labels: {
        'com.docker.compose.service': 'web',
        'com.docker.compose.oneoff': 'False',
        'com.docker.compose.config-hash': 'h1',
      },
    },
    NetworkSettings: { Networks: { shop_default: { IPAddress: '172.18.0.2' } } },
    Mounts: [
      { Type: 'volume', Name: 'f'.repeat(64), Destination: '/data', RW: true },
      { Type: 'volume', Name: 'shop_media', Destination: '/media', RW: true },
      { Type: 'bind', Source: '/etc/x', Destination: '/x', RW: true },
    ],
  };

  it('is read with health, grace period and addresses', () => {
    expect(parseContainers(JSON.stringify([inspected]))).toEqual([
      {
        id: 'abc',
        name: 'shop-web-1',
        service: 'web',
        isOneOff: false,
        configHash: 'h1',
        image: 'r.example/web@sha256:1',
        imageId: 'sha256:9',
        createdAt: '2026-01-01T00:00:00Z',
        startedAt: '2026-01-01T00:00:01Z',
        status: 'running',
        exitCode: 0,
        isOomKilled: false,
        restartCount: 1,
        restartPolicy: 'unless-stopped',
        health: { status: 'starting', probes: ['exit 1: connection refused'], budgetMs: 21_000 },
        stopGraceSeconds: 30,
        addresses: ['172.18.0.2'],
        exposedPorts: ['8000/tcp'],
        anonymousVolumes: ['/data'],
      },
    ]);
  });

  it('of a container without a health check says so, and ten seconds of grace are the default', () => {
    const plain = { ...inspected, Config: { ...inspected.Config, Healthcheck: undefined, StopTimeout: undefined } };
    const state = { ...inspected.State, Health: undefined };
    expect(parseContainers(JSON.stringify([{ ...plain, State: state }]))[0]).toMatchObject({
      health: undefined,
      stopGraceSeconds: 10,
    });
    const atOnce = { ...plain, Config: { ...plain.Config, StopTimeout: 0 } };
    expect(parseContainers(JSON.stringify([atOnce]))[0]?.stopGraceSeconds).toBe(0);
  });

  it.each([
    // Engine 25 and newer: within the start period `start_interval` counts, longer or shorter than `interval`.
    [{ StartPeriod: 10e9, Interval: 30e9, Timeout: 1e9, StartInterval: 1e9, Retries: 1 }, 10 + 30 + 1 + 31],
    [{ StartPeriod: 10e9, Interval: 1e9, Timeout: 1e9, StartInterval: 60e9, Retries: 2 }, 10 + 60 + 1 + 4],
    // Without `start_interval` it is 5 s there, whatever `interval` says.
    [{ StartPeriod: 3e9, Interval: 1e9, Timeout: 1e9, Retries: 1 }, 3 + 5 + 1 + 2],
    [{ Interval: 1e9, Timeout: 1e9, StartInterval: 60e9, Retries: 1 }, 1 + 1 + 2],
    [{}, 30 + 30 + 3 * 60],
  ])('gives its health check %j as long as Docker may take: %i s', (check, seconds) => {
    const config = { ...inspected.Config, Healthcheck: { Test: ['CMD', 'x'], ...check } };
    const [container] = parseContainers(JSON.stringify([{ ...inspected, Config: config }]));
    expect(container?.health?.budgetMs).toBe(seconds * 1000);
  });

  it('of nothing is no container', () => {
    expect(parseContainers('\n')).toEqual([]);
  });
});

describe('registry credentials', () => {
  it('go to exactly the registries named, with the key Docker uses for its Hub', () => {
    const rendered = renderDockerConfig(['ghcr.io', 'docker.io'], {
      username: 'u',
      password: 'p',
      registry: undefined,
    });
    expect(JSON.parse(rendered)).toEqual({
      auths: { 'ghcr.io': { auth: 'dTpw' }, 'https://index.docker.io/v1/': { auth: 'dTpw' } },
    });
  });

  it('go only to the registry they belong to', () => {
    const ghcr = { username: 'u', password: 'p', registry: 'ghcr.io' };
    expect(credentialsFor('ghcr.io', ghcr, new Set(['ghcr.io', 'docker.io']))).toBe(ghcr);
    expect(credentialsFor('docker.io', ghcr, new Set(['ghcr.io', 'docker.io']))).toBeUndefined();
    const unnamed = { ...ghcr, registry: undefined };
    expect(credentialsFor('ghcr.io', unnamed, new Set(['ghcr.io']))).toBe(unnamed);
    expect(credentialsFor('docker.io', unnamed, new Set(['ghcr.io']))).toBeUndefined();
    expect(() => credentialsFor('ghcr.io', unnamed, new Set(['ghcr.io', 'docker.io']))).toThrow('input `registry`');
  });
});
