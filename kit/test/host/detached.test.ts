import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/host/batch.ts';
import { defaultTuning } from '../../src/host/connection.ts';
import { runDetached } from '../../src/host/detached.ts';
import type { Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local-host.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { isRunning, unique } from './process-list.ts';
import { startServer, type TestServer } from './ssh-server.ts';

const never = new AbortController().signal;
const scratch = mkdtempSync(join(tmpdir(), 'deploy-test-'));
const quick = { ...defaultTuning, clock: { ...defaultTuning.clock, sleep: () => Promise.resolve() } };
const kinds = ['local', 'ssh2', 'openssh'] as const;
type Kind = (typeof kinds)[number];

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

async function withHost(kind: Kind, body: (host: Host, server: TestServer) => Promise<void>): Promise<void> {
  await using server = await startServer({ env: { TMPDIR: scratch } });
  const host =
    kind === 'local'
      ? localHost()
      : await connectSsh({ ...server.target, transport: kind }, fakeRunner(), never, quick);
  try {
    await body(host, server);
  } finally {
    await host.close();
  }
}

const newFile = (): string => join(mkdtempSync(join(scratch, 'file-')), 'file');

describe.each(kinds)('a detached step on a %s host', (kind) => {
  it('gives what the same script gives in one remote command: output, errors, status, lines as they come', async () => {
    await withHost(kind, async (host) => {
      const before = host.commandCount;
      const source = 'cat; echo "$1" >&2; printf end; exit 7';
      const expected = { code: 7, stdout: 'héllo\nsecret\nend', stderr: "it's\n" };
      const stdin = 'héllo\nsecret\n';
      expect(await runDetached(host, source, ["it's"], { stdin })).toMatchObject(expected);
      expect(host.commandCount).toBe(before + 1);
      const lines: string[] = [];
      const onStdoutLine = (line: string): void => void lines.push(line);
      expect(await runDetached(host, source, ["it's"], { stdin, onStdoutLine })).toMatchObject(expected);
      expect(lines).toEqual(['héllo', 'secret', 'end']);
      expect(await runDetached(host, 'cat', [])).toMatchObject({ code: 0, stdout: '' });
    });
  });

  it('is stopped with all its children when its time is up', async () => {
    await withHost(kind, async (host) => {
      const seconds = unique(`2007${kinds.indexOf(kind)}`);
      const running = runDetached(host, 'sleep "$1" & sleep "$1"', [seconds], { timeoutMs: 2000 });
      await expect(running).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
      expect(isRunning(seconds)).toBe(false);
    });
  });
});

describe.each(['ssh2', 'openssh'] as const)('a detached step whose connection breaks, by %s', (kind) => {
  it('goes on, is found again, runs once, and each line is heard once', async () => {
    await withHost(kind, async (host, server) => {
      const [go, ran] = [newFile(), newFile()];
      const heard: string[] = [];
      const said: string[] = [];
      const source =
        'echo once >>"$2"; echo first; while [ ! -e "$1" ]; do sleep 0.05; done; echo second; echo err >&2; exit 3';
      const result = await runDetached(host, source, [go, ran], {
        say: (line) => {
          said.push(line);
          if (line.includes('connected again')) writeFileSync(go, '');
        },
        onStdoutLine: (line) => {
          heard.push(line);
          if (line === 'first') server.cut();
        },
      });
      expect(result).toMatchObject({ code: 3, stdout: 'first\nsecond\n', stderr: 'err\n' });
      expect(heard).toEqual(['first', 'second']);
      expect(readFileSync(ran, 'utf8')).toBe('once\n');
      expect(said).toHaveLength(2);
      expect(await host.exec(['echo', 'as before'])).toMatchObject({ stdout: 'as before\n' });
    });
  });

  it('is found when it ended meanwhile, a batch too', async () => {
    await withHost(kind, async (host, server) => {
      const [ready, done] = [newFile(), newFile()];
      const running = runBatch(
        host,
        [
          { purpose: 'wait', source: ': >"$1"; sleep 0.5; echo one; : >"$2"', args: [ready, done] },
          { purpose: 'read', source: 'cat', stdin: 'two\n' },
        ],
        { isDetached: true },
      );
      await expect.poll(() => readdirSync(join(ready, '..')), { interval: 10 }).toContain('file');
      server.cut();
      expect((await running).map((part) => part.stdout)).toEqual(['one\n', 'two\n']);
    });
  });

  it('is not begun by half of its stdin, nor by nobody: the loss is told', async () => {
    await using server = await startServer({ env: { TMPDIR: scratch } });
    const host = await connectSsh({ ...server.target, transport: kind }, fakeRunner(), never, quick);
    const ran = newFile();
    server.cut();
    await expect
      .poll(() => host.exec(['true']).catch((thrown: unknown) => thrown))
      .toMatchObject({ code: 'CONNECTION_LOST' });
    const running = runDetached(host, 'cat >"$1"', [ran], { stdin: 'whole\n' });
    await expect(running).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(readdirSync(join(ran, '..'))).toEqual([]);
    await host.close();
  });

  it('tells that it died when something on the server ended it', async () => {
    await withHost(kind, async (host, server) => {
      const pids: number[] = [];
      const running = runDetached(host, 'echo $$; echo $PPID; exec sleep 20079', [], {
        onStdoutLine: (line) => {
          pids.push(Number(line));
          if (pids.length < 2) return;
          // Its own process, and the one that would have noted its status.
          for (const pid of pids.toReversed()) process.kill(pid, 'SIGKILL');
          server.cut();
        },
      });
      expect(await running).toMatchObject({ code: 137 });
    });
  });
});
