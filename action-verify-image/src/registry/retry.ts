import type { Answer, ExchangeError } from './http.ts';

/** What to do after one try. */
export type NextTry =
  { readonly kind: 'done' } | { readonly kind: 'wait'; readonly ms: number } | { readonly kind: 'give-up' };

export interface RetryPolicy {
  /** Tries after the first. */
  readonly retries: number;
  /** From the first try on: no wait goes beyond it. */
  readonly deadlineMs: number;
}

const firstWaitMs = 500;
const longestWaitMs = 10_000;
const transientStatuses: readonly number[] = [429, 500, 502, 503, 504];

/** Decides after the try with this number (1 is the first): transient answers and faults are tried again. */
export function nextTry(
  outcome: Answer | ExchangeError,
  tries: number,
  elapsedMs: number,
  policy: RetryPolicy,
  now: Date,
): NextTry {
  const isTransient =
    'status' in outcome
      ? transientStatuses.includes(outcome.status)
      : outcome.fault === 'network' || outcome.fault === 'timeout';
  if (!isTransient) return { kind: 'done' };
  const asked = 'status' in outcome ? parseRetryAfter(outcome.headers['retry-after'], now) : undefined;
  const ms = asked ?? Math.min(firstWaitMs * 2 ** (tries - 1), longestWaitMs);
  return tries > policy.retries || elapsedMs + ms > policy.deadlineMs ? { kind: 'give-up' } : { kind: 'wait', ms };
}

/** Reads Retry-After: seconds or an HTTP date (RFC 9110 §10.2.3). Milliseconds from `now`; undefined when unreadable. */
export function parseRetryAfter(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse reads far more than an HTTP date: `-1`, for one.
  const at = /^[A-Z][a-z]{2},/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
