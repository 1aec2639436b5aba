import { HostError, type ExecResult } from '@deploy-actions/kit/host/host';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { describe, expect, it } from 'vitest';
import { NotBegun } from '../src/lease-check.ts';
import type { RunDoor } from '../src/run-door.ts';
import { appliedState, lockHeldState } from '../src/sql/psql-scripts.ts';
import type { SqlFile } from '../src/sql/sql-file.ts';
import { applyFiles } from '../src/sql/sql-run.ts';
import type { SqlSession } from '../src/sql/sql-session.ts';
import { door, lost, plan, scriptedHost, sqlFile } from './builder.ts';

const limits = {
  lockTimeout: milliseconds(5000),
  statementTimeout: milliseconds(60_000),
  retries: 2,
  lockWait: milliseconds(10_000),
};
const failsWith = (state: string): ExecResult => ({
  code: 3,
  stdout: '',
  stderr: `psql:/tmp/x/2.sql:7: ERROR:  ${state}: no\n`,
  durationMs: 1,
  isTruncated: false,
});
const fine: ExecResult = { code: 0, stdout: '', stderr: '', durationMs: 1, isTruncated: false };

interface Given {
  readonly files?: readonly SqlFile[];
  readonly overrides?: Partial<RunDoor>;
  /** The database remembers the file once this many applications were tried. */
  readonly rememberedAfter?: number;
}

/** Applies files; each try takes the next answer, the last one stays. */
async function apply(answers: readonly (ExecResult | Error)[], given: Given = {}) {
  const { files = [sqlFile()], overrides = {}, rememberedAfter = Infinity } = given;
  const left = [...answers];
  const calls = { apply: 0, settle: 0, terminate: 0, forget: 0 };
  const session: SqlSession = {
    remember: () =>
      Promise.resolve({
        applied: new Map(calls.apply >= rememberedAfter ? files.map(({ sha256, path }) => [sha256, path]) : []),
        invalidIndexes: [],
      }),
    unremember: () => Promise.resolve(),
    apply: () => {
      calls.apply++;
      const answer = left.length > 1 ? left.shift() : left[0];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? fine);
    },
    settle: () => {
      calls.settle++;
      return Promise.resolve();
    },
    terminate: () => {
      calls.terminate++;
      return Promise.resolve();
    },
    blockers: () => Promise.resolve(['pid 812 (idle in transaction)']),
    forget: () => {
      calls.forget++;
      return Promise.resolve();
    },
  };
  const it_ = door(
    scriptedHost(() => Promise.resolve({})),
    plan([], { isSql: true }),
    { clock: fakeClock(), ...overrides },
  );
  const result = await applyFiles({ door: it_, session, limits, files });
  expect(calls.forget).toBe(1);
  return { result, calls, log: it_.log.join('\n') };
}

describe('applyFiles', () => {
  it.each(['55P03', '40P01'])(
    'tries again after %s, as often as it is told, and names who is in the way',
    async (state) => {
      const { result, calls, log } = await apply([failsWith(state)]);
      expect(calls.apply).toBe(3);
      expect(log).toContain('pid 812');
      expect(result).toMatchObject({
        status: 'failed',
        error: { code: state === '55P03' ? 'LOCK_TIMEOUT' : 'SQL_ERROR' },
      });
      expect((await apply([failsWith(state), fine])).result.status).toBe('applied');
    },
  );

  it.each(['42P01', '57014', '40001', '23505'])('does not try %s again', async (state) => {
    const { result, calls } = await apply([failsWith(state), fine]);
    expect(calls.apply).toBe(1);
    expect(result).toMatchObject({ status: 'failed', error: { code: 'SQL_ERROR' } });
  });

  it('never tries a file again whose statements commit one by one', async () => {
    const { result, calls } = await apply([failsWith('55P03'), fine], { files: [sqlFile({ mode: 'alone' })] });
    expect(calls.apply).toBe(1);
    expect(result).toMatchObject({ status: 'failed', error: { code: 'PARTIAL_APPLY' } });
  });

  it('waits for another session as long as `lock-wait`, and never behind it', async () => {
    const { result, calls } = await apply([failsWith(lockHeldState)]);
    expect(calls.apply).toBe(6);
    expect(result).toMatchObject({ status: 'failed', error: { code: 'LOCK_HELD' } });
    expect((await apply([failsWith(lockHeldState), failsWith(appliedState)])).result.status).toBe('applied');
  });

  it('looks what became of a file under which the connection broke, and applies it once', async () => {
    const done = await apply([lost()], { rememberedAfter: 1 });
    expect(done.result.status).toBe('applied');
    expect(done.calls).toMatchObject({ apply: 1, settle: 1 });
    expect((await apply([lost(), fine])).calls.apply).toBe(2);
  });

  it('admits that it does not know how a file of single statements ended', async () => {
    const { result, calls } = await apply([lost()], { files: [sqlFile({ mode: 'alone' })] });
    expect(calls.apply).toBe(1);
    expect(result).toMatchObject({ status: 'unknown', error: { code: 'SSH_LOST' } });
  });

  it('ends the session of a file that takes too long, or whose step is cancelled', async () => {
    const late = new HostError({ code: 'COMMAND_TIMEOUT', message: 'web1: no end.' });
    const timedOut = await apply([late]);
    expect(timedOut.result).toMatchObject({ status: 'timed-out', error: { code: 'COMMAND_TIMEOUT' } });
    const ended = new HostError({ code: 'CANCELLED', message: 'web1: cancelled.' });
    const cancelled = await apply([ended], { overrides: { signal: AbortSignal.abort() } });
    expect(cancelled.result).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } });
    for (const { calls, result } of [timedOut, cancelled]) {
      expect(calls.terminate).toBe(1);
      expect(result.error?.message).toContain('Nothing of this file was applied');
    }
  });

  it('begins no further file under a lease that is another job’s', async () => {
    const taken = new NotBegun({ code: 'LEASE_LOST', message: 'it is held by run 78.' });
    const files = [sqlFile({ path: 'db/1.sql', sha256: 'a' }), sqlFile(), sqlFile({ path: 'db/3.sql', sha256: 'c' })];
    const { result, calls } = await apply([fine], { files, overrides: { requireLease: () => Promise.reject(taken) } });
    expect(calls.apply).toBe(1);
    expect(result.commands.map(({ outcome }) => outcome)).toEqual(['done', 'not-run', 'not-run']);
    expect(result).toMatchObject({ status: 'failed', error: { code: 'LEASE_LOST' } });
    expect(result.error?.message).toContain('db/2.sql was not begun. Applied before it: db/1.sql');
  });

  it('tells of a file that changed on its way that nothing of it was applied, and to run again', async () => {
    const changed = { ...fine, code: 65, stderr: 'the content of db/2.sql changed on its way to the server\n' };
    const { result } = await apply([changed]);
    expect(result.error).toMatchObject({
      code: 'SQL_ERROR',
      hint: expect.stringContaining('Run the job again') as string,
    });
    expect(result.error?.message).toMatch(/changed on its way.*Nothing of this file was applied/);
  });
});
