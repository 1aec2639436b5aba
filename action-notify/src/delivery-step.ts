import type { Verdict } from './judgement.ts';

export type Step =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly waitMs: number }
  | { readonly kind: 'replace'; readonly reason: string }
  | { readonly kind: 'fail'; readonly reason: string };

const firstBackoffMs = 500;
const longestBackoffMs = 8000;

/**
 * What to do after attempt number `tries`: what may pass is tried again after as long as the service says, or with a
 * backoff; a wait that does not end before the deadline is a failure at once.
 * @param jitter from 0 to 1
 */
export function nextStep(verdict: Verdict, tries: number, leftMs: number, jitter: number): Step {
  if (verdict.kind === 'accepted') return { kind: 'done' };
  if (verdict.kind === 'gone') return { kind: 'replace', reason: verdict.reason };
  if (verdict.kind === 'refused') return { kind: 'fail', reason: verdict.reason };
  const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (tries - 1)) * (0.5 + jitter / 2);
  const waitMs = verdict.retryAfterMs ?? backoffMs;
  if (waitMs < leftMs) return { kind: 'retry', waitMs };
  const often = `${tries} ${tries === 1 ? 'try' : 'tries'}`;
  return { kind: 'fail', reason: `${verdict.reason}; after ${often} the deadline is near` };
}

/**
 * How long a 429 asks to wait: the header `Retry-After` in seconds or as a date, or `retry_after` in the body (Discord,
 * Telegram), in seconds with a fraction. Undefined when the answer does not say.
 */
export function readRetryAfter(header: string | null, body: string, now: Date): number | undefined {
  const inBody = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(body)?.[1];
  if (inBody !== undefined) return Math.ceil(Number(inBody) * 1000);
  if (header === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Math.ceil(Number(header) * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
