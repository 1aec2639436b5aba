import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecOptions, ExecResult, Host } from '../../src/host/host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';
import type { LeaseOwner } from '../../src/state/lease.ts';
import { acquireLease, freeLease, type HeldLease, type LeaseOptions } from '../../src/state/lease-store.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';

const ttlSeconds = 600;
const deployPath = parseDeployPath('/srv/app');

/** lease.json and its server's clock, without a server. */
interface Server {
  now: number;
  text: string;
}

/**
 * A host whose two lease scripts (read, compare and swap) do what the real ones do, each at an instant that the
 * scheduler picks: everything of everybody else may happen between a read and its swap.
 */
function hostOf(server: Server, scheduler: fc.Scheduler): Host {
  const run = (stdin: string | undefined): ExecResult => {
    const done = (code: number, stdout: string): ExecResult => ({
      code,
      stdout,
      stderr: '',
      durationMs: 0,
      isTruncated: false,
    });
    if (stdin === undefined) return done(0, `${server.now}\n${server.text}`);
    const [expected = '', next = ''] = stdin.split('\n');
    if ((server.text === '' ? '-' : server.text) !== expected) return done(75, '');
    server.text = next === '-' ? '' : next;
    return done(0, '');
  };
  const script = async (_source: string, _args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> => {
    const { stdin } = options;
    const result = scheduler.schedule(Promise.resolve(), 'script').then(() => run(stdin as string | undefined));
    const known = await result;
    // The answer travels too: others act between what happened on the server and what its owner learns.
    await scheduler.schedule(Promise.resolve(), 'answer');
    return known;
  };
  const unused = (): never => {
    throw new Error('not a lease command');
  };
  return { name: 'web1', kind: 'ssh', exec: unused, script, forward: unused, commandCount: 0, close: unused };
}

function owner(id: string): LeaseOwner {
  const runUrl = `https://github.example/${id}`;
  return { id, repository: 'acme/api', runId: id, runAttempt: 1, job: 'deploy', actor: id, runUrl, commit: '' };
}

/** What one owner does, in order; `pass` lets the server's time go by. */
const action = fc.oneof(
  fc.constantFrom({ kind: 'acquire' as const }, { kind: 'renew' as const }, { kind: 'release' as const }),
  fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 700 }) }),
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
const programs = fc.tuple(...['a', 'b', 'c'].map(() => fc.array(action, { maxLength: 8 })));

/** Who believes to hold the lease, and until when by the server's clock. */
class Beliefs {
  readonly until = new Map<string, number>();
  /** How often somebody came to hold it. */
  count = 0;
  private readonly server: Server;

  constructor(server: Server) {
    this.server = server;
  }

  hold(id: string, until: number): void {
    this.until.set(id, until);
    const holders = [...this.until].filter(([, end]) => end > this.server.now).map(([name]) => name);
    if (holders.includes(id)) this.count++;
    expect(holders.length).toBeLessThanOrEqual(1);
  }

  drop(id: string): void {
    this.until.delete(id);
  }
}

/** Runs one owner's program as its process would: it believes what it was told, and stops believing before it lets go. */
async function runOwner(
  id: string,
  program: readonly Action[],
  server: Server,
  beliefs: Beliefs,
  scheduler: fc.Scheduler,
): Promise<void> {
  const host = hostOf(server, scheduler);
  let lease: HeldLease | undefined;
  const options: LeaseOptions = {
    host,
    deployPath,
    owner: owner(id),
    clock: fakeClock(),
    waitMs: 0,
    ttlSeconds,
    signal: new AbortController().signal,
    onWait: () => undefined,
  };
  for (const step of program) {
    // A lease lives from the moment the server was asked: what an owner learns later it may not count longer.
    const asked = server.now;
    if (step.kind === 'pass') {
      await scheduler.schedule(Promise.resolve(), 'time passes');
      server.now += step.seconds;
    } else if (step.kind === 'acquire') {
      lease = await acquireLease(options).catch(() => undefined);
      if (lease === undefined) beliefs.drop(id);
      else beliefs.hold(id, asked + ttlSeconds);
    } else if (lease !== undefined && step.kind === 'renew') {
      const isHeld = await lease.renew().then(
        () => true,
        () => false,
      );
      if (isHeld) beliefs.hold(id, asked + ttlSeconds);
      else beliefs.drop(id);
    } else if (lease !== undefined) {
      beliefs.drop(id);
      await lease.release().catch(() => undefined);
      lease = undefined;
    }
  }
}

describe('the lease under any interleaving of reads, swaps and time', () => {
  it('never has two holders among three owners that acquire, renew, release and expire', async () => {
    let held = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), programs, async (scheduler, given) => {
        const server: Server = { now: 1000, text: '' };
        const beliefs = new Beliefs(server);
        await scheduler.waitFor(
          Promise.all(
            given.map((program, index) => runOwner('abc'.charAt(index), program, server, beliefs, scheduler)),
          ),
        );
        held += beliefs.count;
      }),
      { numRuns: 1500 },
    );
    // A property that never sees a holder proves nothing.
    expect(held).toBeGreaterThan(1500);
  });

  it('frees by hand only what was looked at: never a lease that another took in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const server: Server = { now: 1000, text: JSON.stringify({ owner: { id: 'ada' }, reason: 'freeze' }) };
        const beliefs = new Beliefs(server);
        const host = hostOf(server, scheduler);
        const isHolderGone = (): Promise<boolean> => Promise.resolve(false);
        const unlock = (id: string): Promise<unknown> =>
          freeLease({ host, deployPath, owner: owner(id), isForced: false, isHolderGone });
        const all = Promise.all([
          unlock('x'),
          runOwner('a', [{ kind: 'acquire' }, { kind: 'acquire' }, { kind: 'acquire' }], server, beliefs, scheduler),
          unlock('y'),
        ]);
        await scheduler.waitFor(all);
        expect(server.text.includes('"id":"a"')).toBe(beliefs.until.has('a'));
        expect(server.text).not.toContain('freeze');
      }),
    );
  });
});
