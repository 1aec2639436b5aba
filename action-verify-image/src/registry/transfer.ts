import type { Clock } from '@deploy-actions/kit/time/clock';

import { cleanText, verifyError, type VerifyError } from '../failures.ts';
import { isPlainAllowed, type Endpoint, type EndpointOptions } from './endpoint.ts';
import { ExchangeError, type Answer, type Exchange, type Http } from './http.ts';
import { describeAnswer } from './registry-errors.ts';
import { nextTry } from './retry.ts';

export interface TransferOptions extends EndpointOptions {
  readonly http: Http;
  readonly clock: Clock;
  /** For one exchange. */
  readonly timeoutMs: number;
  /** Tries after the first, for transient faults only. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  /** Takes the secrets known so far out of a text. */
  readonly redact: (text: string) => string;
}

/** What is to be fetched from a registry. */
export interface Fetch {
  readonly url: URL;
  readonly accept: string;
  readonly maxBytes: number;
}

/** The last answer of a chain of redirects, and which URL gave it. */
export interface Arrival {
  readonly answer: Answer;
  readonly url: URL;
}

const mostRedirects = 5;

/**
 * One exchange, tried again after transient faults.
 * @param who the registry, for messages
 * @throws DeployError RATE_LIMITED, REGISTRY_DOWN, TLS, TOO_LARGE, REALM_REFUSED
 */
export async function sendPatiently(
  exchange: Omit<Exchange, 'timeoutMs' | 'signal'>,
  who: string,
  options: TransferOptions,
): Promise<Answer> {
  const { http, clock, timeoutMs, signal } = options;
  const policy = { retries: options.retries, deadlineMs: timeoutMs * (options.retries + 1) };
  const start = clock.now();
  for (let tries = 1; ; tries++) {
    const outcome = await http.send({ ...exchange, timeoutMs, signal }).catch((thrown: unknown) => {
      if (thrown instanceof ExchangeError) return thrown;
      throw thrown;
    });
    const next = nextTry(outcome, tries, clock.now() - start, policy, clock.date());
    if (next.kind === 'wait') await clock.sleep(next.ms, signal);
    else if (outcome instanceof ExchangeError) throw faultError(outcome, exchange.url, who, tries);
    else if (next.kind === 'give-up') throw unavailableError(outcome, exchange.url, who, tries, options);
    else return outcome;
  }
}

/** Fetches without any credentials. Undefined for an answer other than 200. */
export type Download = (url: URL, maxBytes: number) => Promise<Uint8Array | undefined>;

/** For content that somebody trusted has named; throws what {@link sendPatiently} throws. */
export function openDownload(options: TransferOptions): Download {
  return async (url, maxBytes) => {
    const { status, body } = await sendPatiently({ url, headers: {}, maxBytes }, url.host, options);
    return status === 200 ? body : undefined;
  };
}

/**
 * One GET at a registry, redirects followed. The authorization goes to the registry's own origin only, and never along
 * to another.
 * @throws DeployError as {@link sendPatiently}, and REDIRECT_REFUSED
 */
export async function getFollowing(
  fetch: Fetch,
  authorization: string | undefined,
  endpoint: Endpoint,
  options: TransferOptions,
): Promise<Arrival> {
  const refuse = (to: URL, reason: string): VerifyError =>
    verifyError({
      code: 'REDIRECT_REFUSED',
      message: `${endpoint.registry} redirects to ${to.origin}, which is refused: ${reason}.`,
      hint: 'A registry or a proxy in front of it is set up wrongly, or is not to be trusted.',
    });
  let url = fetch.url;
  let isAway = false;
  let peer: Answer['peer'];
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const headers = { accept: fetch.accept, ...(authorization === undefined || isAway ? {} : { authorization }) };
    const allowed = isAway ? (['public', peer ?? 'public'] as const) : undefined;
    const answer = await sendPatiently({ url, headers, maxBytes: fetch.maxBytes, allowed }, endpoint.registry, options);
    if (!isAway) peer = answer.peer;
    const location = answer.headers.location;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return { answer, url };
    if (!URL.canParse(location, url.href)) throw refuse(url, 'its Location is not a URL');
    url = new URL(location, url);
    isAway ||= url.origin !== endpoint.origin.origin;
    const reason = reasonToRefuse(url, endpoint, options);
    if (reason !== undefined) throw refuse(url, reason);
  }
  throw refuse(url, `more than ${mostRedirects} redirects in a row`);
}

/** Why a URL that a registry names may not be asked; undefined when it may. Addresses are checked when connecting. */
export function reasonToRefuse(url: URL, endpoint: Endpoint, options: EndpointOptions): string | undefined {
  if (url.username !== '' || url.password !== '') return 'the URL carries credentials';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return `${url.protocol} is not https`;
  const isRegistryItself = endpoint.origin.protocol === 'http:' && url.hostname === endpoint.origin.hostname;
  return isRegistryItself || isPlainAllowed(url, options) ? undefined : 'it is not https';
}

function faultError(fault: ExchangeError, url: URL, who: string, tries: number): VerifyError {
  const evidence = [`${url.origin}${url.pathname}: ${fault.message} (${tries} ${tries === 1 ? 'try' : 'tries'})`];
  switch (fault.fault) {
    case 'tls':
      return verifyError({
        code: 'TLS',
        message: `${who}: no trusted TLS connection to ${url.host}: ${fault.message}.`,
        hint: 'Give the registry’s own CA in `ca-file`; a registry without TLS must be listed in `insecure-registries`.',
        evidence,
      });
    case 'too-large':
      return verifyError({
        code: 'TOO_LARGE',
        message: `${who}: ${fault.message}.`,
        hint: 'No manifest is that large: look at what answers under this name.',
        evidence,
      });
    case 'address':
      return verifyError({
        code: 'REALM_REFUSED',
        message: `${who} sends us to ${url.host}, which is refused: ${fault.message}, and the registry is not there itself.`,
        hint: 'A public registry has no business in a private network: nothing was sent there.',
        evidence,
      });
    default:
      return verifyError({
        code: 'REGISTRY_DOWN',
        message: `${who} could not be reached: ${fault.message} (${tries} ${tries === 1 ? 'try' : 'tries'}).`,
        hint: 'Is the host name right, and may this runner reach it? Nothing was deployed; run again when it answers.',
        evidence,
      });
  }
}

function unavailableError(
  answer: Answer,
  url: URL,
  who: string,
  tries: number,
  { redact }: TransferOptions,
): VerifyError {
  const evidence = [redact(describeAnswer(url, answer))];
  if (answer.status !== 429) {
    return verifyError({
      code: 'REGISTRY_DOWN',
      message: `${who} answered ${answer.status} ${tries} times.`,
      hint: 'The registry is in trouble. Nothing was deployed; run again when it has recovered.',
      evidence,
    });
  }
  const left = answer.headers['ratelimit-remaining'];
  const quota = typeof left === 'string' ? `, ${cleanText(left.split(';')[0] ?? '')} requests left` : '';
  const retryAfter = answer.headers['retry-after'];
  const when = retryAfter === undefined ? '' : `, Retry-After: ${cleanText(retryAfter)}`;
  return verifyError({
    code: 'RATE_LIMITED',
    message: `${who} answered 429, too many requests${quota}${when}.`,
    hint: 'Give `registry-username` and `registry-password`: anonymous quotas are shared by everybody on a hosted runner.',
    evidence,
  });
}
