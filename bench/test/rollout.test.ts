import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../../lab/src/load/index.ts';
import { measureContainerTime, parseEvents } from '../rollout/container-time.ts';
import { pipeDelayed } from '../rollout/delay.ts';
import { describeSlowest, readSighting } from '../rollout/measure.ts';
import { readCommandCount, type Party } from '../rollout/party.ts';
import { rowsOfDeploys, rowsOfFloor, type Loaded } from '../rollout/rows.ts';
import { renderCompose } from '../rollout/stage.ts';

const event = (type: string, action: string, id: string, seconds: number, project = 'p'): string =>
  JSON.stringify({
    Type: type,
    Action: action,
    Actor: {
      ID: type === 'network' ? 'net' : id,
      Attributes: type === 'network' ? { container: id } : { 'com.docker.compose.project': project },
    },
    timeNano: seconds * 1e9,
  });

describe('what containers need', () => {
  it('is from the first network of the new one to healthy, and from the signal to the end of the old one', () => {
    const text = [
      event('container', 'create', 'new', 1),
      event('network', 'connect', 'new', 2),
      event('container', 'start', 'new', 2.5),
      event('container', 'start', 'foreign', 2.6, 'other'),
      event('container', 'health_status: healthy', 'new', 4),
      // A late join of a routed network is not the start.
      event('network', 'connect', 'new', 4.5),
      event('container', 'kill', 'old', 6),
      event('container', 'die', 'old', 6.25),
      event('container', 'health_status: healthy', 'foreign', 9, 'other'),
    ].join('\n');
    expect(measureContainerTime(parseEvents(text), 'p')).toBeCloseTo(2_250, 3);
  });
  it('is nothing where nothing moved', () => {
    expect(measureContainerTime(parseEvents(''), 'p')).toBe(0);
  });
});

describe('a delayed stream', () => {
  it('lets every byte wait, in order, and then ends', async () => {
    const [from, to] = [new PassThrough(), new PassThrough()];
    const startedAt = performance.now();
    pipeDelayed(from, to, 50, 30);
    from.write('a');
    from.end('b');
    let text = '';
    for await (const chunk of to) text += String(chunk);
    expect(text).toBe('ab');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(78);
  });
});

const latency = { p50: 1, p95: 2, p99: 3, max: 4 };

function reportOf(kinds: readonly (readonly ['reset' | 'status', boolean])[], failedBefore = 0): LoadReport {
  const failures = kinds.map(([kind, isKeepAlive]) => ({
    kind,
    detail: 'x',
    phase: 'during',
    sentMs: 0,
    endedMs: 1,
    method: 'GET' as const,
    isKeepAlive,
  }));
  const phase = {
    startMs: 0,
    endMs: 1,
    sent: 5,
    posts: 1,
    keptAlive: 2,
    failed: kinds.length,
    failuresByKind: {},
    slowest: [],
    shas: {},
  };
  return {
    url: '',
    rate: 1,
    startedAt: 0,
    durationMs: 1,
    sent: 10,
    failed: kinds.length,
    failures,
    phases: [
      { ...phase, name: 'before', failed: failedBefore, latency },
      { ...phase, name: 'during', latency: { ...latency, p99: 30 } },
    ],
    shas: {},
    sendLag: latency,
  };
}

describe('what users saw', () => {
  it('counts resets of kept connections apart from all other failures, and leaves the slow load out of p99', () => {
    const plain = reportOf([
      ['reset', true],
      ['reset', false],
      ['status', true],
    ]);
    expect(readSighting(plain, reportOf([['status', false]]))).toMatchObject({
      sent: 20,
      failed: 3,
      resets: 1,
      wasSteady: true,
      p99BeforeMs: 3,
      p99DuringMs: 30,
    });
  });
});

describe('a run', () => {
  it('says nothing where requests failed before anything was changed', () => {
    expect(readSighting(reportOf([], 1), reportOf([])).wasSteady).toBe(false);
    expect(readSighting(reportOf([]), reportOf([], 1)).wasSteady).toBe(false);
    expect(readSighting(reportOf([]), reportOf([])).wasSteady).toBe(true);
  });
});

const quiet = { lagMs: 0, kinds: {}, slowest: [] };

