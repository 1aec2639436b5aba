import { describe, expect, it } from 'vitest';
import { judgeDependency } from '../src/dependency.ts';
import { container } from './builder.ts';

const db = { service: 'db', condition: 'service_started', mustFollow: false };
const job = { service: 'db', condition: 'service_completed_successfully', mustFollow: false };
const health = (status: string) => ({ status, probes: ['exit 1: no'], budgetMs: 1 });

describe('judgeDependency', () => {
  it.each([
    ['no container', [], 'missing'],
    ['a running one without health check', [container({})], 'ready'],
    ['a healthy one', [container({ health: health('healthy') })], 'ready'],
    ['one that starts, even for service_started', [container({ health: health('starting') })], 'starting'],
    ['an unhealthy one', [container({ health: health('unhealthy') })], 'broken'],
    [
      'an unhealthy one beside a healthy one',
      [container({ health: health('unhealthy') }), container({ health: health('healthy') })],
      'ready',
    ],
    ['a stopped one', [container({ status: 'exited' })], 'missing'],
    ['one that restarts', [container({ status: 'restarting', exitCode: 1 })], 'starting'],
    ['only a one-off of it', [container({ isOneOff: true })], 'missing'],
    ['only another service', [container({ service: 'cache' })], 'missing'],
  ])('finds %s', (_name, containers, kind) => {
    expect(judgeDependency(db, containers).kind).toBe(kind);
  });

  it.each([
    ['a job that never ran', [], 'missing'],
    ['a job that runs', [container({})], 'starting'],
    ['a job that ended well', [container({ status: 'exited' })], 'ready'],
    ['a job that failed', [container({ status: 'exited', exitCode: 2 })], 'broken'],
    [
      'the newest run of a job',
      [
        container({ status: 'exited', createdAt: '2026-01-02T00:00:00Z' }),
        container({ status: 'exited', exitCode: 2, createdAt: '2026-01-01T00:00:00Z' }),
      ],
      'ready',
    ],
  ])('judges by %s', (_name, containers, kind) => {
    expect(judgeDependency(job, containers).kind).toBe(kind);
  });
});
