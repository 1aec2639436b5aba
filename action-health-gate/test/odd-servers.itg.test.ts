import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate } from '../../lab/src/certificate.ts';
import { createJob } from '../../lab/src/runner/index.ts';

const servers: Server[] = [];
const goodTargets = 20;
const giga = 1024 ** 3;
const goodBody = '{"status":"ok","build":{"tag":"2.1"}}';
let workspace: string;
let sentBytes = 0;

afterAll(async () => {
  for (const server of servers) server.close();
  await rm(workspace, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A gigabyte, as fast as it is taken. */
function pour(response: ServerResponse): void {
  const block = Buffer.alloc(256 * 1024, 120);
  response.writeHead(200, { 'content-length': String(giga) });
  const more = (): void => {
    while (!response.destroyed) {
      sentBytes += block.length;
      if (!response.write(block)) return;
    }
  };
  response.on('drain', more);
  response.on('error', () => undefined);
  more();
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 100);
  response.on('close', () => {
    clearInterval(timer);
  });
}

/** Good targets that nobody is answered at before all have been asked. */
const waiting: ServerResponse[] = [];
let isComplete = false;

function answerTogether(response: ServerResponse): void {
  waiting.push(response);
  isComplete ||= waiting.length >= goodTargets;
  if (isComplete) for (const one of waiting.splice(0)) one.end(goodBody);
}

const odd: RequestListener = (request, response) => {
  switch (request.url) {
    case '/pour':
      pour(response);
      return;
    case '/drip':
      drip(response);
      return;
    case '/loop':
      response.writeHead(302, { location: '/loop' }).end();
      return;
    case '/challenge':
      response.writeHead(200, { 'cf-mitigated': 'challenge' }).end('{"status":"ok"}');
      return;
    case '/slow':
      setTimeout(() => response.end(goodBody), 200);
      return;
    default:
      answerTogether(response);
  }
};

let port: number;
let tlsPort: number;
const certificate = createCertificate('app.example');

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'gate-odd-'));
  port = await listen(createServer(odd));
  const tls = { key: certificate.privateKeyPem, cert: certificate.certificatePem };
  tlsPort = await listen(
    createTlsServer(tls, (request, response) => {
      response.end(JSON.stringify({ host: request.headers.host }));
    }),
  );
});

describe('a gate in front of odd servers', () => {
  it('bounds every one of them and tells what each did, while twenty good targets are asked in parallel', async () => {
    const base = `http://127.0.0.1:${port}`;
    const tls = `url: "https://app.example:${tlsPort}/", connect-to: 127.0.0.1`;
    const ca = JSON.stringify(certificate.certificatePem);
    const json = '[{ path: build.tag, prefix: "2." }, { path: status, one-of: [ok, fine] }]';
    const good = Array.from(
      { length: goodTargets },
      (_, index) => `- { name: good ${index}, url: "${base}/${index}", expect-json: ${json} }`,
    );
    const checks = [
      ...good,
      `- { name: origin, ${tls}, ca: ${ca}, expect-body: '"app\\.example:' }`,
      `- { name: untrusted, ${tls}, allow-failure: true }`,
      `- { name: other name, url: "https://other.example/", connect-to: "127.0.0.1:${tlsPort}", ca: ${ca}, allow-failure: true }`,
      `- { name: gigabyte, url: "${base}/pour", reject-body: panic, allow-failure: true }`,
      `- { name: drip, url: "${base}/drip", attempt-timeout: 1s, allow-failure: true }`,
      `- { name: loop, url: "${base}/loop", redirects: 5, allow-failure: true }`,
      `- { name: challenge, url: "${base}/challenge", allow-failure: true }`,
      `- { name: slow, url: "${base}/slow", max-latency: 50ms, allow-failure: true }`,
    ].join('\n');
    const job = await createJob({ workspace, github: { repository: 'acme/api', runId: '1' } });
    const step = await job.step({
      uses: 'action-health-gate',
      with: { checks, interval: '500ms', 'success-threshold': '2', 'attempt-timeout': '60s', deadline: '10m' },
    });
    await job.finish();

    expect(step.outputs).toMatchObject({ result: 'healthy' });
    const failed = JSON.parse(step.outputs['failed-checks'] ?? '') as readonly { name: string; reason: string }[];
    const reasons = Object.fromEntries(failed.map(({ name, reason }) => [name, reason]));
    expect(reasons).toEqual({
      untrusted: expect.stringMatching(/^tls: .*self.signed/) as string,
      'other name': expect.stringMatching(/^tls: .*(does not match|altnames)/) as string,
      gigabyte: 'the body is larger than 1 MiB, so /panic/ was not searched to its end',
      // How far it came within a second is the machine's affair.
      drip: expect.stringMatching(/^(connect|headers|body): no answer within 1\.0s$/) as string,
      loop: 'status 302, expected 200-299: 5 redirects were followed, and it points to /loop',
      challenge: 'a challenge page of Cloudflare answered (200), not the app',
      slow: expect.stringMatching(/^answered in \d+ms, expected within 50ms$/) as string,
    });
    // What was poured fits into buffers on the way; nobody read it all.
    expect(sentBytes).toBeLessThan(giga / 10);
    expect(isComplete).toBe(true);
  });
});
