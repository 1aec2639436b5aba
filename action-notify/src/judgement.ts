import { isRecord, readRecord } from './json.ts';
import type { MessageRef } from './message-ref.ts';
import { cleanLine } from './plain-text.ts';

/** What a service answered. */
export interface Answer {
  readonly status: number;
  /** How long it asks to wait. */
  readonly retryAfterMs: number | undefined;
  /** Its body, or the beginning of a long one. */
  readonly text: string;
}

/** What an answer means. Reasons are for people and may still hold secrets that the service repeats. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly ref?: MessageRef }
  | { readonly kind: 'transient'; readonly reason: string; readonly retryAfterMs?: number }
  /** The message that was to be changed or answered is not there any more. */
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

export type Judge = (answer: Answer) => Verdict;

const longestSaid = 200;

/** By status alone: 2xx is accepted; 408, 429 and 5xx may pass; anything else is final. */
export function judgeStatus({ status, retryAfterMs, text }: Answer): Verdict {
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status >= 300 && status < 400) {
    return { kind: 'refused', reason: `answered ${status}, and redirects are refused` };
  }
  const said = cleanLine(text).slice(0, longestSaid);
  const reason = `answered ${status}${said === '' ? '' : ` (${said})`}`;
  if (status !== 408 && status !== 429 && status < 500) return { kind: 'refused', reason };
  return { kind: 'transient', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Slack's words for trouble of its own, which comes with status 200. */
const slackTransient = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);
const slackGone = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed', 'thread_not_found']);
/** The next thing to do, for the errors that people meet. */
const slackHints: Readonly<Record<string, string>> = {
  not_in_channel: 'invite the app to the channel',
  channel_not_found: 'give the id of the channel, and invite the app to it',
  missing_scope: 'the app needs the scope chat:write',
  invalid_auth: 'is slack-token the bot token, xoxb-…?',
  not_authed: 'is slack-token the bot token, xoxb-…?',
};

/** Slack's Web API answers 200 with `ok: false` for most errors. */
export function judgeSlack(channel: string): Judge {
  return (answer) => {
    const verdict = judgeStatus(answer);
    if (verdict.kind !== 'accepted') return verdict;
    const { ok, error, ts, channel: posted } = readRecord(answer.text);
    if (ok === true) {
      if (typeof ts !== 'string') return verdict;
      const elsewhere = typeof posted === 'string' && posted !== channel ? { channel: posted } : {};
      return { kind: 'accepted', ref: { 'slack-bot': { ts, ...elsewhere } } };
    }
    const word = typeof error === 'string' ? cleanLine(error).slice(0, longestSaid) : 'no reason';
    const hint = Object.hasOwn(slackHints, word) ? `: ${slackHints[word] ?? ''}` : '';
    const reason = `refused it (${word}${hint})`;
    if (slackGone.has(word)) return { kind: 'gone', reason };
    if (!slackTransient.has(word)) return { kind: 'refused', reason };
    const { retryAfterMs } = answer;
    return { kind: 'transient', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  };
}

/**
 * Discord answers with the message when it was asked to wait; 404 to a change means that the message is gone.
 * @param thread where the message is, or `new` for one that the message begins: then the answer's channel is the thread
 */
export function judgeDiscord(thread: string | undefined): Judge {
  return (answer) => {
    const verdict = judgeStatus(answer);
    if (verdict.kind === 'refused' && answer.status === 404) return { kind: 'gone', reason: verdict.reason };
    const { id, channel_id: channel } = readRecord(answer.text);
    if (verdict.kind !== 'accepted' || typeof id !== 'string') return verdict;
    const place = thread === 'new' ? channel : thread;
    return { kind: 'accepted', ref: { discord: { id, ...(typeof place === 'string' ? { thread: place } : {}) } } };
  };
}

/** Telegram tells errors in `description`; a change to the same text is an error there, and none here. */
export function judgeTelegram(answer: Answer): Verdict {
  const { description, result } = readRecord(answer.text);
  const said = typeof description === 'string' ? description : '';
  if (answer.status === 400 && /message is not modified/i.test(said)) return { kind: 'accepted' };
  const verdict = judgeStatus(answer);
  if (answer.status === 400 && /message (to (edit|be replied) )?not found|message can't be edited/i.test(said)) {
    return { kind: 'gone', reason: `refused it (${cleanLine(said)})` };
  }
  const id = isRecord(result) ? result['message_id'] : undefined;
  return verdict.kind === 'accepted' && typeof id === 'number'
    ? { kind: 'accepted', ref: { telegram: { id } } }
    : verdict;
}

/** ntfy answers with the id under which later messages replace this one. */
export function judgeNtfy(answer: Answer): Verdict {
  const verdict = judgeStatus(answer);
  const { id } = readRecord(answer.text);
  return verdict.kind === 'accepted' && typeof id === 'string' ? { kind: 'accepted', ref: { ntfy: { id } } } : verdict;
}
