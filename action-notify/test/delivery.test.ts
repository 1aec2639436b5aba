import { DeployError } from '@deploy-actions/kit/action/errors';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { deliver, type Letter } from '../src/delivery.ts';
import { nextStep, readRetryAfter } from '../src/delivery-step.ts';
import { judgeDiscord, judgeNtfy, judgeSlack, judgeStatus, judgeTelegram, type Answer } from '../src/judgement.ts';

const reply = (status: number, retryAfterMs?: number, text = ''): Answer => ({ status, retryAfterMs, text });
const json = (body: unknown, status = 200): Answer => reply(status, undefined, JSON.stringify(body));
const silence = { kind: 'transient', reason: 'no answer within 10.0s' } as const;

describe('nextStep', () => {
  it('is done with any 2xx', () => {
    for (const status of [200, 202, 204])
      expect(nextStep(judgeStatus(reply(status)), 1, 20_000, 1)).toEqual({ kind: 'done' });
  });

  it('waits as long as a 429 asks', () => {
    expect(nextStep(judgeStatus(reply(429, 1300)), 1, 20_000, 1)).toEqual({ kind: 'retry', waitMs: 1300 });
  });

  it('backs off, longer each time, for 5xx and silence', () => {
    const waits = [1, 2, 3, 4, 5, 6].map((tries) => nextStep(judgeStatus(reply(500)), tries, 60_000, 1));
    expect(waits.map((step) => (step.kind === 'retry' ? step.waitMs : -1))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000,
    ]);
    expect(nextStep(silence, 1, 20_000, 0)).toEqual({ kind: 'retry', waitMs: 250 });
  });

  it('does not wait for what cannot get through before the deadline', () => {
    expect(nextStep(judgeStatus(reply(429, 30_000)), 1, 20_000, 1)).toEqual({
      kind: 'fail',
      reason: 'answered 429; after 1 try the deadline is near',
    });
  });

  it.each([
    [reply(404, undefined, 'no_service'), 'answered 404 (no_service)'],
    [reply(400, undefined, 'invalid_payload'), 'answered 400 (invalid_payload)'],
    [reply(302), 'answered 302, and redirects are refused'],
  ])('gives up at once on %j', (answer, reason) => {
    expect(nextStep(judgeStatus(answer), 1, 20_000, 1)).toEqual({ kind: 'fail', reason });
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

describe('an answer', () => {
  it('of Slack is judged by its words, because its status is 200 for most errors', () => {
    const judge = judgeSlack('C012AB3CD');
    expect(judge(json({ ok: true, channel: 'C012AB3CD', ts: '1700000000.000100' }))).toEqual({
      kind: 'accepted',
      ref: { 'slack-bot': { ts: '1700000000.000100' } },
    });
    expect(judge(json({ ok: true, channel: 'D99', ts: '1.2' }))).toMatchObject({
      ref: { 'slack-bot': { ts: '1.2', channel: 'D99' } },
    });
    expect(judge(json({ ok: false, error: 'not_in_channel' }))).toEqual({
      kind: 'refused',
      reason: 'refused it (not_in_channel: invite the app to the channel)',
    });
    expect(judge(json({ ok: false, error: 'message_not_found' })).kind).toBe('gone');
    expect(judge(json({ ok: false, error: 'internal_error' })).kind).toBe('transient');
    expect(judge(reply(200, undefined, '<html>')).kind).toBe('refused');
  });

  it('of Discord holds the thread that the message began', () => {
    const posted = json({ id: '4711555', channel_id: '88888', type: 0 });
    expect(judgeDiscord('new')(posted)).toEqual({
      kind: 'accepted',
      ref: { discord: { id: '4711555', thread: '88888' } },
    });
    expect(judgeDiscord(undefined)(posted)).toEqual({ kind: 'accepted', ref: { discord: { id: '4711555' } } });
  });

  it('of Discord holds the id of the message; 404 means that it is gone', () => {
    expect(judgeDiscord('77')(json({ id: '4711' }))).toEqual({
      kind: 'accepted',
      ref: { discord: { id: '4711', thread: '77' } },
    });
    expect(judgeDiscord(undefined)(json({ code: 10_008 }, 404)).kind).toBe('gone');
  });

  it('of Telegram that nothing is to be changed is no error', () => {
    expect(judgeTelegram(json({ ok: true, result: { message_id: 5 } }))).toEqual({
      kind: 'accepted',
      ref: { telegram: { id: 5 } },
    });
    const refusal = (description: string) => judgeTelegram(json({ ok: false, error_code: 400, description }, 400)).kind;
    expect(refusal('Bad Request: message is not modified: specified new message content')).toBe('accepted');
    expect(refusal('Bad Request: message to edit not found')).toBe('gone');
    expect(refusal("Bad Request: message can't be edited")).toBe('gone');
    expect(refusal('Bad Request: message to be replied not found')).toBe('gone');
    expect(refusal('Bad Request: chat not found')).toBe('refused');
  });

  it('of ntfy holds the id under which it can be replaced', () => {
    expect(judgeNtfy(json({ id: 'xE73Iyuabi' }))).toEqual({ kind: 'accepted', ref: { ntfy: { id: 'xE73Iyuabi' } } });
  });
});

const letter: Letter = {
  provider: 'slack',
  method: 'POST',
  url: new URL('https://hooks.slack.com/services/T/B/s3cret-token'),
  payload: {},
  headers: {},
  judge: judgeStatus,
  secrets: ['https://hooks.slack.com/services/T/B/s3cret-token', 's3cret-token'],
};

interface Run {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly sent?: Letter;
}

/** Delivers on scripted replies; an Error in the script is thrown. The last one repeats. */
async function run(script: readonly (Answer | Error)[], { deadlineMs = 20_000, signal, sent = letter }: Run = {}) {
  const clock = fakeClock();
  const at: number[] = [];
  const urls: string[] = [];
  const delivery = await deliver(sent, deadlineMs, {
    clock,
    signal: signal ?? new AbortController().signal,
    random: () => 1,
    send: ({ url }) => {
      at.push(clock.now());
      urls.push(url.pathname);
      const next = script[Math.min(at.length, script.length) - 1] ?? new Error('the script is empty');
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  });
  return { delivery, at, urls, elapsedMs: clock.now() };
}

describe('deliver', () => {
  it('tries again until it gets through', async () => {
    const { delivery, at } = await run([reply(429, 1000), reply(500), new Error('reset'), reply(200)]);
    expect(delivery).toEqual({ provider: 'slack', result: 'ok' });
    expect(at).toEqual([0, 1000, 2000, 4000]);
  });

  it('gives up before the deadline', async () => {
    const { delivery, elapsedMs } = await run([reply(503)], { deadlineMs: 5000 });
    expect(delivery).toMatchObject({ result: 'error', detail: 'answered 503; after 4 tries the deadline is near' });
    expect(elapsedMs).toBeLessThan(5000);
  });

  it('tells the cause of a failed fetch, and never the address or its token', async () => {
    const cause = new Error('connect ECONNREFUSED for https://hooks.slack.com/services/T/B/s3cret-token');
    const { delivery } = await run([new TypeError('fetch failed', { cause })], { deadlineMs: 100 });
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
    await expect(run([new Error('reset')], { signal: abort.signal })).rejects.toBe(reason);
  });

  const gone: Letter = {
    ...letter,
    provider: 'discord',
    url: new URL('https://a/old'),
    judge: judgeDiscord(undefined),
  };

  it('writes a new message when the earlier one is gone, and says so', async () => {
    const sent = { ...gone, otherwise: { ...gone, url: new URL('https://a/new') } };
    const { delivery, urls } = await run([reply(404), json({ id: '2' })], { sent });
    expect(urls).toEqual(['/old', '/new']);
    expect(delivery).toMatchObject({ result: 'ok', ref: { discord: { id: '2' } } });
    expect(delivery.detail).toContain('a new one');
  });

  it('sends a mention after a change, and tells when only that failed', async () => {
    const sent = { ...gone, next: { ...gone, url: new URL('https://a/alert') } };
    const both = await run([json({ id: '1' }), json({ id: '9' })], { sent });
    expect(both.urls).toEqual(['/old', '/alert']);
    expect(both.delivery).toEqual({ provider: 'discord', result: 'ok', ref: { discord: { id: '1' } } });
    const { delivery } = await run([json({ id: '1' }), reply(400)], { sent });
    expect(delivery).toMatchObject({ result: 'error', ref: { discord: { id: '1' } } });
    expect(delivery.detail).toContain('the message was changed, but not the mention sent');
  });
});
