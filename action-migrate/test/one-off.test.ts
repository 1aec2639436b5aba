import { describe, expect, it } from 'vitest';
import { judgeStart } from '../src/one-off-start.ts';
import { parseOneOffs } from '../src/one-off.ts';
import { inspected, oneOff } from './builder.ts';

describe('parseOneOffs', () => {
  it('reads name, state, times and labels', () => {
    const [seen] = parseOneOffs(
      inspected(
        'shop-migrate-77-1-2',
        {
          Status: 'exited',
          ExitCode: 3,
          OOMKilled: true,
          StartedAt: '2026-01-01T00:00:00.123456789Z',
          FinishedAt: '2026-01-01T00:00:02.5Z',
        },
        2,
      ),
    );
    expect(seen).toEqual({
      name: 'shop-migrate-77-1-2',
      state: 'ended',
      exitCode: 3,
      isOutOfMemory: true,
      startedAtMs: Date.parse('2026-01-01T00:00:00.123Z'),
      finishedAtMs: Date.parse('2026-01-01T00:00:02.500Z'),
      seenAtMs: 1767225700_000,
      runKey: '77',
      planHash: 'p',
      number: 2,
    });
  });

  it.each([
    ['created', 'created'],
    ['running', 'running'],
    ['paused', 'running'],
    ['exited', 'ended'],
    ['dead', 'ended'],
  ])('calls %s %s', (status, state) => {
    expect(parseOneOffs(inspected('x', { Status: status }))[0]?.state).toBe(state);
  });

  it('finds nothing in the time alone', () => {
    expect(parseOneOffs('1767225700\n')).toEqual([]);
  });
});

describe('judgeStart', () => {
  const failed = { code: 1, stderr: 'one\nOCI runtime create failed: exec: "nope": not found\n' };

  it('believes the container, not the exit code of docker compose', () => {
    expect(judgeStart(failed, oneOff({ state: 'ended', exitCode: 1 }))).toEqual({ kind: 'started' });
  });

  it('reads the exit code 127 of a container whose command is not in the image', () => {
    const created = oneOff({ state: 'created', exitCode: 127, startedAtMs: NaN });
    expect(judgeStart(failed, created)).toMatchObject({ kind: 'refused', exitCode: 127 });
  });

  it("calls it Docker's failure when there is no container", () => {
    expect(judgeStart(failed, undefined)).toEqual({
      kind: 'refused',
      exitCode: 125,
      said: ['one', 'OCI runtime create failed: exec: "nope": not found'],
    });
  });
});
