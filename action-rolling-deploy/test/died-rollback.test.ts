import type { Container } from '@deploy-actions/kit/compose/container';
import { describe, expect, it } from 'vitest';
import { chooseUnproved } from '../src/died-rollback.ts';
import { rejectedReleases } from '../src/rollback-target.ts';
import { container, release } from './builders.ts';

describe('what a rollback that died had made', () => {
  const before = new Set(['bad1', 'bad2']);
  const bad = [container('bad1', 'web'), container('bad2', 'web')];
  const good = container('good', 'web');
  const names = (containers: readonly Container[], doubtful: readonly string[], spent: readonly string[] = []) =>
    chooseUnproved(containers, { before, spent: new Set(spent) }, new Set(doubtful)).map(({ id }) => id);

  it('goes where as many others serve as before', () => {
    expect(names([...bad, good], ['good'])).toEqual(['good']);
  });

  it('stays where it is needed, and where nothing else serves', () => {
    const booting = container('bad2', 'web', { health: { status: 'starting', probes: [], budgetMs: 1 } });
    expect(names([container('bad1', 'web'), booting, good], ['good'])).toEqual([]);
    expect(names([good], ['good'])).toEqual([]);
  });

  it('counts no container that was told to go as one that is wanted', () => {
    expect(
      names([container('bad1', 'web'), container('bad2', 'web', { status: 'exited' }), good], ['good'], ['bad2']),
    ).toEqual(['good']);
  });

  it('stays when it was confirmed', () => {
    expect(names([...bad, good], [])).toEqual([]);
  });
});

describe('what a rollback leaves', () => {
  it('is marked, and so is the release that a rollback among them had brought back', () => {
    const releases = [release(1), release(2), release(3, { restores: 1 })];
    const marked = rejectedReleases({ releases, current: releases[2] });
    expect(marked.map(({ number, gateFailed }) => [number, gateFailed])).toEqual([
      [1, true],
      [3, true],
    ]);
  });

  it('is written once', () => {
    const current = release(2, { gateFailed: true });
    expect(rejectedReleases({ releases: [release(1), current], current })).toEqual([]);
  });
});
