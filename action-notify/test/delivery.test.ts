import { DeployError } from '@deploy-actions/kit/action/errors';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { deliver, type Letter } from '../src/delivery.ts';
import { nextStep, readRetryAfter, type Reply } from '../src/delivery-step.ts';

const reply = (status: number, retryAfterMs?: number, said = ''): Reply => ({
  kind: 'answer',
  status,
  retryAfterMs,
  said,
});
const silence: Reply = { kind: 'no-answer', problem: 'no answer within 10.0s' };

describe('nextStep', () => {
  it('is done with any 2xx', () => {
    for (const status of [200, 202, 204]) expect(nextStep(reply(status), 1, 20_000, 1)).toEqual({ kind: 'done' });
  });

  it('waits as long as a 429 asks', () => {
    expect(nextStep(reply(429, 1300), 1, 20_000, 1)).toEqual({ kind: 'retry', waitMs: 1300 });
  });

  it('backs off, longer each time, for 5xx and silence', () => {
    const waits = [1, 2, 3, 4, 5, 6].map((tries) => nextStep(reply(500), tries, 60_000, 1));
    expect(waits.map((step) => (step.kind === 'retry' ? step.waitMs : -1))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000,
    ]);
    expect(nextStep(silence, 1, 20_000, 0)).toEqual({ kind: 'retry', waitMs: 250 });
  });

  it('does not wait for what cannot get through before the deadline', () => {
    expect(nextStep(reply(429, 30_000), 1, 20_000, 1)).toEqual({
      kind: 'fail',
      reason: 'answered 429; after 1 try the deadline is near',
    });
  });

  it.each([
    [reply(404, undefined, 'no_service'), 'answered 404 (no_service)'],
    [reply(400, undefined, 'invalid_payload'), 'answered 400 (invalid_payload)'],
    [reply(302), 'answered 302, and redirects are refused'],
  ])('gives up at once on %j', (answer, reason) => {
    expect(nextStep(answer, 1, 20_000, 1)).toEqual({ kind: 'fail', reason });
  });
});

describe('readRetryAfter', () => {
  const now = new Date('2026-01-02T03:04:05Z');

  it('reads seconds, a date, and the fraction of a second of Discord', () => {
    expect(readRetryAfter('2', '', now)).toBe(2000);
    expect(readRetryAfter('Fri, 02 Jan 2026 03:04:08 GMT', '', now)).toBe(3000);
    expect(readRetryAfter('1', '{"message":"limited","retry_after":0.65}', now)).toBe(650);
  });

  it('reads nothing from what is no time', () => {
    expect(readRetryAfter(null, 'rate limited', now)).toBeUndefined();
    expect(readRetryAfter('soon', '', now)).toBeUndefined();
  });
});

const letter: Letter = {
  provider: 'slack',
  url: new URL('https://hooks.slack.com/services/T/B/s3cret-token'),
  body: '{}',
  headers: {},
  secrets: ['https://hooks.slack.com/services/T/B/s3cret-token', 's3cret-token'],
};

/** Delivers on scripted replies; an Error in the script is thrown. The last one repeats. */
async function run(script: readonly (Reply | Error)[], deadlineMs = 20_000, signal = new AbortController().signal) {
  const clock = fakeClock();
  const at: number[] = [];
  const delivery = await deliver(letter, deadlineMs, {
    clock,
    signal,
    random: () => 1,
    post: () => {
      at.push(clock.now());
      const next = script[Math.min(at.length, script.length) - 1] ?? silence;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  });
  return { delivery, at, elapsedMs: clock.now() };
}

describe('deliver', () => {
  it('tries again until it gets through', async () => {
    const { delivery, at } = await run([reply(429, 1000), reply(500), new Error('reset'), reply(200)]);
    expect(delivery).toEqual({ provider: 'slack', result: 'ok' });
    expect(at).toEqual([0, 1000, 2000, 4000]);
  });

  it('gives up before the deadline', async () => {
    const { delivery, elapsedMs } = await run([reply(503)], 5000);
    expect(delivery).toMatchObject({ result: 'error', detail: 'answered 503; after 4 tries the deadline is near' });
    expect(elapsedMs).toBeLessThan(5000);
  });

  it('tells the cause of a failed fetch, and never the address or its token', async () => {
    const cause = new Error('connect ECONNREFUSED for https://hooks.slack.com/services/T/B/s3cret-token');
    const { delivery } = await run([new TypeError('fetch failed', { cause })], 100);
    expect(delivery.detail).toBe('no answer (connect ECONNREFUSED for ***); after 1 try the deadline is near');
  });

  it('hides the token that a service repeats in its answer', async () => {
    const { delivery } = await run([reply(404, undefined, 'no hook s3cret-token')]);
    expect(delivery.detail).toBe('answered 404 (no hook ***)');
  });

  it('ends with the reason of the step when that is cancelled', async () => {
    const abort = new AbortController();
    const reason = new DeployError({ code: 'CANCELLED', message: 'cancelled' });
    abort.abort(reason);
    await expect(run([silence], 20_000, abort.signal)).rejects.toBe(reason);
  });
});
