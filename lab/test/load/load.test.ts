import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getPriority } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startGenerator } from '../../src/load/generator.ts';
import { startLoad } from '../../src/load/index.ts';
import { completeLoadOptions, isLabAddress } from '../../src/load/load-options.ts';
import { findSlowest, measureLatency, type LoadReport } from '../../src/load/load-report.ts';
import { scheduleRequest } from '../../src/load/schedule.ts';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
}

const answerWith =
  (sha: string): RequestListener =>
  (request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ git_sha: sha }));
  };

async function loadFor(
  url: string,
  options: Parameters<typeof completeLoadOptions>[0] | object = {},
): Promise<LoadReport> {
  return startGenerator(completeLoadOptions({ url, rate: 200, seconds: 0.5, limitMs: 60_000, ...options })).ended;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the schedule', () => {
  it('spaces requests evenly, a fifth of them POSTs, on kept and on fresh connections alike', () => {
    const requests = Array.from({ length: 100 }, (_, index) =>
      scheduleRequest(index, { rate: 100, post: 0.2, keepAlive: 'both' }),
    );
    expect(requests[99]?.dueMs).toBe(990);
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(20);
    expect(requests.filter(({ method, isKeepAlive }) => method === 'POST' && isKeepAlive)).toHaveLength(10);
    expect(requests.filter(({ isKeepAlive }) => isKeepAlive)).toHaveLength(50);
  });
});

describe('the options', () => {
  it.each([
    ['127.0.0.1', true],
    ['10.211.3.4', true],
    ['10.220.0.1', false],
    ['192.168.1.1', false],
    ['example.com', false],
    ['localhost', true],
  ])('%s may be loaded: %s', (host, expected) => {
    expect(isLabAddress(host)).toBe(expected);
  });
  it.each([
    { url: 'http://example.com/' },
    { url: 'https://127.0.0.1/' },
    { url: 'http://127.0.0.1/', rate: 5000 },
    { url: 'http://127.0.0.1/', seconds: 1e6 },
  ])('refuse %j', (options) => {
    expect(() => completeLoadOptions(options)).toThrow(/^(url|rate|seconds): /);
  });
});

describe('latency', () => {
  it('is given by rank', () => {
    expect(measureLatency(Array.from({ length: 100 }, (_, n) => 100 - n))).toEqual({
      p50: 50,
      p95: 95,
      p99: 99,
      max: 100,
    });
    expect(measureLatency([])).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 });
  });
});

describe('the slowest requests', () => {
  it('are a hundredth of all, in the order in which they were due, by the clock of their phase', () => {
    const latencies = Array.from({ length: 150 }, (_, index) => (index === 20 ? 90 : index === 7 ? 80.04 : 5));
    const dues = latencies.map((_, index) => 1_000 + index * 5);
    expect(findSlowest(latencies, dues, 1_000)).toEqual([
      { dueMs: 35, latencyMs: 80 },
      { dueMs: 100, latencyMs: 90 },
    ]);
    expect(findSlowest([], [], 0)).toEqual([]);
  });
});

