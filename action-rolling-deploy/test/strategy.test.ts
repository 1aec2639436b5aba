import { describe, expect, it } from 'vitest';
import { chooseStrategy, dependencyClosure, orderServices } from '@deploy-actions/kit/plan/strategy';
import { dependsOn, model, service } from './builders.ts';

const port = (published: string): { published: string; target: number; protocol: string } => ({
  published,
  target: 80,
  protocol: 'tcp',
});

describe('the strategy of a service', () => {
  it('is start-first where nothing forbids two copies', () => {
    expect(chooseStrategy(service('web'), model(service('web'))).kind).toBe('start-first');
  });

  it.each([
    ['container_name', { containerName: 'web' }, 'container_name web can exist once'],
    ['a fixed host port', { ports: [port('8080')] }, 'publishes the fixed port 8080'],
    ['the host network', { networkMode: 'host' }, 'network_mode host'],
    [
      'a static address',
      { networks: [{ name: 'lan', hasStaticAddress: true, isExternal: false }] },
      'static address in network lan',
    ],
    [
      'a port range without room for the surge',
      { replicas: 2, ports: [port('8080-8081')] },
      '2 ports, and 3 are needed',
    ],
    ['a device', { devices: ['/dev/ttyS0'] }, 'uses the device /dev/ttyS0'],
    [
      'an anonymous volume',
      { replicas: 2, volumes: [{ type: 'volume', source: undefined, target: '/data', isReadOnly: false }] },
      'anonymous volume /data',
    ],
    ['an order of its own', { updateOrder: 'stop-first' as const }, 'update_config.order: stop-first'],
    [
      'one replica that owns a volume',
      { volumes: [{ type: 'volume', source: 'data', target: '/var/lib', isReadOnly: false }] },
      'one replica writes to the volume data',
    ],
  ])('is stop-first with %s, and says so', (_what, overrides, reason) => {
    const web = service('web', overrides);
    expect(chooseStrategy(web, model(web))).toEqual({
      kind: 'stop-first',
      reason: expect.stringContaining(reason) as string,
    });
  });

  it.each([
    ['a port range', { ports: [port('8080-8090')] }],
    ['a read-only volume', { volumes: [{ type: 'volume', source: 'data', target: '/d', isReadOnly: true }] }],
    ['a bind mount', { volumes: [{ type: 'bind', source: '/etc/x', target: '/x', isReadOnly: false }] }],
  ])('stays start-first with %s', (_what, overrides) => {
    const web = service('web', overrides);
    expect(chooseStrategy(web, model(web)).kind).toBe('start-first');
  });

  it.each([
    [{ networkMode: 'service:web' }, 'shares its network'],
    [{ ipcMode: 'service:web' }, 'shares its ipc namespace'],
    [{ pidMode: 'service:web' }, 'shares its process namespace'],
    [{ volumesFrom: ['web'] }, 'mounts its volumes (volumes_from)'],
  ])('is stop-first when another service lives in its containers: %j', (overrides, reason) => {
    const strategy = chooseStrategy(service('web'), model(service('web'), service('sidecar', overrides)));
    expect(strategy).toEqual({ kind: 'stop-first', reason: `sidecar ${reason}` });
  });

  it('is stop-first with an anonymous volume that only the image declares', () => {
    const facts = { maxSurge: 1, anonymousVolumes: ['/var/lib/data'], isSilent: false };
    expect(chooseStrategy(service('db'), model(service('db')), facts).reason).toContain('/var/lib/data');
  });

  it.each([
    ['a volume', { volumes: [{ type: 'volume', source: 'media', target: '/media', isReadOnly: false }] }],
    ['the host network', { networkMode: 'host' }],
    ['a device', { devices: ['/dev/fuse'] }],
  ])('is start-first with %s where update_config.order says that two may be', (_what, overrides) => {
    const web = service('web', { ...overrides, updateOrder: 'start-first' });
    const strategy = chooseStrategy(web, model(web));
    expect(strategy.kind).toBe('start-first');
    expect(strategy.reason).toContain('although');
  });

  it('stays stop-first where two cannot be, whatever the order says', () => {
    const web = service('web', { containerName: 'web', updateOrder: 'start-first' });
    expect(chooseStrategy(web, model(web)).kind).toBe('stop-first');
  });

  it('restarts a worker by its policy', () => {
    const worker = (labels: Readonly<Record<string, string>>, overrides = {}) => {
      const queue = service('queue', { ...overrides, labels: { 'deploy-actions.role': 'worker', ...labels } });
      return chooseStrategy(queue, model(queue));
    };
    const overlap = { 'deploy-actions.worker': 'overlap' };
    expect(worker({})).toMatchObject({ kind: 'restart', worker: { kind: 'stop-first' } });
    expect(worker(overlap)).toMatchObject({ kind: 'restart', worker: { kind: 'overlap' } });
    const data = { volumes: [{ type: 'volume', source: 'data', target: '/d', isReadOnly: false }] };
    expect(worker(overlap, data)).toMatchObject({ worker: { kind: 'overlap' } });
    expect(worker(overlap, { containerName: 'queue' })).toMatchObject({
      worker: { kind: 'stop-first' },
      reason: expect.stringContaining('two cannot overlap (container_name queue') as string,
    });
  });
});

describe('dependencies', () => {
  const stack = model(
    service('proxy', { dependsOn: [dependsOn('web')] }),
    service('web', { dependsOn: [dependsOn('db'), dependsOn('cache')] }),
    service('db'),
    service('cache'),
  );

  it('come before what needs them', () => {
    expect(orderServices(stack).map(({ name }) => name)).toEqual(['db', 'cache', 'web', 'proxy']);
  });

  it('are found through other services', () => {
    expect(dependencyClosure(stack, 'proxy')).toEqual(['web', 'db', 'cache']);
    expect(dependencyClosure(stack, 'db')).toEqual([]);
  });
});
