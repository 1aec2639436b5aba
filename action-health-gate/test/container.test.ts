import { HostError, type ExecResult, type Host } from '@deploy-actions/kit/host/host';
import { connect } from 'node:net';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { networkAttempt } from '../src/attempt.ts';
import type { Check } from '../src/check.ts';
import { describeContainer, pickSuspects } from '../src/evidence.ts';
import { parseContainers, type Container } from '../src/container.ts';
import {
  callRoll,
  describeFailure,
  findFailure,
  judgeContainers,
  lookAgain,
  nameSubjects,
} from '../src/container-state.ts';
import { judgeExec, probeExec } from '../src/exec-probe.ts';
import { findMatches, scanLogs } from '../src/log-scan.ts';
import { parsePattern } from '../src/pattern.ts';
import { expectation, urlCheck } from './builder.ts';

const oldSha = '1111111111111111111111111111111111111111';
const newSha = '2222222222222222222222222222222222222222';
const startedAt = '2026-03-01T10:00:00.5Z';

/** A line as docker 28 prints it for the format of the script. */
function line(name: string, overrides: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: `${name}-0123456789abcdef`,
    name: `/${name}`,
    service: 'api',
    status: 'running',
    exitCode: 0,
    oomKilled: false,
    restartCount: 0,
    startedAt,
    health: null,
    networkMode: 'shop_default',
    networks: { shop_default: { IPAddress: '172.18.0.3', GlobalIPv6Address: '' } },
    ...overrides,
  });
}

const parse = (...lines: readonly string[]): readonly Container[] => parseContainers(lines.join('\n'));
const roll = (...lines: readonly string[]) => callRoll('api', parse(...lines));

/** What Docker says of a health check; each probe by the second at which it began. */
function health(status: string, ...probes: readonly (readonly [second: number, code: number, output: string])[]) {
  const log = probes.map(([second, ExitCode, Output]) => ({
    Start: `2026-03-01T10:00:${String(second).padStart(2, '0')}.123456789Z`,
    ExitCode,
    Output,
  }));
  return { health: { Status: status, FailingStreak: 0, Log: log } };
}

describe('containers of a service', () => {
  it('are all asked when they run', () => {
    const called = roll(line('api-1'), line('api-2', { networks: { x: { IPAddress: '172.18.0.4' } } }));
    expect(called.kind === 'ask' && called.containers.map(({ name, address }) => [name, address])).toEqual([
      ['api-1', '172.18.0.3'],
      ['api-2', '172.18.0.4'],
    ]);
  });

  it('are reached by IPv6 where there is no IPv4, and on the loopback with host networking', () => {
    const addresses = parse(
      line('six', { networks: { x: { IPAddress: '', GlobalIPv6Address: 'fd00::3' } } }),
      line('host', { networkMode: 'host', networks: { host: { IPAddress: '' } } }),
    );
    expect(addresses.map((container) => container.address)).toEqual(['fd00::3', '127.0.0.1']);
  });

  it('are not asked when one is restarting: a crash loop is silent between two crashes', () => {
    const called = roll(line('api-1'), line('api-2', { status: 'restarting', exitCode: 137, restartCount: 4 }));
    expect(called).toEqual({
      kind: 'nobody',
      problem: 'container api-2 is restarting (last exit code 137, 4 restarts)',
    });
  });

  it('that have stopped are no part of the service any more', () => {
    const called = roll(line('api-1'), line('api-2', { status: 'exited', exitCode: 1 }));
    expect(called.kind === 'ask' && called.containers.map(({ name }) => name)).toEqual(['api-1']);
  });

  it('are missed when there are none, with what is left of them', () => {
    expect(roll()).toEqual({ kind: 'nobody', problem: 'service api has no running container' });
    expect(roll(line('api-1', { status: 'exited', exitCode: 3 }))).toEqual({
      kind: 'nobody',
      problem: 'service api has no running container: api-1 is exited (exit code 3)',
    });
  });
});

