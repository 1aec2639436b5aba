import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { formatDuration, parseDuration } from '../../src/time/duration.ts';
import { poll, type Look } from '../../src/time/poll.ts';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['0', 0],
    ['1.5s', 1500],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text, 'x')).toBe(ms);
  });

  it.each(['10', '', 's', '10 s', '-5s', '5s!', '1e3s', '31d'])('refuses %j, naming what it belongs to', (text) => {
    expect(() => parseDuration(text, 'input `deadline`')).toThrow('input `deadline`');
  });

  it('tells how to write a bare number', () => {
    expect(() => parseDuration('20', 'x')).toThrow(
      expect.objectContaining({ hint: 'Give the unit: 20s, 20ms or 20m.' }),
    );
  });

  it('of any whole number of seconds survives reading', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80_000 }), (seconds) => {
        expect(parseDuration(`${seconds}s`, 'x')).toBe(seconds * 1000);
      }),
    );
  });

  it('is shown as people say it', () => {
    expect([850, 4200, 187_000].map(formatDuration)).toEqual(['850ms', '4.2s', '3m 07s']);
  });
});

describe('polling', () => {
  const lookUntil = (count: number): (() => Promise<Look<string>>) => {
    let looks = 0;
    return () => {
      looks += 1;
      return Promise.resolve(looks >= count ? { done: true, value: 'there' } : { done: false, seen: `look ${looks}` });
    };
  };

  it('ends with the first look that is done', async () => {
    const result = await poll(lookUntil(3), { clock: fakeClock(), intervalMs: 1000, deadlineMs: 60_000 });
    expect(result).toEqual({ kind: 'done', value: 'there', tries: 3, elapsedMs: 2000 });
  });

  it('looks a last time at the deadline and reports what it saw', async () => {
    const result = await poll(lookUntil(99), { clock: fakeClock(), intervalMs: 1000, deadlineMs: 2500 });
    expect(result).toEqual({ kind: 'deadline', lastSeen: 'look 4', tries: 4, elapsedMs: 2500 });
  });

  it('ends at once when it is cancelled', async () => {
    const abort = new AbortController();
    const result = poll(lookUntil(99), {
      clock: fakeClock(),
      intervalMs: 1000,
      deadlineMs: 60_000,
      signal: abort.signal,
      onWait: () => {
        abort.abort(new Error('cancelled'));
      },
    });
    await expect(result).rejects.toThrow('cancelled');
  });
});
