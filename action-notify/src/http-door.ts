import type { Letter, Send } from './delivery.ts';
import { readRetryAfter } from './delivery-step.ts';
import type { Answer } from './judgement.ts';
import { sendThroughSlack } from './slack-door.ts';

/** The real door to all services: Slack through Slack's own libraries, the others through `fetch`. */
export const sendOverHttp: Send = async (letter, signal) => {
  const isSlack = letter.provider === 'slack' || letter.provider === 'slack-bot';
  return isSlack
    ? sendThroughSlack(letter, (url, init) => fetchOnce(url, { ...init, signal }))
    : sendJson(letter, signal);
};

async function sendJson(letter: Letter, signal: AbortSignal): Promise<Answer> {
  const { answer } = await fetchOnce(letter.url, {
    method: letter.method,
    // The same bytes that were signed.
    body: JSON.stringify(letter.payload),
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'deploy-actions-notify',
      ...letter.headers,
    },
    signal,
  });
  return answer;
}

const longestReplyBytes = 256 * 1024;

/** One request without following a redirect: its answer, and a response that can be read again. */
async function fetchOnce(url: string | URL, init: RequestInit): Promise<{ answer: Answer; response: Response }> {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  const text = await readStart(response);
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'), text, new Date());
  const { status, headers } = response;
  const again = new Response(text === '' ? null : text, { status, headers });
  return { answer: { status, retryAfterMs, text }, response: again };
}

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