describe('a failure that no later attempt can make good', () => {
  const nothingSeen = { restarts: new Map(), running: new Set<string>() };
  const find = (before: readonly Container[], now: readonly Container[], maxRestarts = 0): string | undefined => {
    const failure = findFailure(now, before.length === 0 ? nothingSeen : lookAgain(undefined, before), maxRestarts);
    return failure === undefined ? undefined : describeFailure(failure, undefined).reason;
  };

  it('is a container that ended by itself, with its exit code', () => {
    const ended = parse(line('api-1', { status: 'exited', exitCode: 3 }));
    expect(find(parse(line('api-1')), ended)).toBe('container api-1 ended by itself (exit code 3)');
    // Nothing else of the service is left, so nobody has to have seen it run.
    expect(find([], ended)).toBe('container api-1 ended by itself (exit code 3)');
  });

  it('is a container that was killed for want of memory', () => {
    const killed = parse(line('api-1', { status: 'exited', exitCode: 137, oomKilled: true }));
    expect(find(parse(line('api-1')), killed)).toContain('(exit code 137, killed for want of memory)');
  });

  it('is a dead container', () => {
    expect(find([], parse(line('api-1'), line('api-2', { status: 'dead', exitCode: 1 })))).toContain('api-2 is dead');
  });

  it('is one restart more than allowed since the gate looked first', () => {
    const before = parse(line('api-1', { restartCount: 3 }));
    const after = parse(line('api-1', { restartCount: 5 }));
    expect(find(before, before)).toBeUndefined();
    expect(find(before, after, 2)).toBeUndefined();
    expect(find(before, after, 1)).toBe(
      'container api-1 crashed and was restarted 2 times while the gate looked, 1 allowed (5 restarts)',
    );
  });

  it('counts all restarts of a container that appeared while the gate looked', () => {
    const watch = lookAgain(lookAgain(undefined, parse(line('api-1'))), parse(line('api-2', { restartCount: 0 })));
    expect(findFailure(parse(line('api-2', { restartCount: 1 })), watch, 0)?.what).toContain('restarted 1 time');
  });

  it('tells the exit code from the events of Docker, where the container runs again', () => {
    const failure = findFailure(
      parse(line('api-1', { restartCount: 1 })),
      lookAgain(undefined, parse(line('api-1'))),
      0,
    );
    const found = failure ?? expect.unreachable('no failure');
    expect(describeFailure(found, 139).reason).toContain('(last exit code 139, 1 restart)');
  });

  it('is neither a container that was stopped nor one that an earlier deploy left', () => {
    const running = line('api-2');
    for (const exitCode of [0, 137, 143])
      expect(find(parse(line('api-1'), running), parse(line('api-1', { status: 'exited', exitCode }), running))).toBe(
        undefined,
      );
    expect(find([], parse(line('api-1', { status: 'exited', exitCode: 1 }), running))).toBeUndefined();
    // Docker starts it again when it ends by itself; this one made exit code 1 of SIGTERM.
    const stopped = line('api-1', { status: 'exited', exitCode: 1, restartPolicy: 'unless-stopped' });
    expect(find(parse(line('api-1')), parse(stopped))).toBeUndefined();
  });
});

