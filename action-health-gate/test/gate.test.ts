import { DeployError } from '@deploy-actions/kit/action/errors';
import { fakeClock, type FakeClock } from '@deploy-actions/kit/testing/fake-clock';
import type { Release } from '@deploy-actions/kit/state/release';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { describe, expect, it } from 'vitest';
import type { Check } from '../src/check.ts';
import { runGate, type GateOutcome, type GateSettings } from '../src/gate.ts';
import { describeProgress, percentile95, progressPrinter } from '../src/progress.ts';
import { releaseToMark } from '../src/release-mark.ts';
import { failedChecks, gateError, gateOutputs } from '../src/report.ts';
import { renderSummary } from '../src/summary.ts';
import type { Verdict } from '../src/verdict.ts';
import { urlCheck } from './builder.ts';

const ok: Verdict = { ok: true, observedSha: 'abcdef0' };
const down: Verdict = { ok: false, kind: 'unreachable', reason: 'connect: refused' };
const old: Verdict = {
  ok: false,
  kind: 'commit',
  reason: 'commit 1111111 answers, expected abcdef0',
  observedSha: '1111111',
};

const untouched = { marked: undefined, evidence: [] };

const settings: GateSettings = {
  deadline: milliseconds(60_000),
  initialDelay: milliseconds(0),
  stableFor: milliseconds(0),
};

/** Runs a gate on scripted verdicts; the last one of a script repeats. An attempt takes 100 ms. */
async function run(
  scripts: Readonly<Record<string, readonly Verdict[]>>,
  options: Partial<GateSettings> & {
    readonly clock?: FakeClock;
    readonly signal?: AbortSignal;
    readonly checks?: readonly Check[];
  } = {},
): Promise<GateOutcome & { readonly attempts: readonly string[] }> {
  const clock = options.clock ?? fakeClock();
  const attempts: string[] = [];
  const tries = new Map<string, number>();
  const checks = options.checks ?? Object.keys(scripts).map((name) => urlCheck(name, 'http://127.0.0.1/'));
  const outcome = await runGate(
    checks,
    { ...settings, ...options },
    {
      clock,
      signal: options.signal ?? new AbortController().signal,
      onProgress: () => undefined,
      attempt: async (check, timeoutMs, signal) => {
        const script = scripts[check.name] ?? [];
        const index = tries.get(check.name) ?? 0;
        tries.set(check.name, index + 1);
        attempts.push(`${check.name}@${clock.now()}`);
        await clock.sleep(Math.min(100, timeoutMs), signal).catch(() => undefined);
        return script[Math.min(index, script.length - 1)] ?? down;
      },
    },
  );
  return { ...outcome, attempts };
}

