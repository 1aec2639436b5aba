import { request as openRequest, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ConnectTo, Header, HttpQuestion } from './check.ts';
import { abortable, describeProblem, phaseOf, rethrowTerminal, type Dial } from './dial.ts';
import { isRedirect, nextHop, type HttpRequest } from './redirect.ts';
import { trustContext } from './trust.ts';
import type { Answer, Phase, Probe } from './verdict.ts';

const bodyCapBytes = 1024 * 1024;

/** One request and where to open its connection: a container is asked by its own address, an origin behind its CDN. */
export interface HttpErrand {
  readonly url: URL;
  readonly question: Omit<HttpQuestion, 'type' | 'expectation'>;
  readonly connectTo?: ConnectTo;
  /** The dial leads to one container whatever the address: redirects to other origins are not followed. */
  readonly isBoundToOrigin?: boolean;
}

interface Attempt {
  readonly errand: HttpErrand;
  readonly dial: Dial;
  readonly signal: AbortSignal;
  /** How far it came, for the message when it breaks. */
  phase: Phase;
}

/**
 * Makes one request over a new connection and reads the answer. Not `fetch`: that drops a Host header of ours, and keeps
 * connections, so it would go on talking to the old container.
 * @throws only what ends the gate: a lost connection to the server, or cancellation
 */
export async function probeHttp(
  errand: HttpErrand,
  dial: Dial,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Probe> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)))]);
  const attempt: Attempt = { errand, dial, signal: bound, phase: 'connect' };
  try {
    return await follow(attempt);
  } catch (thrown) {
    rethrowTerminal(thrown, signal);
    return { kind: 'broken', phase: phaseOf(thrown, attempt.phase), problem: describeProblem(thrown, timeoutMs) };
  }
}

/** The first answer, or where redirects are followed the last one; all within the time of one attempt. */
async function follow(attempt: Attempt): Promise<Answer> {
  const { errand } = attempt;
  const { method, headers, body, redirects } = errand.question;
  const began = performance.now();
  let request: HttpRequest = { url: errand.url, method, headers, body };
  for (let followed = 0; ; followed++) {
    const answer = await exchange(attempt, request);
    const whole: Answer = { ...answer, tookMs: performance.now() - began };
    const location = answer.headers['location'];
    if (location === undefined || !isRedirect(answer.status)) return whole;
    const hop = nextHop(request, answer.status, location);
    if (hop.kind === 'stay') return { ...whole, redirect: hop.why };
    const seen = describeHop(hop.request.url, errand, redirects, followed);
    if (seen !== undefined) return { ...whole, redirect: seen };
    request = hop.request;
  }
}

/** Why a redirect is not followed, or undefined. */
function describeHop(to: URL, errand: HttpErrand, allowed: number, followed: number): string | undefined {
  const where = `it points to ${to.origin === errand.url.origin ? to.pathname : `${to.origin}${to.pathname}`}`;
  if (allowed === 0) return `redirects are not followed; ${where}`;
  if (followed >= allowed) return `${followed} redirects were followed, and ${where}`;
  if (errand.isBoundToOrigin === true && to.origin !== errand.url.origin) return `${where}, which is not the container`;
  return undefined;
}

async function exchange(attempt: Attempt, request: HttpRequest): Promise<Omit<Answer, 'tookMs'>> {
  const { errand, dial, signal } = attempt;
  const { url } = request;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const detour = url.origin === errand.url.origin ? errand.connectTo : undefined;
  let stream: Duplex | undefined;
  try {
    attempt.phase = 'connect';
    stream = await abortable(dial(detour?.address ?? host, detour?.port ?? port, signal), signal);
    if (url.protocol === 'https:') {
      attempt.phase = 'tls';
      stream = await abortable(secure(stream, host, errand.question), signal);
    }
    attempt.phase = 'headers';
    const response = await ask(stream, request, signal);
    attempt.phase = 'body';
    const { body, isTruncated } = await abortable(readBody(response), signal);
    return { kind: 'answer', status: response.statusCode ?? 0, headers: flattenHeaders(response), body, isTruncated };
  } finally {
    stream?.destroy();
  }
}

function secure(socket: Duplex, host: string, { authorities, isInsecure }: HttpErrand['question']): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // An IP address may not be sent as the server name; the certificate is checked against `host` either way.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const trust = authorities === undefined ? {} : { secureContext: trustContext(authorities) };
    const rejectUnauthorized = isInsecure !== true;
    const tls = connectTls({ socket, host, ALPNProtocols: ['http/1.1'], rejectUnauthorized, ...name, ...trust });
    tls.once('secureConnect', () => {
      resolve(tls);
    });
    // Attached for life, here and below: a late error of a broken connection must not end the process.
    tls.on('error', reject);
    socket.once('close', () => {
      reject(new Error('the connection was closed during the TLS handshake'));
    });
  });
}

function ask(
  stream: Duplex,
  { url, method, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = openRequest({
      // `agent` stays unset: with `agent: false` Node ignores createConnection.
      createConnection: () => stream,
      host: url.hostname,
      method,
      path: `${url.pathname}${url.search}`,
      headers: mergeHeaders(url, headers, body),
      signal,
    });
    sent.once('response', (response) => {
      response.on('error', reject);
      resolve(response);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Ours first, then the user's; names compare without case, and a name given twice is sent once with the last value. */
function mergeHeaders(url: URL, headers: readonly Header[], body: string | undefined): Record<string, string> {
  const ours: readonly Header[] = [
    ['host', url.host],
    ['user-agent', 'deploy-actions-health-gate'],
    ['accept', '*/*'],
    // A cache on the way must not answer for the app, and what we read must be text.
    ['cache-control', 'no-cache'],
    ['accept-encoding', 'identity'],
    ['connection', 'close'],
    ...(body === undefined ? [] : [['content-length', String(Buffer.byteLength(body))] as const]),
  ];
  return Object.fromEntries([...ours, ...headers].map(([name, value]) => [name.toLowerCase(), value]));
}

async function readBody(response: IncomingMessage): Promise<{ readonly body: string; readonly isTruncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > bodyCapBytes) break;
  }
  const body = Buffer.concat(chunks).subarray(0, bodyCapBytes).toString('utf8');
  return { body, isTruncated: size > bodyCapBytes };
}

function flattenHeaders(response: IncomingMessage): Record<string, string | undefined> {
  const flat = Object.entries(response.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return Object.fromEntries(flat) as Record<string, string | undefined>;
}
