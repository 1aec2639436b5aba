import type { Letter } from './delivery.ts';
import type { Answer } from './judgement.ts';

type FetchOnce = (url: string | URL, init: RequestInit) => Promise<{ answer: Answer; response: Response }>;

/**
 * Sends a letter to Slack through Slack's own libraries, which are loaded when they are needed. They make the request;
 * whether and when to try again is decided here as for every other service, from the answer that passed through.
 */
export async function sendThroughSlack(letter: Letter, fetchOnce: FetchOnce): Promise<Answer> {
  let seen: Answer | undefined;
  const fetch = async (url: string | URL, init?: object): Promise<Response> => {
    const { answer, response } = await fetchOnce(url, readInit(init ?? {}));
    seen = answer;
    return response;
  };
  try {
    await (letter.provider === 'slack' ? sendWebhook(letter, fetch) : callApi(letter, fetch));
  } catch (thrown) {
    // An answer says more than what the library makes of it; without one there was none.
    if (seen === undefined) throw originalOf(thrown);
  }
  return seen ?? { status: 0, retryAfterMs: undefined, text: '' };
}

type Fetch = (url: string | URL, init?: object) => Promise<Response>;

async function sendWebhook({ url, payload }: Letter, fetch: Fetch): Promise<void> {
  const { IncomingWebhook } = await import('@slack/webhook');
  await new IncomingWebhook(url.href, { fetch }).send({ ...payload });
}

async function callApi({ url, payload, token = '' }: Letter, fetch: Fetch): Promise<void> {
  const { WebClient, LogLevel } = await import('@slack/web-api');
  const method = url.pathname.split('/').at(-1) ?? '';
  const client = new WebClient(token, {
    fetch,
    slackApiUrl: new URL('.', url).href,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  });
  await client.apiCall(method, { ...payload });
}

/** The library's request without its own signal and redirect rule. */
function readInit(init: object): RequestInit {
  const { method, headers, body } = init as RequestInit;
  return {
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  };
}

function originalOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'original' in thrown ? thrown.original : thrown;
}
