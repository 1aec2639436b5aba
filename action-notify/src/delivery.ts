import { describeThrown } from '@deploy-actions/kit/action/errors';
import { redact } from '@deploy-actions/kit/action/secrets';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { nextStep, readRetryAfter, type Reply } from './delivery-step.ts';
import { cleanLine } from './plain-text.ts';

export type Provider = 'slack' | 'discord' | 'webhook' | 'github';

/** One message, ready to be sent. */
export interface Letter {
  readonly provider: Provider;
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What must not appear in any text about this letter. */
  readonly secrets: readonly string[];
}

/** What became of it. */
export interface Delivery {
  readonly provider: Provider;
  readonly result: 'ok' | 'skipped' | 'error';
  /** Why it was skipped or failed; for people, without secrets. */
  readonly detail?: string;
}

/** The door to web services: one POST, whose redirect is not followed. */
export type Post = (letter: Letter, signal: AbortSignal) => Promise<Reply>;

export interface DeliveryDoors {
  readonly clock: Clock;
  readonly post: Post;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly random: () => number;
}

const longestReplyMs = 10_000;

/** Sends a letter, again while that may help and until `deadlineAt` on the clock. Only cancellation is thrown. */
export async function deliver(letter: Letter, deadlineAt: number, doors: DeliveryDoors): Promise<Delivery> {
  const { clock, post, signal, random } = doors;
  for (let tries = 1; ; tries++) {
    const timeoutMs = Math.min(longestReplyMs, deadlineAt - clock.now());
    const reply = await tryOnce(
      () => post(letter, AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)))])),
      timeoutMs,
    );
    signal.throwIfAborted();
    const step = nextStep(reply, tries, deadlineAt - clock.now(), random());
    if (step.kind === 'done') return { provider: letter.provider, result: 'ok' };
    if (step.kind === 'fail') {
      return { provider: letter.provider, result: 'error', detail: redact(step.reason, letter.secrets) };
    }
    await clock.sleep(step.waitMs, signal);
  }
}

async function tryOnce(send: () => Promise<Reply>, timeoutMs: number): Promise<Reply> {
  try {
    return await send();
  } catch (thrown) {
    const isTimeout = thrown instanceof Error && thrown.name === 'TimeoutError';
    // `fetch failed` says nothing; its cause does.
    const root = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    const problem = isTimeout ? `no answer within ${formatDuration(timeoutMs)}` : `no answer (${describeThrown(root)})`;
    return { kind: 'no-answer', problem: cleanLine(problem) };
  }
}

const longestSaid = 200;
const longestReplyBytes = 4096;

/** The real door, through `fetch`. */
export const postOverHttp: Post = async (letter, signal) => {
  const response = await fetch(letter.url, {
    method: 'POST',
    body: letter.body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'deploy-actions-notify',
      ...letter.headers,
    },
    redirect: 'manual',
    signal,
  });
  const text = await readStart(response);
  return {
    kind: 'answer',
    status: response.status,
    retryAfterMs: readRetryAfter(response.headers.get('retry-after'), text, new Date()),
    said: cleanLine(text).slice(0, longestSaid),
  };
};

/** The first bytes of an answer; the rest is not worth waiting for. */
async function readStart(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= longestReplyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, longestReplyBytes).toString('utf8');
}
