import { HostError, type ExecResult } from '@deploy-actions/kit/host/host';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { LeaseError } from '@deploy-actions/kit/state/lease-store';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { startOneOff } from '../src/one-off-start.ts';
import { watchOneOff } from '../src/one-off-watch.ts';
import { door, inspected, lost, plan, scriptedHost, type Call } from './builder.ts';

const name = 'shop-migrate-77-1-1';
const started = '2026-01-01T00:01:30Z';
const running = inspected(name, { Status: 'running', StartedAt: started });
const ended = (exitCode: number): string =>
  inspected(name, { Status: 'exited', ExitCode: exitCode, StartedAt: started, FinishedAt: '2026-01-01T00:01:37Z' });
const none = '1767225700\n';

/** A server on which one container runs: each kind of question takes its next answer, the last one stays. */
function server(answers: Readonly<Record<string, readonly (string | Error | Partial<ExecResult>)[]>>) {
  const left = new Map(Object.entries(answers).map(([kind, list]) => [kind, [...list]]));
  return scriptedHost(async (call) => {
    const kind = kindOf(call);
    const list = left.get(kind) ?? [];
    const answer = list.length > 1 ? list.shift() : list[0];
    if (answer instanceof Error) throw answer;
    const result = typeof answer === 'string' ? { stdout: answer } : (answer ?? {});
    for (const line of (result.stdout ?? '').split('\n').filter(Boolean)) call.options.onStdoutLine?.(line);
    return result;
  });
}
const kindOf = ({ words }: Call): string => (words[0] === 'docker' ? `docker ${words[1] ?? ''}` : (words[0] ?? ''));