describe('a container check', () => {
  const running = { type: 'container', expectState: 'running', noHealthcheck: 'running' } as const;

  it('believes a container that runs, and is healthy where it has a health check', () => {
    const both = parse(line('api-1'), line('api-2', health('healthy', [5, 0, 'ok'])));
    expect(judgeContainers('api', both, running)).toEqual({ ok: true });
  });

  it('waits for a health check that has not spoken, and tells what it said last', () => {
    expect(judgeContainers('api', parse(line('api-1', health('starting'))), running)).toEqual({
      ok: false,
      kind: 'unhealthy',
      reason: 'container api-1 is not healthy yet',
    });
    const bad = parse(line('api-1', health('unhealthy', [3, 1, 'a'], [5, 7, 'refused\n by db'])));
    expect(judgeContainers('api', bad, running)).toMatchObject({
      reason: 'container api-1 is unhealthy; last probe exit 7: refused by db',
    });
  });

  it('believes neither an `unhealthy` nor a `healthy` from before a restart', () => {
    const restartedAt = { startedAt: '2026-03-01T10:00:30Z' };
    for (const status of ['healthy', 'unhealthy']) {
      const stale = parse(line('api-1', { ...health(status, [5, 1, 'old news']), ...restartedAt }));
      expect(judgeContainers('api', stale, running)).toEqual({
        ok: false,
        kind: 'unhealthy',
        reason: 'container api-1 is not healthy yet',
      });
    }
    const fresh = parse(line('api-1', { ...health('healthy', [5, 1, 'old'], [31, 0, 'new']), ...restartedAt }));
    expect(judgeContainers('api', fresh, running)).toEqual({ ok: true });
  });

  it('fails at once without a health check where one is asked for', () => {
    expect(judgeContainers('api', parse(line('api-1')), { ...running, noHealthcheck: 'fail' })).toMatchObject({
      isFinal: true,
      reason: 'container api-1 has no health check, and `no-healthcheck` is fail',
    });
  });

  it('takes a paused container for no success', () => {
    expect(judgeContainers('api', parse(line('api-1', { status: 'paused' })), running)).toMatchObject({
      kind: 'no-container',
    });
  });

  it('waits for the good end of a one-off where that is asked for', () => {
    const ended = { ...running, expectState: 'exited' } as const;
    expect(judgeContainers('job', parse(line('job-1', { status: 'exited' })), ended)).toEqual({ ok: true });
    expect(judgeContainers('job', parse(line('job-1')), ended)).toMatchObject({
      reason: 'service job: job-1 is running',
    });
    expect(judgeContainers('job', [], ended)).toMatchObject({ reason: 'service job has no container' });
  });

  it('knows other containers, and a restarted one, from those before', () => {
    const first = nameSubjects(parse(line('api-1'), line('api-2')));
    expect(nameSubjects(parse(line('api-2'), line('api-1')))).toBe(first);
    expect(nameSubjects(parse(line('api-1'), line('api-3')))).not.toBe(first);
    expect(nameSubjects(parse(line('api-1', { startedAt: '2026-03-01T11:00:00Z' }), line('api-2')))).not.toBe(first);
  });
});

describe('an exec check', () => {
  it('is a success with exit code 0 only, and tells the last words of the command', () => {
    const command = ['manage.py', 'check'];
    expect(judgeExec(command, { code: 0, stdout: 'x', stderr: 'warning' })).toEqual({ ok: true });
    expect(judgeExec(command, { code: 3, stdout: 'a\nschema is old\n', stderr: '' })).toMatchObject({
      kind: 'exec',
      reason: 'manage.py ended with exit code 3: schema is old',
    });
    expect(judgeExec(command, { code: 127, stdout: '', stderr: '' })).toMatchObject({
      reason: 'manage.py ended with exit code 127 (not found in the container)',
    });
  });
});

describe('a command that does not end in time', () => {
  const signal = new AbortController().signal;
  const question = { type: 'exec', command: ['sleep', '60'], user: 'app' } as const;

  it('is a miss; a lost connection is not', async () => {
    const asked: (readonly string[])[] = [];
    const hostThat = (code: 'COMMAND_TIMEOUT' | 'CONNECTION_LOST'): Host => ({
      ...fakeHost(() => Promise.resolve({}), 0),
      exec: (argv) => {
        asked.push(argv);
        return Promise.reject(new HostError({ code, message: 'x' }));
      },
    });
    const options = { timeoutMs: 1500, signal };
    expect(await probeExec(hostThat('COMMAND_TIMEOUT'), 'abc', question, options)).toEqual({
      ok: false,
      kind: 'exec',
      reason: 'sleep did not end within 1.5s',
    });
    expect(asked).toEqual([['docker', 'exec', '--user', 'app', 'abc', 'sleep', '60']]);
    await expect(probeExec(hostThat('CONNECTION_LOST'), 'abc', question, options)).rejects.toThrow('x');
  });
});