describe('runGate', () => {
  it('is green after as many successes in a row as the threshold asks for, an interval apart', async () => {
    const outcome = await run({ app: [ok] });
    expect(outcome).toMatchObject({ result: 'healthy', elapsedMs: 4100 });
    expect(outcome.attempts).toEqual(['app@0', 'app@2000', 'app@4000']);
  });

  it('begins the streak anew after a miss', async () => {
    const outcome = await run({ app: [ok, ok, down, ok] });
    expect(outcome.result).toBe('healthy');
    expect(outcome.progress[0]).toMatchObject({ tries: 6, streak: 3 });
  });

  it('is green no later than threshold × interval + 0.5 s after the app is ready', async () => {
    const outcome = await run({ app: [down, down, down, ok] });
    const readyAtMs = 4101;
    expect(outcome.elapsedMs - readyAtMs).toBeLessThanOrEqual(3 * 2000 + 500);
  });

  it('goes on until the new commit answers', async () => {
    expect(await run({ app: [old, old, old, old, ok] })).toMatchObject({ result: 'healthy' });
  });

  it('gives up at the deadline, not later', async () => {
    const outcome = await run({ app: [down] }, { deadline: milliseconds(7000) });
    expect(outcome).toMatchObject({ result: 'timeout', elapsedMs: 7000 });
    expect(outcome.progress[0]?.tries).toBe(4);
  });

  it('cuts the last attempt at the deadline', async () => {
    const clock = fakeClock();
    const timeouts: number[] = [];
    const check = urlCheck('app', 'http://127.0.0.1/');
    await runGate(
      [check],
      { ...settings, deadline: milliseconds(3000) },
      {
        clock,
        signal: new AbortController().signal,
        onProgress: () => undefined,
        attempt: async (_, timeoutMs) => {
          timeouts.push(timeoutMs);
          await clock.sleep(timeoutMs);
          return down;
        },
      },
    );
    expect(timeouts).toEqual([3000]);
  });

  it('tells what it saw last, not that the deadline cut an attempt short', async () => {
    const clock = fakeClock();
    let tries = 0;
    const outcome = await runGate(
      [urlCheck('app', 'http://127.0.0.1/')],
      { ...settings, deadline: milliseconds(3000) },
      {
        clock,
        signal: new AbortController().signal,
        onProgress: () => undefined,
        attempt: async (_, timeoutMs) => {
          await clock.sleep(tries++ === 0 ? 100 : timeoutMs);
          return tries === 1 ? old : { ok: false, kind: 'unreachable', reason: 'body: no answer within 1.0s' };
        },
      },
    );
    expect(tries).toBe(2);
    expect(gateError(outcome, untouched).code).toBe('WRONG_COMMIT');
  });

  it('needs all checks green at the same time: one that falls back is asked until it is green again', async () => {
    const outcome = await run({ fast: [ok, ok, ok, down, ok], slow: [down, down, down, down, ok] });
    expect(outcome.result).toBe('healthy');
    expect(outcome.progress.map((progress) => progress.streak >= 3)).toEqual([true, true]);
    expect(outcome.progress[0]?.lastMiss).toEqual(down);
  });

  it('asks all checks in parallel', async () => {
    const outcome = await run({ a: [ok], b: [ok], c: [ok] });
    expect(outcome.attempts.slice(0, 3)).toEqual(['a@0', 'b@0', 'c@0']);
    expect(outcome.elapsedMs).toBe(4100);
  });

  it('waits for the initial delay', async () => {
    const outcome = await run({ app: [ok] }, { initialDelay: milliseconds(10_000) });
    expect(outcome.attempts[0]).toBe('app@10000');
  });

  it('goes on asking while everything must stay green, and starts anew when it does not', async () => {
    const steady = await run({ app: [ok] }, { stableFor: milliseconds(10_000) });
    expect(steady).toMatchObject({ result: 'healthy', elapsedMs: 14_100 });
    const crashing = await run({ app: [ok, ok, ok, ok, down, ok] }, { stableFor: milliseconds(10_000) });
    expect(crashing.elapsedMs).toBeGreaterThan(steady.elapsedMs + 6000);
  });

  it('ends with the reason when the step is cancelled', async () => {
    const abort = new AbortController();
    const reason = new DeployError({ code: 'CANCELLED', message: 'the step was cancelled.' });
    const clock = fakeClock();
    void clock.sleep(5000).then(() => {
      abort.abort(reason);
    });
    await expect(run({ app: [down] }, { signal: abort.signal, clock })).rejects.toBe(reason);
  });

  it('ends at once when an attempt throws, and asks no other check again', async () => {
    const clock = fakeClock();
    let lateAttempts = 0;
    const lost = new DeployError({ code: 'CONNECTION_LOST', message: 'web1: connection lost' });
    const gate = runGate([urlCheck('a', 'http://h/'), urlCheck('b', 'http://h/')], settings, {
      clock,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      attempt: async (check) => {
        await clock.sleep(10);
        if (check.name === 'a') throw lost;
        lateAttempts++;
        return down;
      },
    });
    await expect(gate).rejects.toBe(lost);
    await clock.sleep(10_000);
    expect(lateAttempts).toBeLessThanOrEqual(1);
  });
});

