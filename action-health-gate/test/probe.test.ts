import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { DeployError } from '@deploy-actions/kit/action/errors';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { afterEach, describe, expect, it } from 'vitest';
import { networkAttempt } from '../src/attempt.ts';
import { dialFromRunner, probeTcp, type Dial } from '../src/dial.ts';
import { runGate } from '../src/gate.ts';
import { probeHttp } from '../src/http-probe.ts';
import { parseAuthorities } from '../src/trust.ts';
import type { Probe } from '../src/verdict.ts';
import { httpQuestion, urlCheck } from './builder.ts';
import type { ConnectTo, HttpQuestion } from '../src/check.ts';

const never = new AbortController().signal;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: Server | TcpServer): Promise<number> {
  closers.push(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const serve = async (handler: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createServer(handler))}`;

function ask(
  url: string,
  options: Partial<HttpQuestion> & { readonly timeoutMs?: number; readonly connectTo?: ConnectTo } = {},
): Promise<Probe> {
  const { timeoutMs = 60_000, connectTo, ...question } = options;
  const detour = connectTo === undefined ? {} : { connectTo };
  return probeHttp(
    { url: new URL(url), question: httpQuestion(question), ...detour },
    dialFromRunner,
    timeoutMs,
    never,
  );
}

describe('probeHttp', () => {
  it('reads status, headers and body, over a connection of its own each time', async () => {
    const sockets = new Set<unknown>();
    const base = await serve((request, response) => {
      sockets.add(request.socket);
      response.setHeader('X-App', 'yes');
      response.end('{"git_sha":"abc"}');
    });
    await ask(base);
    const probe = await ask(`${base}/healthz?deep=1`);
    expect(probe).toMatchObject({ kind: 'answer', status: 200, body: '{"git_sha":"abc"}', isTruncated: false });
    expect(probe.kind === 'answer' && probe.headers['x-app']).toBe('yes');
    expect(sockets.size).toBe(2);
  });

  it('asks no cache, and lets a header of the user replace its own, the Host header too', async () => {
    let seen: Readonly<Record<string, unknown>> = {};
    let path: string | undefined;
    const base = await serve((request, response) => {
      seen = request.headers;
      path = request.url;
      response.end();
    });
    await ask(`${base}/a%20b?x=1`, {
      headers: [
        ['HOST', 'app.example.com'],
        ['Authorization', 'Bearer t'],
      ],
    });
    expect(seen).toMatchObject({
      host: 'app.example.com',
      authorization: 'Bearer t',
      'cache-control': 'no-cache',
      connection: 'close',
    });
    expect(path).toBe('/a%20b?x=1');
  });

  it('does not follow a redirect', async () => {
    const base = await serve((_, response) => {
      response.writeHead(302, { location: '/loop' }).end();
    });
    expect(await ask(base)).toMatchObject({
      kind: 'answer',
      status: 302,
      redirect: 'redirects are not followed; it points to /loop',
    });
  });

  it('follows as many redirects as allowed, and ends a loop of them', async () => {
    let asked = 0;
    const base = await serve((request, response) => {
      asked++;
      const step = Number(new URL(request.url ?? '/', 'http://h').searchParams.get('step') ?? 0);
      if (request.url?.startsWith('/loop') === true) response.writeHead(302, { location: '/loop' }).end();
      else if (step < 2) response.writeHead(302, { location: `?step=${step + 1}` }).end();
      else response.end('there');
    });
    expect(await ask(`${base}/a`, { redirects: 2 })).toMatchObject({ status: 200, body: 'there' });
    expect(await ask(`${base}/a`, { redirects: 1 })).toMatchObject({
      status: 302,
      redirect: '1 redirects were followed, and it points to /a',
    });
    asked = 0;
    expect(await ask(`${base}/loop`, { redirects: 10 })).toMatchObject({ status: 302 });
    expect(asked).toBe(11);
  });

  it('takes neither headers nor connect-to along to another origin', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('other');
    });
    const port = await listen(
      createServer((_, response) => {
        response.writeHead(302, { location: `${other}/x` }).end();
      }),
    );
    const probe = await ask('http://app.example/', {
      redirects: 1,
      headers: [['Authorization', 'Bearer t']],
      connectTo: { address: '127.0.0.1', port },
    });
    expect(probe).toMatchObject({ status: 200, body: 'other' });
    expect(seen).toEqual([undefined]);
  });

  it('sends method and body, and measures the answer', async () => {
    const base = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => response.end(`${request.method ?? ''} ${Buffer.concat(chunks).toString()}`));
    });
    const probe = await ask(base, { method: 'POST', body: '{"q":"ä"}' });
    expect(probe).toMatchObject({ status: 200, body: 'POST {"q":"ä"}' });
    expect(probe.kind === 'answer' && probe.tookMs > 0).toBe(true);
    expect(await ask(base, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it('reads no more than 1 MiB of an endless body', async () => {
    const base = await serve((_, response) => {
      const more = (): void => {
        while (response.writable && response.write(Buffer.alloc(65_536, 120)));
      };
      response.on('drain', more);
      response.on('error', () => undefined);
      more();
    });
    const probe = await ask(base);
    expect(probe).toMatchObject({ kind: 'answer', isTruncated: true });
    expect(probe.kind === 'answer' && probe.body.length).toBe(1024 * 1024);
  });

  it('bounds an answer whose body drips', async () => {
    const base = await serve((_, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => {
        clearInterval(drip);
      });
    });
    expect(await ask(base, { timeoutMs: 3000 })).toEqual({
      kind: 'broken',
      phase: 'body',
      problem: 'no answer within 3.0s',
    });
  });

  it('bounds a server that accepts and says nothing', async () => {
    const port = await listen(createTcpServer(() => undefined));
    expect(await ask(`http://127.0.0.1:${port}/`, { timeoutMs: 3000 })).toEqual({
      kind: 'broken',
      phase: 'headers',
      problem: 'no answer within 3.0s',
    });
  });

  it('tells a refused connection, an unknown name and a reset apart', async () => {
    const closed = createTcpServer();
    const port = await listen(closed);
    closed.close();
    expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({
      phase: 'connect',
      problem: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(await ask('http://no-such-name.invalid/')).toMatchObject({ phase: 'lookup' });
    const resetting = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await ask(`http://127.0.0.1:${resetting}/`)).toMatchObject({ kind: 'broken', phase: 'headers' });
  });

  describe('over TLS', () => {
    const trusted = getCACertificates('default');
    afterEach(() => {
      setDefaultCACertificates(trusted);
    });

    async function serveTls(): Promise<{ readonly port: number; readonly cert: string }> {
      const folder = mkdtempSync(join(tmpdir(), 'gate-tls-'));
      closers.push(() => {
        rmSync(folder, { recursive: true });
      });
      const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
      const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      execFileSync('openssl', ['req', '-x509', '-days', '1', ...newKey, ...names, '-out', certFile], {
        stdio: 'ignore',
      });
      const cert = readFileSync(certFile, 'utf8');
      const server = createTlsServer({ key: readFileSync(keyFile), cert }, (_, response) => {
        response.end('secure');
      });
      return { port: await listen(server), cert };
    }

    it('does not trust a certificate that nobody signed', async () => {
      const { port } = await serveTls();
      expect(await ask(`https://localhost:${port}/`)).toMatchObject({
        kind: 'broken',
        phase: 'tls',
        problem: expect.stringMatching(/self.signed/) as string,
      });
    });

    it('does not trust a certificate of another name', async () => {
      const { port, cert } = await serveTls();
      setDefaultCACertificates([cert]);
      expect(await ask(`https://127.0.0.1:${port}/`)).toMatchObject({
        phase: 'tls',
        problem: expect.stringContaining("does not match certificate's altnames") as string,
      });
    });

    it('trusts an authority of its own besides the usual ones, for the name of the URL at another address', async () => {
      const { port, cert } = await serveTls();
      const authorities = parseAuthorities(cert, 'input `ca`');
      const connectTo = { address: '127.0.0.1', port };
      expect(await ask('https://localhost/', { authorities, connectTo })).toMatchObject({
        status: 200,
        body: 'secure',
      });
      expect(await ask('https://app.example/', { authorities, connectTo })).toMatchObject({
        phase: 'tls',
        problem: expect.stringContaining("does not match certificate's altnames") as string,
      });
    });

    it('takes any certificate only where that is asked for', async () => {
      const { port } = await serveTls();
      expect(await ask(`https://127.0.0.1:${port}/`, { isInsecure: true })).toMatchObject({
        status: 200,
        body: 'secure',
      });
    });

    it('works over a stream that is no socket, such as a channel of an SSH connection', async () => {
      const { port, cert } = await serveTls();
      setDefaultCACertificates([cert]);
      const dial: Dial = async (address, number, signal) => {
        const socket = await dialFromRunner(address, number, signal);
        return Duplex.from({ readable: socket, writable: socket });
      };
      const errand = { url: new URL(`https://localhost:${port}/`), question: httpQuestion({}) };
      expect(await probeHttp(errand, dial, 60_000, never)).toMatchObject({
        kind: 'answer',
        status: 200,
        body: 'secure',
      });
    });
  });

  it('says when TLS is spoken to a plain port', async () => {
    const base = await serve((_, response) => {
      response.end();
    });
    expect(await ask(base.replace('http:', 'https:'))).toMatchObject({ kind: 'broken', phase: 'tls' });
  });

  it('ends the gate when the connection to the server is lost, but not when a port there is refused', async () => {
    const failing =
      (code: string): Dial =>
      () =>
        Promise.reject(new DeployError({ code, message: `web1: ${code}` }));
    const probe = (code: string): Promise<Probe> =>
      probeHttp({ url: new URL('http://127.0.0.1:1/'), question: httpQuestion({}) }, failing(code), 1000, never);
    await expect(probe('CONNECTION_LOST')).rejects.toThrow('web1: CONNECTION_LOST');
    await expect(probe('FORWARD_PROHIBITED')).rejects.toThrow('web1: FORWARD_PROHIBITED');
    expect(await probe('FORWARD_FAILED')).toEqual({
      kind: 'broken',
      phase: 'connect',
      problem: 'web1: FORWARD_FAILED',
    });
  });
});

