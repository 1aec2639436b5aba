import type { Container } from '@deploy-actions/kit/compose/container';
import { describe, expect, it } from 'vitest';
import { newFootprint, addSpent } from '../src/footprint.ts';
import { chooseSurplus, hasNothingToRestore } from '../src/way-back.ts';
import { container, release } from './builders.ts';

describe('stepping aside for somebody else’s change', () => {
  const footprint = { before: new Set(['old']), created: new Map([['web', ['new']]]) };
  const surplus = (...others: readonly Container[]) =>
    chooseSurplus([container('new', 'web'), ...others], footprint).map(({ id }) => id);
  const health = (status: string) => ({ health: { status, probes: [], budgetMs: 1 } });

  it('removes the new containers where others serve', () => {
    expect(surplus(container('theirs', 'web'))).toEqual(['new']);
  });

  it('keeps them while the others only boot, or are not well', () => {
    expect(surplus(container('theirs', 'web', health('starting')))).toEqual([]);
    expect(surplus(container('theirs', 'web', health('unhealthy')))).toEqual([]);
    expect(surplus(container('theirs', 'web', { status: 'restarting' }))).toEqual([]);
  });

  it('keeps them where they are all there is', () => {
    expect(surplus()).toEqual([]);
    expect(surplus(container('run', 'web', { isOneOff: true }))).toEqual([]);
  });
});

describe('a first deploy that fails', () => {
  const noLedger = { releases: [], current: undefined };
  const zero = { ...release(0), isAdopted: true };

  it('has nothing to restore on an empty server, nor beside a database that was started for it', () => {
    expect(hasNothingToRestore({ footprint: newFootprint([]), ledger: noLedger })).toBe(true);
    expect(hasNothingToRestore({ footprint: newFootprint(['db']), ledger: noLedger })).toBe(true);
  });

  it('restores a stack that a person ran, a release, and whatever it told to go', () => {
    expect(hasNothingToRestore({ footprint: newFootprint(['web']), ledger: { ...noLedger, releases: [zero] } })).toBe(
      false,
    );
    const current = release(1);
    expect(hasNothingToRestore({ footprint: newFootprint([]), ledger: { releases: [current], current } })).toBe(false);
    const footprint = newFootprint(['db']);
    addSpent(footprint, 'db', 'db');
    expect(hasNothingToRestore({ footprint, ledger: noLedger })).toBe(false);
  });
});
