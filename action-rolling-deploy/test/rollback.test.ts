import type { Ledger } from '@deploy-actions/kit/state/release';
import { describe, expect, it } from 'vitest';
import { stageFilesOf } from '../src/rollback.ts';
import { findRollbackTarget, parseRollbackTo, type RollbackDecision } from '../src/rollback-target.ts';
import { release } from './builders.ts';

function ledger(current: number | undefined, ...releases: Ledger['releases']): Ledger {
  return { releases, current: releases.find(({ number }) => number === current) };
}

function find(
  given: Ledger,
  to = 'previous',
  { fromRelease, isForced = false }: { readonly fromRelease?: number; readonly isForced?: boolean } = {},
): RollbackDecision {
  return findRollbackTarget(given, { to: parseRollbackTo(to), fromRelease, isForced });
}

const goes = (decision: RollbackDecision): number | string =>
  decision.kind === 'go' ? decision.to.number : decision.kind;
const commitA = 'a1'.repeat(20);
const commitB = 'b2'.repeat(20);
const digestA = `sha256:${'a'.repeat(64)}`;

describe('the input `to`', () => {
  it.each([
    ['previous', { kind: 'previous' }],
    ['12', { kind: 'release', number: 12 }],
    ['0', { kind: 'release', number: 0 }],
    ['1234567', { kind: 'commit', sha: '1234567' }],
    ['sha-94e9cbb', { kind: 'commit', sha: '94e9cbb' }],
    [commitA, { kind: 'commit', sha: commitA }],
    [digestA, { kind: 'digest', digest: digestA }],
    ['v1.16.0', { kind: 'version', version: 'v1.16.0' }],
    ['2026.1-rc.2', { kind: 'version', version: '2026.1-rc.2' }],
  ])('%s is understood', (text, expected) => {
    expect(parseRollbackTo(text)).toEqual(expected);
  });

  it.each(['prevoius', '94e9cb', 'latest', '-1', 'sha256:12', 'main', '1.x y'])('%s is refused by name', (text) => {
    expect(() => parseRollbackTo(text)).toThrow(`input \`to\`: ${JSON.stringify(text)} is not`);
  });
});

describe('a migration that ran after the last rollout', () => {
  const pending = { applied: true, reversible: false };
  const wish = { to: parseRollbackTo('previous'), fromRelease: undefined };
  const given = ledger(2, release(1), release(2));

  it('is crossed only by force, where it is irreversible', () => {
    expect(() => findRollbackTarget(given, { ...wish, isForced: false, pending })).toThrow(
      'a run since release 2 applied a migration that is recorded as irreversible',
    );
    const forced = findRollbackTarget(given, { ...wish, isForced: true, pending });
    expect(forced).toMatchObject({ kind: 'go', to: { number: 1 }, crossed: 'a run since release 2' });
  });

  it('stops no rollback where the version before can live with it, or where nothing was applied', () => {
    for (const harmless of [
      { ...pending, reversible: true },
      { ...pending, applied: false },
    ])
      expect(goes(findRollbackTarget(given, { ...wish, isForced: false, pending: harmless }))).toBe(1);
  });
});