describe('what a gate reports', () => {
  it('names the check, where it was asked from, what was seen, and that nothing was changed', async () => {
    const outcome = await run({ app: [old], web: [ok] }, { deadline: milliseconds(7000) });
    const error = gateError(outcome, untouched);
    expect(error.code).toBe('WRONG_COMMIT');
    expect(error.message).toBe(
      'health gate: not green after 7.0s: app from the runner, attempt 4: commit 1111111 answers, expected abcdef0. This step changed nothing: what was deployed still runs.',
    );
    expect(error.hint).toContain('old container');
    expect(gateError(outcome, { marked: 7, evidence: [] }).message).toContain(
      'Release 7 still runs; it is marked as failed in the ledger',
    );
    expect(failedChecks(outcome)).toEqual([
      { name: 'app', via: 'runner', reason: 'commit 1111111 answers, expected abcdef0', tries: 4 },
    ]);
  });

  it.each([
    [down, 'HEALTH_TIMEOUT'],
    [{ ok: false, kind: 'challenge', reason: 'x' }, 'CDN_CHALLENGE'],
    [{ ok: false, kind: 'no-container', reason: 'x' }, 'NO_CONTAINER'],
    [{ ok: false, kind: 'status', reason: 'x' }, 'HEALTH_TIMEOUT'],
  ] as const)('tells %j apart as %s', async (verdict, code) => {
    expect(gateError(await run({ app: [verdict] }, { deadline: milliseconds(7000) }), untouched).code).toBe(code);
  });

  it('gives outputs as texts', async () => {
    expect(gateOutputs(await run({ app: [old, ok] }))).toEqual({
      result: 'healthy',
      observedSha: 'abcdef0',
      attempts: '4',
      elapsedMs: '6100',
      p95Ms: '100',
      failedChecks: '[]',
    });
  });

  it('shows one row per check in the summary, with foreign text escaped', async () => {
    const nasty: Verdict = { ok: false, kind: 'status', reason: 'status 500: <script>|`x`' };
    const summary = renderSummary(await run({ app: [nasty] }, { deadline: milliseconds(7000) }));
    expect(summary).toContain('❌ Health gate: red after 7.0s');
    expect(summary).toContain(
      '| app | runner | not healthy |  | 0/3 | 4 | 100 ms | status 500: &lt;script&gt;\\|\\`x\\` |',
    );
  });
});

describe('releaseToMark', () => {
  const release = { number: 3, runUrl: 'https://github.com/acme/api/actions/runs/1/attempts/1' } as Release;

  it('is the current release of this run and attempt, once', () => {
    const ledger = { releases: [release], current: release };
    expect(releaseToMark(ledger, release.runUrl)).toBe(release);
    expect(releaseToMark(ledger, 'https://github.com/acme/api/actions/runs/2/attempts/1')).toBeUndefined();
    expect(releaseToMark({ releases: [], current: { ...release, gateFailed: true } }, release.runUrl)).toBeUndefined();
    expect(releaseToMark({ releases: [], current: undefined }, release.runUrl)).toBeUndefined();
  });
});

describe('progress', () => {
  it('prints a line when something changed, and every ten seconds', async () => {
    const printed: string[] = [];
    const print = progressPrinter((line) => printed.push(line));
    const outcome = await run({ app: [down] }, { deadline: milliseconds(7000) });
    for (const elapsedMs of [0, 2000, 4000, 10_000, 12_000]) print(outcome.progress, elapsedMs);
    expect(printed).toEqual(['    0ms  app: not yet (connect: refused)', '  10.0s  app: not yet (connect: refused)']);
    expect(describeProgress((await run({ app: [ok] })).progress)).toBe('app: ok');
  });

  it('takes the 95th percentile by nearest rank', () => {
    expect(percentile95([])).toBeUndefined();
    expect(percentile95([7])).toBe(7);
    expect(percentile95(Array.from({ length: 100 }, (_, index) => 100 - index))).toBe(95);
  });
});