describe('the slowest requests', () => {
  it('are told by the tenth of a second in which they were due', () => {
    const slowest = [310, 399, 400, 1_250].map((dueMs) => ({ dueMs, latencyMs: 9 }));
    expect(describeSlowest(slowest)).toBe('0.3 ×2, 0.4, 1.2');
    expect(describeSlowest([])).toBe('');
  });
});

describe('the rows of a deploy', () => {
  const party = (id: Party['id']): Party => ({ id, name: id, deploy: () => Promise.reject(new RangeError('unused')) });
  const loaded = (failed: number, totalMs: number): Loaded => ({
    seen: { wasSteady: true, sent: 100, failed, resets: 0, p99BeforeMs: 10, p99DuringMs: 12, ...quiet },
    deployed: { totalMs, postMs: 0, outcome: 'deployed', commands: 9, phases: '' },
  });
  it('compare with each peer, judge the worst run, and time only against docker-rollout', () => {
    const rows = rowsOfDeploys('c', 'haproxy', [
      [party('ours'), [loaded(0, 4_000), loaded(1, 4_000), loaded(0, 4_000)]],
      [party('up'), [loaded(80, 2_000)]],
      [party('rollout'), [loaded(5, 3_000)]],
    ]);
    const find = (metric: string, peerName: string): unknown =>
      rows.find((row) => row.metric === metric && row.peerName === peerName);
    expect(find('failed_requests', 'docker compose up -d')).toMatchObject({ ours: 0, peer: 80, met: null });
    expect(find('failed_requests_worst', 'docker-rollout')).toMatchObject({ ours: 1, peer: 5, met: false });
    expect(find('p99_during_ms', 'docker-rollout')).toMatchObject({ ours: 12, target: 15, met: true });
    expect(find('total_s', 'docker compose up -d')).toMatchObject({ ours: 4, target: null });
    expect(find('total_s', 'docker-rollout')).toMatchObject({ ours: 4, target: 3.45, met: false });
  });
  it('say that a peer was not given, and promise no time then', () => {
    const rows = rowsOfDeploys('c', 'nginx', [[party('ours'), [loaded(0, 4_000)]]]);
    expect(rows.find((row) => row.metric === 'total_s' && row.peerName === 'docker-rollout (not given)')).toMatchObject(
      {
        peer: null,
        target: null,
      },
    );
    expect(rows.filter((row) => row.metric === 'client_resets_worst')).toHaveLength(2);
  });
});

describe('the rows of the floor', () => {
  const seen = (before: number, during: number): Loaded['seen'] => ({
    ...{ wasSteady: true, sent: 100, failed: 0, resets: 0, ...quiet },
    ...{ p99BeforeMs: before, p99DuringMs: during },
  });
  it('give the growth of each run, not that of the medians', () => {
    const rows = rowsOfFloor('c', [seen(10, 20), seen(20, 100), seen(40, 120)]);
    expect(rows.find(({ metric }) => metric === 'p99_growth_ratio')).toMatchObject({ ours: 3, target: null });
    expect(rows.find(({ metric }) => metric === 'p99_during_ms')).toMatchObject({ ours: 100 });
  });
  it('are none where it was not watched', () => {
    expect(rowsOfFloor('c', [])).toEqual([]);
  });
});

describe('the count of remote commands', () => {
  it.each([
    [{ outputs: { timings: '{"plan":3,"commands":17,"total":9}' }, log: '' }, 17],
    [{ outputs: {}, log: 'in 3.2s, 18 remote commands' }, 18],
    [{ outputs: { timings: '{"plan":3}' }, log: '' }, undefined],
  ])('of %j is %j', (result, expected) => {
    expect(readCommandCount(result)).toBe(expected);
  });
});

describe('the compose file of a stage', () => {
  it('puts app and proxy on a network of their own beside the default one', () => {
    const recipe = { proxy: 'nginx', service: ["ports: ['1:80']"], files: {}, labels: { a: 'b' }, inputs: {} } as const;
    const boot = { name: 'slow', bootMs: 5_000 };
    const text = renderCompose({ project: 'p', port: 1, services: ['app'], recipe, boot });
    expect(text).toContain("    environment: { BOOT_MS: '5000', BOOT_OPEN: '1' }\n");
    expect(text).toContain('    labels:\n      a: "b"\n    networks: [default, edge]\n');
    expect(text).toContain('networks:\n  edge:\n');
  });
});
