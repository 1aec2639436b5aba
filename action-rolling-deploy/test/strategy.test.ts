import { describe, expect, it } from 'vitest';
import { chooseStrategy, dependencyClosure, orderServices } from '../src/strategy.ts';
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
    ['the worker label', { labels: { 'deploy-actions.role': 'worker' } }, 'worker (label deploy-actions.role)'],
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

  it('is stop-first when another service lives in its network', () => {
    const sidecar = service('sidecar', { networkMode: 'service:web' });
    expect(chooseStrategy(service('web'), model(service('web'), sidecar)).kind).toBe('stop-first');
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
