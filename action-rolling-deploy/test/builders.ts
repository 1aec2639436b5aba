import type { Container } from '@deploy-actions/kit/compose/container';
import type { ComposeModel, ServiceModel } from '@deploy-actions/kit/compose/model';
import type { Release } from '@deploy-actions/kit/state/release';

export function service(name: string, overrides: Partial<ServiceModel> = {}): ServiceModel {
  return {
    name,
    image: `registry.example/${name}@sha256:new`,
    hasBuild: false,
    replicas: 1,
    containerName: undefined,
    networkMode: undefined,
    ipcMode: undefined,
    pidMode: undefined,
    networks: [{ name: 'default', hasStaticAddress: false, isExternal: false }],
    expose: [],
    ports: [],
    volumes: [],
    volumesFrom: [],
    devices: [],
    dependsOn: [],
    hasHealthcheck: true,
    isHealthcheckDisabled: false,
    updateOrder: undefined,
    labels: {},
    profiles: [],
    restart: 'unless-stopped',
    startExtra: undefined,
    ...overrides,
  };
}

/** An entry of `depends_on`. */
export function dependsOn(
  name: string,
  condition = 'service_started',
  mustFollow = false,
): ServiceModel['dependsOn'][number] {
  return { service: name, condition, mustFollow };
}

export function model(...services: readonly ServiceModel[]): ComposeModel {
  return {
    name: 'shop',
    services: Object.fromEntries(services.map((entry) => [entry.name, entry])),
    text: '{}',
    composeFiles: ['compose.yaml'],
    envFiles: [],
  };
}

export function container(id: string, serviceName: string, overrides: Partial<Container> = {}): Container {
  return {
    id,
    name: `shop-${serviceName}-${id}`,
    service: serviceName,
    isOneOff: false,
    configHash: 'old',
    image: `registry.example/${serviceName}@sha256:old`,
    imageId: 'sha256:1',
    createdAt: '2026-01-01T00:00:00Z',
    startedAt: '2026-01-01T00:00:00Z',
    status: 'running',
    exitCode: 0,
    isOomKilled: false,
    restartCount: 0,
    health: { status: 'healthy', probes: [], budgetMs: 8000 },
    stopGraceSeconds: 10,
    addresses: [],
    ...overrides,
  };
}

export function release(number: number, overrides: Partial<Release> = {}): Release {
  return {
    number,
    result: 'ok',
    pins: [],
    digests: {},
    commit: 'c'.repeat(40),
    runUrl: 'https://github.example/run',
    actor: 'octocat',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:10Z',
    ...overrides,
  };
}
