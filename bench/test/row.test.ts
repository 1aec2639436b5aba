import { describe, expect, it } from 'vitest';
import { formatRows, makeRow, median } from '../row.ts';

describe('a row', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[], null],
  ])('takes the median of %j', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
  it('says whether its target was met', () => {
    const row = { metric: 'x_ms', case: 'c', ours: 10, peer: 4, peerName: 'p' };
    expect(makeRow({ ...row, target: 10 })).toMatchObject({ ratio: 2.5, met: true });
    expect(makeRow({ ...row, target: 9 }).met).toBe(false);
    expect(makeRow({ ...row, ours: null, target: 9 }).met).toBe(false);
    expect(makeRow(row)).toMatchObject({ target: null, met: null });
  });
  it('has no ratio without a peer', () => {
    expect(makeRow({ metric: 'x', case: 'c', ours: 1, peer: null, peerName: 'not installed' }).ratio).toBeNull();
    expect(makeRow({ metric: 'x', case: 'c', ours: 1, peer: 0, peerName: 'p' }).ratio).toBeNull();
  });
  it('is shown with what is missing marked', () => {
    const text = formatRows([
      makeRow({ metric: 'x_ms', case: 'c', ours: 1, peer: null, peerName: 'p (not installed)' }),
    ]);
    expect(text.split('\n')[1]).toMatch(/^x_ms\s+c\s+1\s+–\s+–\s+–\s+–\s+p \(not installed\)$/);
  });
});
