import { request, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Header } from './check.ts';
import { abortable, describeProblem, phaseOf, rethrowTerminal, type Dial } from './dial.ts';
import type { Phase, Probe } from './verdict.ts';

const bodyCapBytes = 1024 * 1024;

/** One GET request. The address may differ from the URL's host: a container is asked by its own address. */
export interface HttpQuestion {
  readonly url: URL;
  readonly headers: readonly Header[];
}

/**
 * Makes one GET request over a new connection and reads the answer. Not `fetch`: that drops a Host header of ours, follows redirects and keeps
 * connections, so it would go on talking to the old container.
 * @throws only what ends the gate: a lost connection to the server, or cancellation
 */
export async function probeHttp(
  question: HttpQuestion,
  dial: Dial,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Probe> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)))]);
  const { url } = question;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  let phase: Phase = 'connect';
  let stream: Duplex | undefined;
  try {
    stream = await abortable(dial(host, port, bound), bound);
    if (url.protocol === 'https:') {
      phase = 'tls';
      stream = await abortable(secure(stream, host), bound);
    }
    phase = 'headers';
    const response = await ask(stream, question, bound);
    phase = 'body';
    const { body, isTruncated } = await abortable(readBody(response), bound);
    return { kind: 'answer', status: response.statusCode ?? 0, headers: flattenHeaders(response), body, isTruncated };
  } catch (thrown) {
    rethrowTerminal(thrown, signal);
    return { kind: 'broken', phase: phaseOf(thrown, phase), problem: describeProblem(thrown, timeoutMs) };
  } finally {
    stream?.destroy();
  }
}

function secure(socket: Duplex, host: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // An IP address may not be sent as the server name; the certificate is checked against `host` either way.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const tls = connectTls({ socket, host, ALPNProtocols: ['http/1.1'], ...name });
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

function ask(stream: Duplex, question: HttpQuestion, signal: AbortSignal): Promise<IncomingMessage> {
  const { url } = question;
  return new Promise((resolve, reject) => {
    const sent = request({
      // `agent` stays unset: with `agent: false` Node ignores createConnection.
      createConnection: () => stream,
      host: url.hostname,
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: mergeHeaders(url, question.headers),
      signal,
    });
    sent.once('response', (response) => {
      response.on('error', reject);
      resolve(response);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Ours first, then the user's; names compare without case, and a name given twice is sent once with the last value. */
function mergeHeaders(url: URL, headers: readonly Header[]): Record<string, string> {
  const ours: readonly Header[] = [
    ['host', url.host],
    ['user-agent', 'deploy-actions-health-gate'],
    ['accept', '*/*'],
    // A cache on the way must not answer for the app, and what we read must be text.
    ['cache-control', 'no-cache'],
    ['accept-encoding', 'identity'],
    ['connection', 'close'],
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