describe('the target of a rollback', () => {
  it('is the newest good release older than the current one', () => {
    expect(goes(find(ledger(3, release(1), release(2), release(3))))).toBe(2);
  });

  it('is never a release that failed or that a gate has marked', () => {
    const given = [release(1), release(2, { gateFailed: true }), release(3, { result: 'rolled_back' }), release(4)];
    expect(goes(find(ledger(4, ...given)))).toBe(1);
  });

  it('of a second rollback is older than what the first one brought back', () => {
    const given = [release(1), release(2), release(3, { gateFailed: true }), release(4, { restores: 2 })];
    expect(goes(find(ledger(4, ...given)))).toBe(1);
  });

  it('may be what ran before the first deploy', () => {
    expect(goes(find(ledger(1, release(0, { isAdopted: true }), release(1))))).toBe(0);
    expect(goes(find(ledger(2, release(0, { isAdopted: true }), release(1), release(2)), '0'))).toBe(0);
  });

  it('is the last good release of a commit, by the run’s commit or by an image’s revision', () => {
    const given = [
      release(1, { commit: commitA }),
      release(2, { commit: commitA }),
      release(3, { commit: commitB, imageLabels: { web: { revision: commitA } } }),
      release(4, { commit: commitA, result: 'rolled_back' }),
      release(5, { commit: commitB }),
    ];
    expect(goes(find(ledger(5, ...given), commitA.slice(0, 7)))).toBe(3);
    expect(goes(find(ledger(5, ...given.filter(({ number }) => number !== 3)), commitA))).toBe(2);
  });

  it('is the last good release of a version or of a digest', () => {
    const given = [
      release(1, { imageLabels: { web: { version: 'v1.16.0' } }, digests: { web: `r/web@${digestA}` } }),
      release(2, { pins: [{ kind: 'service', name: 'web', ref: 'r/web@sha256:b' }] }),
    ];
    expect(goes(find(ledger(2, ...given), 'v1.16.0'))).toBe(1);
    expect(goes(find(ledger(2, ...given), digestA))).toBe(1);
    expect(goes(find(ledger(2, ...given), digestA.slice(0, 19)))).toBe(1);
  });

  it('is nothing where what is asked for serves already, so that a rollback can be run again', () => {
    const given = [release(1, { commit: commitA }), release(2), release(3, { restores: 1, commit: commitA })];
    for (const to of ['1', '3', commitA]) expect(goes(find(ledger(3, ...given), to))).toBe('serves-already');
  });

  it('is nothing when the release to roll back from is no longer current, so that a deploy is not undone twice', () => {
    expect(goes(find(ledger(2, release(1), release(2)), 'previous', { fromRelease: 3 }))).toBe('not-current');
  });

  it.each([
    ['nothing was ever deployed', ledger(undefined), 'previous', 'no release is recorded'],
    ['there is no older one', ledger(1, release(1)), 'previous', 'no good release is older than 1'],
    ['the number is unknown', ledger(1, release(1)), '9', 'release 9 does not exist'],
    ['the named one failed', ledger(2, release(1, { result: 'failed' }), release(2)), '1', 'release 1 did not succeed'],
    ['no release ran the commit', ledger(1, release(1)), 'abcdef1', 'no release on the server ran "abcdef1"'],
    [
      'the only release of the version was marked by a gate',
      ledger(2, release(1, { gateFailed: true, imageLabels: { web: { version: 'v1.0' } } }), release(2)),
      'v1.0',
      'the last one that did is 1 (gate_failed)',
    ],
  ])('is refused when %s', (_what, given, to, message) => {
    expect(() => find(given, to)).toThrow(message);
  });

  it('is refused across a migration that cannot be undone, unless forced', () => {
    const given = ledger(2, release(1), release(2, { migration: { applied: true, reversible: false } }));
    expect(() => find(given)).toThrow('irreversible');
    expect(find(given, 'previous', { isForced: true })).toMatchObject({ kind: 'go', crossed: 'release 2' });
  });
});

describe('the files of the release that is brought back', () => {
  const kept = { releaseId: 'staged-again' };
  const stage = (archives: readonly number[]) => (number: number) =>
    Promise.resolve(archives.includes(number) ? kept : undefined);
  const pair = (from: string | undefined, to: string | undefined) => ({
    from: release(2, from === undefined ? {} : { filesRelease: from }),
    to: release(1, to === undefined ? {} : { filesRelease: to }),
  });

  it('are staged from its archive, and stay where they are the same', async () => {
    expect(await stageFilesOf(pair('b', 'a'), stage([1]))).toBe(kept);
    expect(await stageFilesOf(pair('a', 'a'), stage([1]))).toBeUndefined();
  });

  it('are no reason to refuse where that release had none', async () => {
    expect(await stageFilesOf(pair('b', undefined), stage([]))).toBeUndefined();
  });

  it('stop the rollback where they are not kept any more, instead of mixing two releases', async () => {
    await expect(stageFilesOf(pair('b', 'a'), stage([]))).rejects.toMatchObject({
      code: 'NO_RELEASE',
      message: expect.stringContaining('the files of release 1 are not on the server any more') as string,
    });
  });
});
