/** What came back from one attempt to deliver. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly retryAfterMs: number | undefined;
      readonly said: string;
    }
  | { readonly kind: 'no-answer'; readonly problem: string };

export type Step =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly waitMs: number }
  | { readonly kind: 'fail'; readonly reason: string };

const firstBackoffMs = 500;
const longestBackoffMs = 8000;

/**
 * What to do after attempt number `tries`: 429 waits as long as the service says, 5xx and silence back off, anything else is
 * final. A wait that does not end before the deadline is a failure at once.
 * @param jitter from 0 to 1
 */
export function nextStep(reply: Reply, tries: number, leftMs: number, jitter: number): Step {
  if (reply.kind === 'answer' && reply.status >= 200 && reply.status < 300) return { kind: 'done' };
  const reason = describeReply(reply);
  if (reply.kind === 'answer' && !isTransient(reply.status)) return { kind: 'fail', reason };
  const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (tries - 1)) * (0.5 + jitter / 2);
  const waitMs = (reply.kind === 'answer' ? reply.retryAfterMs : undefined) ?? backoffMs;
  if (waitMs < leftMs) return { kind: 'retry', waitMs };
  return { kind: 'fail', reason: `${reason}; after ${tries} ${tries === 1 ? 'try' : 'tries'} the deadline is near` };
}

function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function describeReply(reply: Reply): string {
  if (reply.kind === 'no-answer') return reply.problem;
  if (reply.status >= 300 && reply.status < 400) return `answered ${reply.status}, and redirects are refused`;
  return `answered ${reply.status}${reply.said === '' ? '' : ` (${reply.said})`}`;
}

/**
 * How long a 429 asks to wait: the header `Retry-After` in seconds or as a date, or Discord's `retry_after` in the body, in
 * seconds with a fraction. Undefined when the answer does not say.
 */
export function readRetryAfter(header: string | null, body: string, now: Date): number | undefined {
  const inBody = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(body)?.[1];
  if (inBody !== undefined) return Math.ceil(Number(inBody) * 1000);
  if (header === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Math.ceil(Number(header) * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
