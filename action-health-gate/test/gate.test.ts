import { DeployError } from '@deploy-actions/kit/action/errors';
import { fakeClock, type FakeClock } from '@deploy-actions/kit/testing/fake-clock';
import type { Release } from '@deploy-actions/kit/state/release';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { describe, expect, it } from 'vitest';
import type { Check } from '../src/check.ts';
import { runGate, type GateOutcome, type GateSettings } from '../src/gate.ts';
import { describeProgress, percentile95, progressPrinter } from '../src/progress.ts';
import { releaseToMark } from '../src/release-mark.ts';
import { renderReport } from '../src/report-file.ts';
import { allowedWarning, failedChecks, gateError, gateOutputs } from '../src/report.ts';
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

  it('asks less and less often where that is asked for, and at the interval again after a success', async () => {
    const checks = [urlCheck('app', 'http://127.0.0.1/', { backoff: 2, successThreshold: 2 })];
    const outcome = await run({ app: [down, down, down, ok] }, { checks });
    expect(outcome.attempts).toEqual(['app@0', 'app@2000', 'app@6000', 'app@14000', 'app@16000']);
    const never = await run({ app: [down] }, { checks, deadline: milliseconds(120_000) });
    const starts = never.attempts.map((attempt) => Number(attempt.split('@')[1]));
    expect((starts.at(-1) ?? 0) - (starts.at(-2) ?? 0)).toBe(30_000);
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

  it('ends at once with what no later attempt can make good', async () => {
    const failed: Verdict = { ok: false, kind: 'failed', reason: 'container api-1 ended (exit code 3)', isFinal: true };
    const outcome = await run({ app: [ok, failed], web: [down] });
    expect(outcome).toMatchObject({ result: 'unhealthy', elapsedMs: 2100 });
    const error = gateError(outcome, untouched);
    expect(error.code).toBe('CONTAINER_FAILED');
    expect(error.message).toContain('app (and 1 more) from the runner, attempt 2: container api-1 ended (exit code 3)');
  });

  it('begins the streak anew when other containers answer, though no attempt missed', async () => {
    const of = (subjects: string): Verdict => ({ ok: true, subjects });
    const outcome = await run({ app: [of('a'), of('a'), of('a b'), of('b')] });
    expect(outcome.progress[0]).toMatchObject({ tries: 6, successes: 6, streak: 3, subjects: 'b' });
    const baked = await run({ app: [of('a'), of('a'), of('a'), of('b')] }, { stableFor: milliseconds(10_000) });
    // 'b' answers from 6 s on, is green at 10 s, and has been for 10 s at 20 s.
    expect(baked.elapsedMs).toBe(20_100);
  });

  it('is green without a check that may fail, after this had its tries, and warns', async () => {
    const checks = [
      urlCheck('app', 'http://127.0.0.1/'),
      urlCheck('contract', 'http://127.0.0.1/', { isAllowedToFail: true }),
    ];
    const outcome = await run({ app: [ok], contract: [down] }, { checks });
    expect(outcome).toMatchObject({ result: 'healthy', elapsedMs: 4100 });
    expect(outcome.progress[1]?.tries).toBe(3);
    expect(failedChecks(outcome)).toMatchObject([{ name: 'contract', allowed: true }]);
    expect(allowedWarning(outcome)).toBe(
      'health gate: green, without a check that is allowed to fail: contract: connect: refused',
    );
    expect(renderSummary(outcome)).toContain('| contract | runner | ⚠️ not healthy (allowed) |');
    expect(allowedWarning(await run({ app: [ok] }))).toBeUndefined();
  });

  it('does not end, and does not wait until the deadline, for a check that may fail and has failed for good', async () => {
    const failed: Verdict = { ok: false, kind: 'failed', reason: 'gone', isFinal: true };
    const checks = [
      urlCheck('app', 'http://127.0.0.1/'),
      urlCheck('job', 'http://127.0.0.1/', { isAllowedToFail: true }),
    ];
    const outcome = await run({ app: [down, ok], job: [failed] }, { checks });
    expect(outcome).toMatchObject({ result: 'healthy', elapsedMs: 6100 });
    expect(outcome.progress[1]?.tries).toBe(1);
  });

  it('is green at the deadline though a check that may fail never answered', async () => {
    const clock = fakeClock();
    const checks = [
      urlCheck('app', 'http://127.0.0.1/', { successThreshold: 1 }),
      urlCheck('slow', 'http://127.0.0.1/', { isAllowedToFail: true, attemptTimeoutMs: 60_000 }),
    ];
    const doors = { clock, signal: new AbortController().signal, onProgress: () => undefined };
    const outcome = await runGate(
      checks,
      { ...settings, deadline: milliseconds(5000) },
      {
        ...doors,
        attempt: async (check, timeoutMs) => {
          await clock.sleep(check.name === 'app' ? 10 : timeoutMs);
          return check.name === 'app' ? ok : down;
        },
      },
    );
    expect(outcome).toMatchObject({ result: 'healthy', elapsedMs: 5000 });
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
      'health gate: not green after 7.0s: app from the runner, attempt 4: commit 1111111 answers, expected abcdef0 (never healthy). This step changed nothing: what was deployed still runs.',
    );
    expect(error.hint).toContain('old container');
    expect(gateError(outcome, { marked: 7, evidence: [] }).message).toContain(
      'Release 7 still runs; it is marked as failed in the ledger',
    );
    expect(failedChecks(outcome)).toEqual([
      {
        name: 'app',
        via: 'runner',
        reason: 'commit 1111111 answers, expected abcdef0',
        tries: 4,
        lastHealthy: null,
        allowed: false,
      },
    ]);
  });

  it('tells when a check was last healthy, and what changed then', async () => {
    const outcome = await run({ app: [down, ok, ok, old, down] }, { deadline: milliseconds(9000) });
    const error = gateError(outcome, untouched);
    expect(error.message).toContain(
      'app from the runner, attempt 5: connect: refused (last healthy 4.1s into the gate)',
    );
    expect(error.evidence).toEqual([
      'app: connect: refused; 5 tries, 2 good',
      '  last healthy 4.1s into the gate (attempt 3, 03:04:09Z, commit abcdef0); since attempt 4 (03:04:11Z), which said: commit 1111111 answers, expected abcdef0',
    ]);
    expect(renderSummary(outcome)).toContain(
      '| 5 | 100 ms | 2026-01-02T03:04:09Z, 4.1s into the gate (attempt 3) | connect: refused |',
    );
    expect(failedChecks(outcome)).toMatchObject([{ lastHealthy: '2026-01-02T03:04:09.100Z' }]);
    expect(JSON.parse(renderReport(outcome, error))).toMatchObject({
      checks: [{ lastHealthy: { attempt: 3, afterMs: 4100 }, turn: { attempt: 4, reason: old.reason } }],
    });
  });

  it('says so when the last attempt was good, only not often enough, and keeps the column out of a green table', async () => {
    const late = await run({ app: [down, down, down, ok] }, { deadline: milliseconds(7000) });
    expect(gateError(late, untouched).message).toContain('1 of 3 successes in a row; before them: connect: refused');
    expect(renderSummary(late)).toContain('| at the end |');
    expect(gateError(late, untouched).evidence[1]).toBe(
      '  last healthy 6.1s into the gate (attempt 4, 03:04:11Z, commit abcdef0)',
    );
    expect(renderSummary(await run({ app: [old, ok] }))).not.toContain('Last healthy');
  });

  it.each([
    [down, 'HEALTH_TIMEOUT'],
    [{ ok: false, kind: 'challenge', reason: 'x' }, 'CDN_CHALLENGE'],
    [{ ok: false, kind: 'no-container', reason: 'x' }, 'NO_CONTAINER'],
    [{ ok: false, kind: 'status', reason: 'x' }, 'HEALTH_TIMEOUT'],
    [{ ok: false, kind: 'assertion', reason: 'x' }, 'HEALTH_TIMEOUT'],
    [{ ok: false, kind: 'latency', reason: 'x' }, 'HEALTH_TIMEOUT'],
    [{ ok: false, kind: 'exec', reason: 'x' }, 'HEALTH_TIMEOUT'],
    [{ ok: false, kind: 'unhealthy', reason: 'x' }, 'HEALTH_TIMEOUT'],
  ] as const)('tells %j apart as %s', async (verdict, code) => {
    expect(gateError(await run({ app: [verdict] }, { deadline: milliseconds(7000) }), untouched).code).toBe(code);
  });

  it('is red for what a log scan found, though all checks were green', async () => {
    const outcome = {
      ...(await run({ app: [ok] })),
      result: 'unhealthy' as const,
      logMatches: ['api-1 logged: panic'],
    };
    const error = gateError(outcome, untouched);
    expect(error.code).toBe('LOG_MATCH');
    expect(error.message).toContain('all checks were green, but api-1 logged: panic. This step changed nothing');
    expect(renderSummary(outcome)).toContain('❌ Health gate: red after 4.1s\n\n- api-1 logged: panic\n');
  });

  it('leaves a report that a later step can read', async () => {
    const outcome = await run({ app: [old] }, { deadline: milliseconds(7000) });
    expect(JSON.parse(renderReport(outcome, gateError(outcome, untouched)))).toMatchObject({
      result: 'timeout',
      errorCode: 'WRONG_COMMIT',
      elapsedMs: 7000,
      checks: [{ name: 'app', type: 'http', via: 'runner', green: false, tries: 4, successes: 0, threshold: 3 }],
    });
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
      '| app | runner | not healthy |  | 0/3 | 4 | 100 ms | never | status 500: &lt;script&gt;\\|\\`x\\` |',
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

  it('names of many checks only those that are not good', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `app ${index}`);
    const scripts = Object.fromEntries(names.map((name, index) => [name, [index === 2 ? down : ok]]));
    const outcome = await run(scripts, { deadline: milliseconds(7000) });
    expect(describeProgress(outcome.progress)).toBe('5 of 6 ok · app 2: not yet (connect: refused)');
  });

  it('takes the 95th percentile by nearest rank', () => {
    expect(percentile95([])).toBeUndefined();
    expect(percentile95([7])).toBe(7);
    expect(percentile95(Array.from({ length: 100 }, (_, index) => 100 - index))).toBe(95);
  });
});
