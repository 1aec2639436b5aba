import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeLease,
  judgeUnlock,
  nextLease,
  parseLease,
  type Lease,
  type LeaseOwner,
} from '../../src/state/lease.ts';

function owner(name: string, overrides: Partial<LeaseOwner> = {}): LeaseOwner {
  const identity = { repository: 'acme/api', runId: name, runAttempt: 1, job: 'deploy' };
  return { id: name, ...identity, actor: name, runUrl: `https://github.example/${name}`, commit: '', ...overrides };
}

function taken(by: LeaseOwner, now: number, ttl = 600): Lease {
  const decision = nextLease(undefined, by, now, ttl);
  if (decision.kind !== 'take') throw new Error('a free lease was not given');
  return decision.lease;
}

describe('the lease', () => {
  it('is given when nobody holds it', () => {
    expect(taken(owner('a'), 100)).toMatchObject({ generation: 1, acquired: 100, expires: 700 });
  });

  it('is renewed by its own job without a new generation', () => {
    const decision = nextLease(taken(owner('a'), 100), owner('a'), 300, 600);
    expect(decision).toMatchObject({
      kind: 'renew',
      lease: { generation: 1, acquired: 100, renewed: 300, expires: 900 },
    });
  });

  it('is refused to another run, which learns who holds it', () => {
    expect(nextLease(taken(owner('a'), 100), owner('b'), 300, 600)).toMatchObject({
      kind: 'held',
      by: { owner: { id: 'a' } },
    });
  });

  it('is taken over after it expired, with a new generation', () => {
    expect(nextLease(taken(owner('a'), 100), owner('b'), 700, 600)).toMatchObject({
      kind: 'take',
      lease: { generation: 2 },
    });
  });

  it('goes at once to a later attempt of the same run, which starts only after the earlier one ended', () => {
    const first = owner('r1#1', { runId: 'r1' });
    const second = owner('r1#2', { runId: 'r1', runAttempt: 2 });
    expect(nextLease(taken(first, 100), second, 101, 600).kind).toBe('take');
    expect(nextLease(taken(second, 100), first, 101, 600).kind).toBe('held');
  });

  it('never has two holders, whatever three owners do in whatever order', () => {
    const step = fc.record({
      who: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('acquire' as const, 'release' as const),
      wait: fc.integer({ min: 0, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = 0;
        let lease: Lease | undefined;
        const believes = new Map<string, Lease>();
        for (const { who, what, wait } of steps) {
          now += wait;
          if (what === 'release') {
            if (lease?.owner.id === who) lease = undefined;
            believes.delete(who);
            continue;
          }
          const decision = nextLease(lease, owner(who), now, 600);
          if (decision.kind === 'held') continue;
          lease = decision.lease;
          believes.set(who, lease);
          const holders = [...believes.values()].filter((held) => (held.expires ?? 0) > now);
          expect(holders.map((held) => held.owner.id)).toEqual([who]);
        }
      }),
    );
  });
});

describe('a freeze: a lease that a person took by hand', () => {
  const frozen = parseLease('{"owner":{"id":"ada"},"acquired":100,"reason":"moving the database"}');

  it('needs an id and a reason, and without an expiry is never taken over', () => {
    expect(frozen).toMatchObject({ owner: { actor: 'ada' }, reason: 'moving the database' });
    expect(nextLease(frozen, owner('b'), 1_000_000_000, 600, true)).toMatchObject({ kind: 'held' });
    expect(nextLease(frozen, owner('ada'), 200, 600)).toMatchObject({ kind: 'held' });
  });

  it('with an expiry ends by itself', () => {
    const until = parseLease('{"owner":{"id":"ada"},"reason":"lunch","expires":500}');
    expect(nextLease(until, owner('b'), 499, 600).kind).toBe('held');
    expect(nextLease(until, owner('b'), 500, 600).kind).toBe('take');
  });

  it('tells the waiting run who, why and since when', () => {
    expect(frozen === undefined ? '' : describeLease(frozen, 400)).toBe(
      'ada, by hand: "moving the database", since 5m 00s, until it is unlocked',
    );
  });

  it('is told from a torn or foreign file', () => {
    for (const text of ['', '{', '[]', 'null', '{"owner":{"id":"ada"}}', '{"reason":"x"}', '{"owner":{},"expires":3}'])
      expect(parseLease(text)).toBeUndefined();
    expect(parseLease('{"owner":{"id":"ada"},"expires":"soon","reason":"x"}')).toBeUndefined();
  });

  it('is no earlier attempt of a run outside of GitHub', () => {
    const rehearsal = owner('ada@laptop', { repository: '', runId: '', job: '', runAttempt: 2 });
    const other = owner('bob@laptop', { repository: '', runId: '', job: '', runAttempt: 1 });
    expect(nextLease(taken(other, 100), rehearsal, 200, 600).kind).toBe('held');
  });
});

describe('a lease of a run that GitHub knows to be over', () => {
  it('is taken over at once', () => {
    expect(nextLease(taken(owner('a'), 100), owner('b'), 101, 600, true)).toMatchObject({
      kind: 'take',
      lease: { generation: 2 },
      takenOverFrom: { owner: { id: 'a' } },
    });
  });
});

describe('unlocking', () => {
  const live = taken(owner('a'), 100);
  const given = (isForced = false, isHolderGone = false): { isForced: boolean; isHolderGone: boolean } => ({
    isForced,
    isHolderGone,
  });

  it('has nothing to do where nobody holds the lease', () => {
    expect(judgeUnlock(undefined, owner('b'), 101, given())).toEqual({ kind: 'nothing' });
  });

  it('refuses the lease of a run that may still go on, unless forced', () => {
    expect(judgeUnlock(live, owner('b'), 101, given())).toEqual({ kind: 'refused', by: live });
    expect(judgeUnlock(live, owner('b'), 101, given(true))).toMatchObject({ kind: 'free', why: 'forced' });
  });

  it('frees what is over, its own, and a freeze', () => {
    expect(judgeUnlock(live, owner('b'), 700, given())).toMatchObject({ why: 'expired' });
    expect(judgeUnlock(live, owner('b'), 101, given(false, true))).toMatchObject({ why: 'holder-gone' });
    expect(judgeUnlock(live, owner('a'), 101, given())).toMatchObject({ why: 'own' });
    expect(judgeUnlock({ ...live, reason: 'audit' }, owner('b'), 101, given())).toMatchObject({ why: 'frozen' });
  });
});
