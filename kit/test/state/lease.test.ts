import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextLease, type Lease, type LeaseOwner } from '../../src/state/lease.ts';

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
          const holders = [...believes.values()].filter((held) => held.expires > now);
          expect(holders.map((held) => held.owner.id)).toEqual([who]);
        }
      }),
    );
  });
});
