import { LeaseError } from '@deploy-actions/kit/state/lease-store';
import { HostError } from '@deploy-actions/kit/host/host';
import { describe, expect, it } from 'vitest';
import { MigrateError } from '../src/error.ts';
import { act } from '../src/recorded-run.ts';
import type { RecordBook, RecordedOutcome } from '../src/record.ts';
import { nameFailure, renderRefusal, type Progress } from '../src/refusal.ts';
import type { MigrationResult } from '../src/result.ts';
import { door, lost, plan, scriptedHost } from './builder.ts';

const taken = new LeaseError({ code: 'LEASE_LOST', message: 'web1: this job no longer holds the lease.' });
const backup = { path: '/srv/shop/.deploy/backups/1.dump', sha256: 'a', bytes: 1, check: 'read', restoreCommand: '' };
const done: MigrationResult = { status: 'applied', commands: [], durationMs: 1, error: undefined, tail: [] };

describe('nameFailure', () => {
  const ended = new HostError({ code: 'CANCELLED', message: 'web1: cancelled; pg_dump was ended.' });

  it('tells a lost lease from a cancel', () => {
    expect(nameFailure(ended, AbortSignal.abort(taken), { stage: 'preparing' })).toMatchObject({
      code: 'LEASE_LOST',
      message: expect.stringContaining('the database is as it was') as string,
    });
    expect(nameFailure(ended, AbortSignal.abort(), { stage: 'acting' })).toMatchObject({
      code: 'CANCELLED',
      message: expect.stringContaining('unknown') as string,
    });
  });

  it('leaves what failed by itself, and what was reported, as they are', () => {
    const { signal } = new AbortController();
    expect(nameFailure(lost(), signal, { stage: 'preparing' })).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(nameFailure(ended, AbortSignal.abort(), { stage: 'reported' })).toBe(ended);
  });
});

describe('renderRefusal', () => {
  const low = new MigrateError({ code: 'DISK_LOW', message: 'web1: 2 MB free.', hint: 'Make room.', evidence: ['df'] });

  it('says that nothing was applied, what serves, that there is no backup, and what to do', () => {
    const text = renderRefusal(low, { stage: 'preparing' });
    for (const words of [
      'not started',
      '`DISK_LOW`: web1: 2 MB free.',
      'nothing: no command',
      'Serves',
      'none of this',
    ])
      expect(text).toContain(words);
    expect(text).toMatch(/\*\*Next\*\*: Make room\.[\s\S]*df/);
  });

  it('calls it unknown where a command may have begun, and names the backup', () => {
    const text = renderRefusal(new Error('boom'), { stage: 'acting', backup });
    for (const words of ['end unknown', 'unexpected error: boom', backup.path, 'nothing was restored', 'defect'])
      expect(text).toContain(words);
  });
});

describe('act', () => {
  /** What is written into the record while `work` runs and ends. */
  async function record(
    work: () => Promise<MigrationResult>,
    signal = new AbortController().signal,
    write = (): Promise<void> => Promise.resolve(),
    requireLease = (): Promise<void> => Promise.resolve(),
  ) {
    const written: RecordedOutcome[] = [];
    const book: RecordBook = {
      found: undefined,
      write: (outcome) => {
        written.push(outcome);
        return write();
      },
    };
    const progress: Progress = { stage: 'preparing' };
    const it_ = door(
      scriptedHost(() => Promise.resolve({})),
      plan(['a']),
      { signal, requireLease },
    );
    const result = await act({ door: it_, book, progress }, undefined, backup, work).catch((error: unknown) => error);
    return { written: written.map(({ applied }) => applied), result, progress, log: it_.log };
  }

  it('records "applied" before the work, and what came of it after', async () => {
    const { written, progress } = await record(() => Promise.resolve(done));
    expect(written).toEqual([true, false]);
    expect(progress).toEqual({ stage: 'acting', backup });
  });

  it('takes it back where nothing began', async () => {
    const refused = new MigrateError({ code: 'SQL_ERROR', message: 'No file was applied.' });
    const { written, result, progress } = await record(() => Promise.reject(refused));
    expect(written).toEqual([true, false]);
    expect(result).toBe(refused);
    expect(progress.stage).toBe('preparing');
  });

  it('writes nothing any more once the lease is lost, and begins nothing', async () => {
    const error = new MigrateError({ code: 'LEASE_LOST', message: 'lost' });
    expect((await record(() => Promise.resolve({ ...done, status: 'failed', error }))).written).toEqual([true]);
    const late = await record(() => Promise.resolve(done), AbortSignal.abort(taken));
    expect(late).toMatchObject({ written: [], result: taken });
    const looked = await record(
      () => Promise.resolve(done),
      undefined,
      undefined,
      () => Promise.reject(taken),
    );
    expect(looked).toMatchObject({ written: [], result: taken, progress: { stage: 'preparing' } });
  });

  it('tells how the commands ended also when the record cannot be written any more', async () => {
    let writes = 0;
    const failing = (): Promise<void> => (++writes > 1 ? Promise.reject(lost()) : Promise.resolve());
    const { result, log } = await record(() => Promise.resolve(done), undefined, failing);
    expect(result).toMatchObject({ status: 'applied' });
    expect(log.join()).toContain('still says "applied"');
  });
});