describe('a log scan', () => {
  const scan = (answers: (script: string) => Partial<ExecResult>) =>
    scanLogs({
      host: {
        ...fakeHost(() => Promise.resolve({}), 0),
        script: (source) =>
          Promise.resolve({ code: 0, stdout: '', stderr: '', durationMs: 1, isTruncated: false, ...answers(source) }),
      },
      projectName: 'shop',
      services: ['api'],
      patterns: [parsePattern('panic', 'x')],
      since: '600s',
      signal: new AbortController().signal,
    });

  it('that could not take place is no good one', async () => {
    const isList = (source: string): boolean => source.includes('docker ps');
    expect(await scan((source) => (isList(source) ? { stdout: line('api-1') } : { stdout: 'all well' }))).toEqual([]);
    expect(await scan(() => ({ code: 1, stderr: 'no daemon' }))).toEqual([
      'the logs of api could not be read: deploy@web1: docker ps ended with exit code 1: no daemon',
    ]);
    expect(
      await scan((source) => (isList(source) ? { stdout: line('api-1') } : { code: 1, stdout: 'no such driver' })),
    ).toEqual(['the log of api-1 could not be read: no such driver']);
    expect(await scan(() => ({ stdout: '' }))).toEqual(['no container of api is left to be searched']);
  });

  it('tells the first line that a pattern is found in, one for each pattern', () => {
    const log = 'started\nERROR: no table\nERROR: again\npanic: x\n';
    const patterns = ['^ERROR', 'panic|fatal', 'never'].map((text) => parsePattern(text, 'x'));
    expect(findMatches('api-1', log, patterns)).toEqual([
      'api-1 logged what matches /^ERROR/: ERROR: no table',
      'api-1 logged what matches /panic|fatal/: panic: x',
    ]);
  });

  it('never takes a search that was given up for a log without a match', () => {
    const found = findMatches('api-1', `ok\n${'a'.repeat(60)}!\n`, [parsePattern('^(a+)+$', 'x')]);
    expect(found).toEqual(['api-1: /^(a+)+$/ was given up on one of its log lines']);
  });
});