describe('the generator', () => {
  it('counts every answer of a healthy server, by version', async () => {
    const report = await loadFor(await serve(answerWith('abc')));
    expect(report).toMatchObject({ sent: 100, failed: 0, failures: [], shas: { abc: { count: 100 } } });
    expect(report.phases[0]).toMatchObject({ sent: 100, posts: 20, keptAlive: 50 });
  });
  it('keeps its schedule when answers are slow, and shows the wait', async () => {
    const url = await serve((_, response) => void setTimeout(() => response.end('{}'), 300));
    const report = await loadFor(url);
    expect(report).toMatchObject({ sent: 100, failed: 0 });
    // One after the other they would take half a minute.
    expect(report.durationMs).toBeLessThan(25_000);
    expect(report.phases[0]?.latency.p50).toBeGreaterThan(290);
  });
  it('calls an answer over its limit slow', async () => {
    const url = await serve((_, response) => void setTimeout(() => response.end('{}'), 400));
    const report = await loadFor(url, { rate: 20, limitMs: 100 });
    expect(report).toMatchObject({ sent: 10, failed: 10, phases: [{ failuresByKind: { slow: 10 } }] });
  });
  it('tells resets, bad statuses and cut bodies apart', async () => {
    let count = 0;
    const url = await serve((request, response) => {
      request.resume();
      const turn = count++ % 4;
      if (turn === 0) request.socket.resetAndDestroy();
      else if (turn === 1) response.writeHead(503).end('{"git_sha":"bad"}');
      else if (turn === 2) {
        response.writeHead(200, { 'content-length': 100 }).write('{"git');
        setTimeout(() => request.socket.destroy(), 5);
      } else response.end('{"git_sha":"ok"}');
    });
    const report = await loadFor(url, { rate: 40, seconds: 1, keepAlive: 'no' });
    expect(report.phases[0]?.failuresByKind).toEqual({ reset: 10, status: 10, truncated: 10 });
    expect(report.failed).toBe(30);
    expect(report.shas).toMatchObject({ bad: { count: 10 }, ok: { count: 10 } });
    expect(report.failures[0]).toMatchObject({ phase: 'load', method: 'GET', isKeepAlive: false });
  });
  it('calls a closed port a connect failure', async () => {
    const url = await serve(answerWith('x'));
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect((await loadFor(url, { rate: 20 })).phases[0]?.failuresByKind).toEqual({ connect: 10 });
  });
  it('keeps phases apart and attributes a request to the phase it was sent in', async () => {
    let count = 0;
    const answer = answerWith('abc');
    const url = await serve((request, response) => {
      count++;
      answer(request, response);
    });
    const generator = startGenerator(completeLoadOptions({ url, rate: 100, seconds: 180, phase: 'before' }));
    await expect.poll(() => count, { interval: 5 }).toBeGreaterThanOrEqual(10);
    generator.mark('after');
    const seen = count;
    await expect.poll(() => count, { interval: 5 }).toBeGreaterThanOrEqual(seen + 20);
    const { phases, sent } = await generator.stop();
    expect(phases.map(({ name }) => name)).toEqual(['before', 'after']);
    expect(phases.every((phase) => phase.sent >= 5)).toBe(true);
    expect(phases.reduce((sum, phase) => sum + phase.sent, 0)).toBe(sent);
  });
});

describe('a load in its own process', () => {
  it('keeps up with 200 requests a second without a failure of its own', async () => {
    let count = 0;
    const answer = answerWith('abc');
    const url = await serve((request, response) => {
      count++;
      answer(request, response);
    });
    const load = await startLoad({ url, rate: 200, phase: 'one', limitMs: 60_000 });
    await expect.poll(() => count, { interval: 10 }).toBeGreaterThanOrEqual(100);
    load.mark('two');
    await expect.poll(() => count, { interval: 10 }).toBeGreaterThanOrEqual(300);
    const report = await load.stop();
    expect(report.failed).toBe(0);
    // By its schedule, however late it is: never more than were due.
    expect(report.sent).toBeGreaterThanOrEqual(300);
    expect(report.sent).toBeLessThanOrEqual(Math.ceil(report.durationMs / 5) + 1);
    expect(report.phases.map(({ name }) => name)).toEqual(['one', 'two']);
  });
  it('says so when its process dies', async () => {
    const load = await startLoad({ url: await serve(answerWith('abc')) });
    load.kill();
    await expect(load.stop()).rejects.toThrow('without a report (SIGKILL)');
  });
  it('goes before others where it may, and only where that was asked', async () => {
    const url = await serve(answerWith('abc'));
    for (const wish of [{}, { goesFirst: true }]) {
      const load = await startLoad({ url }, wish);
      const own = getPriority(load.pid);
      load.kill();
      expect(own).toBe(load.goesFirst ? -10 : getPriority());
      expect(load.goesFirst && wish.goesFirst !== true).toBe(false);
    }
  });
  it('ends with its parent, however that ends, also in a session of its own', async () => {
    const module = new URL('../../src/load/index.ts', import.meta.url).href;
    const url = await serve(answerWith('abc'));
    const program = `import { startLoad } from ${JSON.stringify(module)}; console.log((await startLoad({ url: ${JSON.stringify(url)} }, { goesFirst: true })).pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const isAlive = (): boolean => {
      try {
        return process.kill(Number(String(line)), 0);
      } catch {
        return false;
      }
    };
    expect(isAlive()).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive()).toBe(false), { timeout: 120_000 });
  });
});
