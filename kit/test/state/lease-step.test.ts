import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExecResult, Host } from '../../src/host/host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';
import { withLease } from '../../src/state/lease-step.ts';
import { milliseconds } from '../../src/time/duration.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';

const deployPath = parseDeployPath('/srv/app');
const twoMinutesMs = 120_000;

/** A server whose lease.json somebody else may change. */
interface Server {
  text: string;
}

function hostOf(server: Server): Host {
  const done = (code: number, stdout = ''): ExecResult => ({
    code,
    stdout,
    stderr: '',
    durationMs: 0,
    isTruncated: false,
  });
  const unused = (): never => {
    throw new Error('not a lease command');
  };
  return {
    name: 'web1',
    kind: 'ssh',
    commandCount: 0,
    exec: unused,
    forward: unused,
    close: unused,
    script: (_source, _args, { stdin } = {}) => {
      if (typeof stdin !== 'string') return Promise.resolve(done(0, `1000\n${server.text}`));
      const [expected = '', next = ''] = stdin.split('\n');
      if ((server.text || '-') !== expected) return Promise.resolve(done(75));
      server.text = next === '-' ? '' : next;
      return Promise.resolve(done(0));
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the lease of a step', () => {
  const run = { GITHUB_RUN_ID: '7', GITHUB_REPOSITORY: 'acme/api', GITHUB_JOB: 'deploy', RUNNER_TRACKING_ID: 't' };

  async function hold(change: (server: Server) => void): Promise<AbortSignal> {
    const server: Server = { text: '' };
    const context = { runner: fakeRunner({}, run), signal: new AbortController().signal };
    return withLease(
      context,
      hostOf(server),
      deployPath,
      { waitMs: milliseconds(0), scope: { kind: 'project' } },
      async (_lease, signal) => {
        change(server);
        await vi.advanceTimersByTimeAsync(twoMinutesMs);
        return signal;
      },
    );
  }

  it('stops its run with LEASE_LOST once another holds it', async () => {
    const other = JSON.stringify({ owner: { id: 'other', actor: 'grace', runUrl: 'u' }, generation: 2, expires: 9999 });
    const signal = await hold((server) => {
      server.text = other;
    });
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'LEASE_LOST', message: expect.stringContaining('grace') as string });
  });

  it('fails with LEASE_LOST, whatever was stopped by it says', async () => {
    const server: Server = { text: '' };
    const context = { runner: fakeRunner({}, run), signal: new AbortController().signal };
    const wish = { waitMs: milliseconds(0), scope: { kind: 'project' } } as const;
    const failing = withLease(context, hostOf(server), deployPath, wish, async (_lease, signal) => {
      server.text = '';
      await vi.advanceTimersByTimeAsync(twoMinutesMs);
      throw new Error('stopped', { cause: signal.reason });
    });
    await expect(failing).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  it('goes on while it is renewed', async () => {
    expect((await hold(() => undefined)).aborted).toBe(false);
  });
});
