import type { ServiceModel } from '@deploy-actions/kit/compose/model';
import { describe, expect, it } from 'vitest';
import { findWorkerReason, readWorkerPolicy } from '@deploy-actions/kit/plan/worker';
import { dependsOn, model, service } from './builders.ts';

const queue = (overrides: Partial<ServiceModel> = {}): ServiceModel =>
  service('queue', { hasHealthcheck: false, ...overrides });
const on = (...names: readonly string[]): ServiceModel['networks'] =>
  names.map((name) => ({ name, hasStaticAddress: false, isExternal: name === 'shared' }));
const ports = [{ published: '80', target: 80, protocol: 'tcp' }];

describe('a worker', () => {
  it('is what its label calls one', () => {
    const web = service('web', { ports, labels: { 'deploy-actions.role': 'worker' } });
    expect(findWorkerReason(web, model(web), false)).toBe('worker (label deploy-actions.role)');
  });

  it('is a service that nothing can send a request to', () => {
    const proxy = service('proxy', { ports, networks: on('edge') });
    const lone = queue({ networks: on('default') });
    expect(findWorkerReason(lone, model(lone, proxy, service('db')), true)).toContain('no ports');
    expect(findWorkerReason(queue({ networks: [], networkMode: 'none' }), model(queue()), true)).toContain('no ports');
  });

  it.each([
    ['another role by label', { labels: { 'deploy-actions.role': 'web' } }],
    ['a port', { ports }],
    ['an exposed port', { expose: ['8000'] }],
    ['a health check', { hasHealthcheck: true }],
    ['a network of the server', { networkMode: 'host' }],
    ['a network of another service', { networkMode: 'service:proxy' }],
    ['a network of another project', { networks: on('shared') }],
    ['a network with a proxy in it', { networks: on('edge') }],
  ])('is not a service with %s', (_what, overrides) => {
    const lone = queue({ networks: on('default'), ...overrides });
    const stack = model(lone, service('proxy', { ports, networks: on('edge') }));
    expect(findWorkerReason(lone, stack, true)).toBeUndefined();
  });

  it('is not a service whose image names a port or brings a health check', () => {
    const lone = queue({ networks: on('default') });
    expect(findWorkerReason(lone, model(lone), false)).toBeUndefined();
  });

  it('is not a service that another one depends on', () => {
    const lone = queue({ networks: on('default') });
    const user = service('user', { dependsOn: [dependsOn('queue')] });
    expect(findWorkerReason(lone, model(lone, user), true)).toBeUndefined();
  });
});

describe('the policy of a worker', () => {
  const policyOf = (labels: Readonly<Record<string, string>>) => readWorkerPolicy(queue({ labels }));

  it('is stop-first unless its label says otherwise; one that is only taken for a worker overlaps', () => {
    expect(policyOf({ 'deploy-actions.role': 'worker' })).toEqual({ kind: 'stop-first' });
    expect(policyOf({ 'deploy-actions.role': 'worker', 'deploy-actions.worker': 'overlap' })).toEqual({
      kind: 'overlap',
    });
    expect(policyOf({})).toEqual({ kind: 'overlap' });
  });

  const quiesce = { 'deploy-actions.worker': 'quiesce', 'deploy-actions.idle-command': 'test ! -e /tmp/job' };

  it('quiesces by signal or command, idle command and a time limit', () => {
    expect(policyOf({ ...quiesce, 'deploy-actions.quiesce-command': 'touch /tmp/stop' })).toEqual({
      kind: 'quiesce',
      signal: undefined,
      command: 'touch /tmp/stop',
      idleCommand: 'test ! -e /tmp/job',
      timeoutMs: 300_000,
    });
    const more = { 'deploy-actions.quiesce-signal': 'TSTP', 'deploy-actions.quiesce-timeout': '90s' };
    expect(policyOf({ ...quiesce, ...more })).toMatchObject({ signal: 'TSTP', timeoutMs: 90_000 });
  });

  it.each([
    ['an unknown policy', { 'deploy-actions.worker': 'later' }, '"later" is not stop-first, overlap or quiesce'],
    ['quiesce without a way to see the end', { 'deploy-actions.worker': 'quiesce' }, 'deploy-actions.idle-command'],
    ['quiesce without a way to say it', quiesce, 'deploy-actions.quiesce-signal or deploy-actions.quiesce-command'],
    ['what is no signal', { ...quiesce, 'deploy-actions.quiesce-signal': '-9; reboot' }, 'is not a signal'],
    [
      'what is no duration',
      { ...quiesce, 'deploy-actions.quiesce-signal': 'TSTP', 'deploy-actions.quiesce-timeout': '90' },
      'deploy-actions.quiesce-timeout: "90" is not a duration',
    ],
  ])('refuses %s, naming service and label', (_what, labels, message) => {
    expect(() => policyOf(labels)).toThrow(message);
    expect(() => policyOf(labels)).toThrow('service queue');
  });
});
