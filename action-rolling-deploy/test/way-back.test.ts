import type { Container } from '@deploy-actions/kit/compose/container';
import { describe, expect, it } from 'vitest';
import { chooseSurplus } from '../src/way-back.ts';
import { container } from './builders.ts';

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
