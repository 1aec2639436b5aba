import { describe, expect, it } from 'vitest';
import { describeWait, healthDeadlineMs, judgeContainer } from '../src/container-health.ts';
import { container } from './builders.ts';

const health = (
  status: string,
  ...probes: readonly string[]
): { health: { status: string; probes: readonly string[]; budgetMs: number } } => ({
  health: { status, probes, budgetMs: 8000 },
});

describe('a look at a new container', () => {
  it('is ready when its health check says healthy', () => {
    expect(judgeContainer(container('a', 'web'))).toEqual({ kind: 'ready' });
  });

  it('is ready when it runs and has no health check', () => {
    expect(judgeContainer(container('a', 'web', { health: undefined }))).toEqual({ kind: 'ready' });
  });

  it('has failed when it started again after it had been ready', () => {
    const again = container('a', 'web', { restartCount: 1 });
    expect(judgeContainer(again)).toEqual({ kind: 'ready' });
    expect(judgeContainer(again, 1)).toEqual({ kind: 'ready' });
    expect(judgeContainer(again, 0)).toMatchObject({ kind: 'failed', code: 'CONTAINER_EXITED' });
  });

  it('waits while the health check is starting', () => {
    expect(judgeContainer(container('a', 'web', health('starting')))).toEqual({
      kind: 'waiting',
      seen: 'health: starting',
    });
  });

  it('fails at once when unhealthy, with the last probe as the reason', () => {
    expect(judgeContainer(container('a', 'web', health('unhealthy', 'exit 1: refused')))).toEqual({
      kind: 'failed',
      code: 'CONTAINER_UNHEALTHY',
      reason: 'is unhealthy (last probe: exit 1: refused)',
    });
  });

  it.each([
    ['ended', container('a', 'web', { status: 'exited', exitCode: 3 }), 'ended with exit code 3'],
    ['was killed for memory', container('a', 'web', { isOomKilled: true }), 'was killed: out of memory'],
    ['restarts again and again', container('a', 'web', { restartCount: 3, exitCode: 1 }), 'restarted 3 times'],
  ])('fails when the container %s', (_what, seen, reason) => {
    expect(judgeContainer(seen)).toMatchObject({
      kind: 'failed',
      code: 'CONTAINER_EXITED',
      reason: expect.stringContaining(reason) as string,
    });
  });

  it('is not blamed on a container that is gone: somebody took it away', () => {
    expect(judgeContainer(undefined)).toEqual({ kind: 'gone' });
  });

  it('forgives a first restart', () => {
    expect(judgeContainer(container('a', 'web', { status: 'restarting', restartCount: 1 })).kind).toBe('waiting');
  });
});

describe('the deadline of a container', () => {
  it('is what its health check allows plus 30 s, capped at ten minutes', () => {
    expect(healthDeadlineMs(container('a', 'web'))).toBe(38_000);
    const slow = { status: 'starting', probes: [], budgetMs: 3_600_000 };
    expect(healthDeadlineMs(container('a', 'web', { health: slow }))).toBe(600_000);
  });
});

describe('the progress line of a wait', () => {
  it('names the service, each container that is not ready with what it is, and how long it has been', () => {
    const line = describeWait('web', 'shop-web-2 (health: starting), shop-web-3 (restarting)', 4_000);
    expect(line).toBe('web: shop-web-2 (health: starting), shop-web-3 (restarting), 4.0s');
  });
});