describe('probeTcp', () => {
  it('is a success when something listens', async () => {
    const port = await listen(createTcpServer((socket) => socket.end()));
    expect(await probeTcp('127.0.0.1', port, dialFromRunner, 60_000, never)).toEqual({ kind: 'connected' });
  });
});

describe('twenty targets', () => {
  it('are asked in parallel, and without a warning of Node', async () => {
    const warnings: unknown[] = [];
    const note = (warning: Error): void => {
      warnings.push(warning.message);
    };
    process.on('warning', note);
    // Nobody is answered before all have asked.
    const waiting: ServerResponse[] = [];
    let isComplete = false;
    const base = await serve((_, response) => {
      waiting.push(response);
      isComplete ||= waiting.length >= 20;
      if (isComplete) for (const one of waiting.splice(0)) one.end('ok');
    });
    const checks = Array.from({ length: 20 }, (_, index) =>
      urlCheck(`target ${index}`, `${base}/${index}`, { intervalMs: 200, successThreshold: 3 }),
    );
    const settings = { deadline: milliseconds(120_000), initialDelay: milliseconds(0), stableFor: milliseconds(0) };
    const outcome = await runGate(checks, settings, {
      clock: systemClock,
      attempt: networkAttempt(undefined),
      signal: never,
      onProgress: () => undefined,
    });
    process.off('warning', note);
    expect(outcome.result).toBe('healthy');
    expect(warnings).toEqual([]);
  });
});

describe('networkAttempt', () => {
  it('hides header values that the app repeats in its answer', async () => {
    const base = await serve((request, response) => {
      response.writeHead(403).end(`you sent ${String(request.headers.authorization)}`);
    });
    const check = urlCheck('app', base, { headers: [['Authorization', 'Bearer s3cret-token']] });
    const verdict = await networkAttempt(undefined)(check, 2000, never);
    expect(verdict).toMatchObject({ ok: false, reason: 'status 403, expected 200-299: you sent ***' });
  });
});