describe('watchOneOff', () => {
  it('reports exit code, time by the server clock and the end of the log', async () => {
    const host = server({
      find: [running, ended(3)],
      logs: ['2026-01-01T00:01:31.000000000Z one\n2026-01-01T00:01:32.500000000Z two\n', ''],
    });
    const it_ = door(host, plan(['a']));
    expect(await watchOneOff(it_, name, false)).toEqual({
      exitCode: 3,
      isOutOfMemory: false,
      durationMs: 7000,
      isTimedOut: false,
      tail: ['    1.0s | one', '    2.5s | two'],
    });
    expect(it_.log).toEqual(['    1.0s | one', '    2.5s | two']);
  });

  it('attaches again after the connection broke, and shows no line twice', async () => {
    const first = '2026-01-01T00:01:31.000000000Z one\n';
    const host = server({
      find: [running, running, ended(0)],
      'docker wait': [lost(), '0\n'],
      logs: [first, `${first}2026-01-01T00:01:32.000000000Z two\n`, ''],
    });
    const it_ = door(host, plan(['a']));
    expect((await watchOneOff(it_, name, false)).tail).toEqual(['    1.0s | one', '    2.0s | two']);
    expect(it_.log.filter((line) => line.includes('one'))).toHaveLength(1);
    const since = host.calls.filter(({ words }) => words[0] === 'logs').map(({ words }) => words[3]);
    expect(since.slice(0, 2)).toEqual(['', '2026-01-01T00:01:31.000000000Z']);
  });

  it('says that the end is unknown when the connection does not come back', async () => {
    const gone = new HostError({ code: 'HOST_UNREACHABLE', message: 'web1: no route.' });
    const host = server({ find: [running, gone], 'docker wait': [lost()] });
    await expect(watchOneOff(door(host, plan(['a'])), name, false)).rejects.toMatchObject({
      code: 'SSH_LOST',
      message: expect.stringContaining('whether its command finished is unknown') as string,
      hint: expect.stringContaining('attaches') as string,
    });
    expect(host.calls.some(({ words }) => words[1] === 'stop' || words[1] === 'rm')).toBe(false);
  });

  it('stops a container that ran longer than run-timeout, counted from its start', async () => {
    const late = inspected(name, { Status: 'running', StartedAt: '2026-01-01T00:00:00Z' });
    const host = server({ find: [late, ended(143)] });
    const end = await watchOneOff(door(host, plan(['a']), { runTimeout: milliseconds(5000) }), name, false);
    expect(end).toMatchObject({ isTimedOut: true, exitCode: 143 });
    expect(host.calls.some(({ words }) => words.slice(0, 2).join(' ') === 'docker stop')).toBe(true);
  });

  it('stops it when the time is up while it watches', async () => {
    const timeout = new HostError({ code: 'COMMAND_TIMEOUT', message: 'late' });
    const host = server({ find: [running, ended(137)], 'docker wait': [timeout] });
    expect(await watchOneOff(door(host, plan(['a'])), name, false)).toMatchObject({ isTimedOut: true });
  });

  it('leaves the container alone when the step is cancelled, and says how to stop it', async () => {
    const cancelled = new HostError({ code: 'CANCELLED', message: 'cancelled' });
    const host = server({ find: [running], 'docker wait': [cancelled] });
    await expect(watchOneOff(door(host, plan(['a'])), name, false)).rejects.toMatchObject({
      code: 'CANCELLED',
      hint: expect.stringContaining(`docker stop ${name}`) as string,
    });
    expect(host.calls.some(({ words }) => words[1] === 'stop')).toBe(false);
  });

  it('does not call it a cancel when another job took the lease', async () => {
    const ended_ = new HostError({ code: 'CANCELLED', message: 'cancelled' });
    const host = server({ find: [running], 'docker wait': [ended_] });
    const taken = new LeaseError({ code: 'LEASE_LOST', message: 'web1: it is held by run 78.' });
    const watching = watchOneOff(door(host, plan(['a']), { signal: AbortSignal.abort(taken) }), name, false);
    await expect(watching).rejects.toMatchObject({
      code: 'LEASE_LOST',
      message: expect.stringMatching(/held by run 78.*goes on on/) as string,
    });
    expect(host.calls.some(({ words }) => words[1] === 'stop')).toBe(false);
  });

  it('waits for a dockerd that restarts, and believes what it says then', async () => {
    const away = { code: 1, stderr: 'Cannot connect to the Docker daemon' };
    const host = server({ find: [running, away, away, ended(137)], 'docker wait': [{ code: 1 }] });
    const clock = fakeClock();
    expect(await watchOneOff(door(host, plan(['a']), { clock }), name, false)).toMatchObject({ exitCode: 137 });
    expect(clock.now()).toBeGreaterThanOrEqual(6000);
  });

  it('does not take a removed container for a finished one', async () => {
    const host = server({ find: [running, none] });
    await expect(watchOneOff(door(host, plan(['a'])), name, false)).rejects.toMatchObject({ code: 'ONE_OFF_GONE' });
  });

  it('goes on without a log that Docker cannot give', async () => {
    const host = server({
      find: [running, ended(0)],
      logs: [{ code: 1, stdout: 'configured logging driver does not support reading' }],
    });
    const it_ = door(host, plan(['a']));
    expect(await watchOneOff(it_, name, false)).toMatchObject({ exitCode: 0 });
    expect(it_.log.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
  });
});

describe('startOneOff', () => {
  const run = plan(['a']);
  const step = run.steps[0] ?? expect.fail('no step');

  it('hands the model over by stdin, never in an argument', async () => {
    const host = server({ find: [running] });
    const it_ = door(host, run);
    await startOneOff(it_, step);
    const call = host.calls.find(({ words }) => words[1] === 'compose');
    expect(call?.options.stdin).toBe(it_.model.text);
    expect(call?.words).not.toContain(it_.model.text);
  });

  it('does not start a second container when the connection broke after the first was started', async () => {
    const host = server({ find: [running], 'docker compose': [lost()] });
    expect(await startOneOff(door(host, run), step)).toEqual({ kind: 'started' });
    expect(host.calls.filter(({ words }) => words[1] === 'compose')).toHaveLength(1);
  });

  it('tries once more when the connection broke before anything was started', async () => {
    const host = server({ find: [none, running], 'docker compose': [lost(), {}] });
    expect(await startOneOff(door(host, run), step)).toEqual({ kind: 'started' });
    expect(host.calls.filter(({ words }) => words[1] === 'compose')).toHaveLength(2);
  });

  it('says that it does not know when the connection stays broken', async () => {
    const gone = new HostError({ code: 'HOST_UNREACHABLE', message: 'web1: no route.' });
    const host = server({ find: [gone], 'docker compose': [lost()] });
    await expect(startOneOff(door(host, run), step)).rejects.toMatchObject({ code: 'SSH_LOST' });
  });
});
