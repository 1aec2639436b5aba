import type { Ledger } from '@deploy-actions/kit/state/release';
import { describe, expect, it } from 'vitest';
import { findRollbackTarget } from '../src/rollback.ts';
import { release } from './builders.ts';

function ledger(current: number | undefined, ...releases: Ledger['releases']): Ledger {
  return { releases, current: releases.find(({ number }) => number === current) };
}

describe('the target of a rollback', () => {
  it('is the newest good release older than the current one', () => {
    const target = findRollbackTarget(ledger(3, release(1), release(2), release(3)), 'previous', undefined);
    expect(target?.to.number).toBe(2);
  });

  it('is never a release that failed or that a gate has marked', () => {
    const found = findRollbackTarget(
      ledger(4, release(1), release(2, { gateFailed: true }), release(3, { result: 'rolled_back' }), release(4)),
      'previous',
      undefined,
    );
    expect(found?.to.number).toBe(1);
  });

  it('is nothing when the release to roll back from is no longer current, so that a deploy is not undone twice', () => {
    expect(findRollbackTarget(ledger(2, release(1), release(2)), 'previous', 3)).toBeUndefined();
  });

  it.each([
    ['nothing was ever deployed', ledger(undefined), 'previous' as const, 'no release is recorded'],
    ['there is no older one', ledger(1, release(1)), 'previous' as const, 'no good release is older than 1'],
    ['the number is unknown', ledger(1, release(1)), 9, 'release 9 does not exist'],
    [
      'the named one failed',
      ledger(2, release(1, { result: 'rolled_back' }), release(2)),
      1,
      'release 1 did not succeed',
    ],
  ])('is refused when %s', (_what, given, to, message) => {
    expect(() => findRollbackTarget(given, to, undefined)).toThrow(message);
  });

  it('is refused across a migration that cannot be undone', () => {
    const given = ledger(2, release(1), release(2, { migration: { applied: true, reversible: false } }));
    expect(() => findRollbackTarget(given, 'previous', undefined)).toThrow('irreversible');
  });
});
