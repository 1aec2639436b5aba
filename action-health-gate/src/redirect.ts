import { describeUrl, type Header } from './check.ts';

/** One HTTP request of a check. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: string | undefined;
}

export type NextHop =
  { readonly kind: 'follow'; readonly request: HttpRequest } | { readonly kind: 'stay'; readonly why: string };

export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * Where a redirect leads. Pure. To another origin neither headers nor a body of ours go along, because they are secrets;
 * from TLS nothing leads back to plain text.
 */
export function nextHop(from: HttpRequest, status: number, location: string): NextHop {
  const url = URL.canParse(location, from.url.href) ? new URL(location, from.url.href) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { kind: 'stay', why: 'it points to no http address' };
  const where = `it points to ${describeUrl(url)}`;
  if (url.username !== '' || url.password !== '') return { kind: 'stay', why: `${where}, with credentials in the URL` };
  if (from.url.protocol === 'https:' && url.protocol === 'http:') return { kind: 'stay', why: `${where}, without TLS` };
  url.hash = '';
  const isRewritten = status === 303 || ((status === 301 || status === 302) && from.method === 'POST');
  const method = isRewritten && from.method !== 'HEAD' ? 'GET' : from.method;
  const body = method === from.method ? from.body : undefined;
  if (url.origin === from.url.origin) return { kind: 'follow', request: { url, method, headers: from.headers, body } };
  if (body !== undefined) return { kind: 'stay', why: `${where}, and a body is not sent to another origin` };
  return { kind: 'follow', request: { url, method, headers: [], body: undefined } };
}