/** A server on this machine: the script's answer is given, addresses of containers lead to a port here. */
function fakeHost(answer: () => Promise<Partial<ExecResult>>, port: number): Host {
  const refuse = (): never => expect.unreachable('not used by a gate');
  return {
    name: 'deploy@web1',
    kind: 'ssh',
    commandCount: 0,
    exec: refuse,
    close: () => Promise.resolve(),
    script: async () => ({ code: 0, stdout: '', stderr: '', durationMs: 1, isTruncated: false, ...(await answer()) }),
    forward: (address) =>
      Promise.resolve(connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${address.split('.')[3] ?? '1'}` })),
  };
}

const serviceCheck: Check = {
  ...urlCheck('api', 'http://unused/', { expectation: expectation({ sha: newSha }) }),
  target: { kind: 'service', service: 'api', port: 8000, path: '/healthz' },
};

async function attempt(answer: () => Promise<Partial<ExecResult>>): Promise<unknown> {
  // The container whose address ends in 3 still runs the old commit.
  const server = createServer((request, response) => {
    const isOld = request.socket.remoteAddress?.endsWith('.3') === true;
    const isAsHealthCheck = request.headers.host === 'localhost:8000' && request.url === '/healthz';
    response.end(JSON.stringify({ git_sha: isAsHealthCheck ? (isOld ? oldSha : newSha) : 'wrong request' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  try {
    const host = fakeHost(answer, (server.address() as AddressInfo).port);
    return await networkAttempt({ host, projectName: 'shop' })(serviceCheck, 2000, new AbortController().signal);
  } finally {
    server.close();
  }
}

describe('describeContainer', () => {
  const [container = expect.unreachable('no container')] = parse(
    line('shop-api-1', health('unhealthy', [5, 1, 'refused'])),
  );

  it('tells state, health, the last healthy probe and what every later one said', () => {
    const [turned = expect.unreachable('no container')] = parse(
      line('shop-api-1', health('unhealthy', [2, 0, 'fine'], [5, 1, 'refused'], [8, 1, 'refused again'])),
    );
    expect(describeContainer(turned)).toEqual([
      'shop-api-1 is running, health unhealthy; last healthy probe 2026-03-01T10:00:02Z',
      '  probe 2026-03-01T10:00:02Z exit 0: fine',
      '  probe 2026-03-01T10:00:05Z exit 1: refused',
      '  probe 2026-03-01T10:00:08Z exit 1: refused again',
    ]);
  });

  it('says so when no probe was healthy, or none has run', () => {
    const probes = [5, 6, 7].map((second) => [second, 1, 'refused'] as const);
    const headOf = (text: string): string | undefined =>
      describeContainer(parse(text)[0] ?? expect.unreachable('no container'))[0];
    expect(headOf(line('a', health('unhealthy', ...probes)))).toMatch(/; none of its last 3 probes was healthy$/);
    expect(headOf(line('a', health('unhealthy', [5, 1, 'refused'])))).toMatch(/; its only probe failed$/);
    // Of healthy ones it is enough to know when the last was.
    expect(describeContainer(parse(line('a', health('healthy', [5, 0, ''], [6, 0, ''])))[0] ?? container)).toEqual([
      'a is running, health healthy; last healthy probe 2026-03-01T10:00:06Z',
    ]);
    // The one from before the container's start is another container's, as it were.
    expect(headOf(line('a', health('unhealthy', [0, 0, 'fine'])))).toMatch(
      /health starting; no probe since its start$/,
    );
  });

  it('tells how a container without a health check ended', () => {
    const end = { status: 'exited', exitCode: 137, isOomKilled: true, restartCount: 2, health: undefined };
    expect(describeContainer({ ...container, ...end })).toEqual([
      'shop-api-1 is exited, exit code 137, killed for want of memory, 2 restarts',
    ]);
  });

  it('is asked first of those that look worst', () => {
    const all = parse(line('good'), line('restarted', { restartCount: 1 }), line('ended', { status: 'exited' }));
    expect(pickSuspects([...all, container]).map(({ name }) => name)).toEqual(['ended', 'shop-api-1', 'restarted']);
  });
});

describe('an attempt on a service', () => {
  const at = (name: string, address: string): string => line(name, { networks: { x: { IPAddress: address } } });

  it('is a success when all containers answer with the new commit', async () => {
    const stdout = `${at('api-1', '172.18.0.4')}\n${at('api-2', '172.18.0.5')}\n`;
    expect(await attempt(() => Promise.resolve({ stdout }))).toMatchObject({ ok: true, observedSha: newSha });
  });

  it('is a miss while one container behind the name answers with the old commit', async () => {
    const stdout = `${at('api-1', '172.18.0.4')}\n${at('api-2', '172.18.0.3')}\n`;
    expect(await attempt(() => Promise.resolve({ stdout }))).toMatchObject({
      ok: false,
      kind: 'commit',
      reason: 'container api-2: commit 111111111111 answers, expected 222222222222',
    });
  });

  it('is a miss while a container has no network address', async () => {
    const stdout = line('api-1', { networkMode: 'none', networks: {} });
    expect(await attempt(() => Promise.resolve({ stdout }))).toMatchObject({
      ok: false,
      kind: 'no-container',
      reason: 'container api-1: it has no network address the server could reach',
    });
  });

  it('is the last one when its only container ended by itself', async () => {
    const stdout = line('api-1', { status: 'exited', exitCode: 3 });
    expect(await attempt(() => Promise.resolve({ stdout }))).toMatchObject({ kind: 'failed', isFinal: true });
  });

  it('is a miss when docker fails, and says what docker said', async () => {
    const failing = { code: 1, stderr: 'Cannot connect to the Docker daemon' };
    expect(await attempt(() => Promise.resolve(failing))).toMatchObject({
      ok: false,
      kind: 'unreachable',
      reason: 'lookup: deploy@web1: docker ps ended with exit code 1: Cannot connect to the Docker daemon',
    });
  });

  it('ends the gate when the connection to the server is lost', async () => {
    const lost = new HostError({ code: 'CONNECTION_LOST', message: 'web1: connection lost' });
    await expect(attempt(() => Promise.reject(lost))).rejects.toBe(lost);
  });
});
