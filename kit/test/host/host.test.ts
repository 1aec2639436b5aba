import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferred } from '../../src/host/deferred.ts';
import { execOrThrow, type Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local-host.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { isRunning, unique } from './process-list.ts';
import { startServer, type TestServer } from './ssh-server.ts';

const never = new AbortController().signal;
const scratch = mkdtempSync(join(tmpdir(), 'deploy-test-'));

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const kinds = ['local', 'ssh2', 'openssh'] as const;

describe.each(kinds)('a %s host', (kind) => {
  let server: TestServer;
  let host: Host;
  beforeAll(async () => {
    server = await startServer();
    host =
      kind === 'local' ? localHost() : await connectSsh({ ...server.target, transport: kind }, fakeRunner(), never);
  });
  afterAll(async () => {
    await host.close();
    await server[Symbol.asyncDispose]();
  });

  it('passes hostile arguments through unchanged', async () => {
    const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1 }), async (words) => {
        const { stdout, stderr, code } = await host.exec(['printf', '%s\\0', ...words]);
        expect({ code, stderr, words: stdout.split('\0').slice(0, -1) }).toEqual({ code: 0, stderr: '', words });
      }),
      { numRuns: 15 },
    );
  });

  it('passes arguments to a script as $1, $2, without reading them as shell', async () => {
    const args = ['$(echo no)', "it's", '', '-n', 'a\nb'];
    const { stdout } = await host.script('for each do printf "%s\\0" "$each"; done', args);
    expect(stdout.split('\0').slice(0, -1)).toEqual(args);
  });

  it('keeps stdout, stderr and exit status apart', async () => {
    const result = await host.script('echo out; echo err >&2; exit 42', []);
    expect(result).toMatchObject({ code: 42, stdout: 'out\n', stderr: 'err\n', isTruncated: false });
    expect(result.durationMs).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['KILL', 137],
    ['TERM', 143],
    ['HUP', 129],
  ])('reports death by SIG%s as exit status %i', async (signal, code) => {
    expect(await host.script('kill -s "$1" $$', [signal])).toMatchObject({ code });
  });

  it('reports a program that does not exist as 127', async () => {
    const result = await host.exec(['no-such-program-anywhere']);
    expect(result.code).toBe(127);
    await expect(execOrThrow(host, ['no-such-program-anywhere'])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining('command not found') as string,
    });
  });

  it('runs in the given folder, with the given variables, umask 022 and LC_ALL=C', async () => {
    const { stdout } = await host.script('echo "$PWD $A_B $(umask) $LC_ALL"', [], {
      cwd: '/usr',
      env: { A_B: "x 'y'" },
    });
    expect(stdout).toBe("/usr x 'y' 0022 C\n");
  });

  it('does not run the command when the folder cannot be entered', async () => {
    const proof = join(mkdtempSync(join(scratch, 'proof-')), 'proof');
    await expect(host.exec(['touch', proof], { cwd: '/no/such/folder' })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining('folder /no/such/folder cannot be entered') as string,
    });
    expect(existsSync(proof)).toBe(false);
  });

  it('ends stdin at once when there is none to give', async () => {
    expect(await host.exec(['cat'])).toMatchObject({ code: 0, stdout: '' });
    expect(await host.exec(['cat'], { stdin: '' })).toMatchObject({ code: 0, stdout: '' });
  });

  it.each([
    ['text', 'héllo\nwithout end'],
    ['bytes', Buffer.from('héllo\nwithout end')],
  ])('gives stdin: %s', async (_, stdin) => {
    expect((await host.exec(['cat'], { stdin })).stdout).toBe('héllo\nwithout end');
  });

  it.each([
    ['in time', "it's\n$HOME \\n é\n"],
    ['too late', undefined],
    ['in time, and is too long for a command line', 'é'.repeat(60_000)],
  ])('gives all of stdin once, where it is known %s', async (_, early) => {
    const text = early ?? 'known later';
    const stdin = Readable.from([text], { objectMode: false });
    const { stdout, code } = await host.script('cat; exit 3', [], { stdin, earlyStdin: () => early });
    expect({ code, stdout }).toEqual({ code: 3, stdout: text });
  });

  it('gives a stream as stdin, with back-pressure', async () => {
    let given = 0;
    const source = Readable.from(
      (function* () {
        for (; given < 400; given++) yield Buffer.alloc(65_536, 'x');
      })(),
    );
    const reading = host.script('read -r first <"$1"; wc -c', [await fifo(host)], {
      stdin: source,
      timeoutMs: 150_000,
    });
    const path = lastFifo;
    await expect.poll(() => given, { interval: 5 }).toBeGreaterThan(0);
    await sleep(300);
    // Nobody reads yet: pipe, channel window and stream buffers are full, and the rest is still in the source.
    expect(given).toBeLessThan(200);
    await host.script('echo go >"$1"', [path]);
    expect((await reading).stdout.trim()).toBe(String(400 * 65_536));
  });

  it('does not call a failed source stream the end of stdin', async () => {
    const out = join(mkdtempSync(join(scratch, 'out-')), 'out');
    const source = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('source broke');
      })(),
    );
    await expect(host.script('cat >/dev/null && echo complete >"$1"', [out], { stdin: source })).rejects.toThrow(
      'source broke',
    );
    expect(existsSync(out)).toBe(false);
  });

  it('ends with what a source stream failed with before the command was there', async () => {
    const source = new Readable({ read: () => undefined });
    source.on('error', () => undefined);
    source.destroy(new Error('source was broken'));
    await expect(host.script('cat', [], { stdin: source })).rejects.toThrow('source was broken');
  });

  it('lets a command ignore a large stdin', async () => {
    expect(await host.exec(['true'], { stdin: Buffer.alloc(5_000_000) })).toMatchObject({ code: 0 });
  });

  it('carries 8 MB of output unchanged, characters across chunk borders too', async () => {
    const { stdout, isTruncated } = await host.script('yes "zwölf Boxkämpfer 漢字 😀" | head -n 200000', [], {
      maxCaptureBytes: 64 * 1024 * 1024,
    });
    expect(isTruncated).toBe(false);
    expect(stdout === 'zwölf Boxkämpfer 漢字 😀\n'.repeat(200_000)).toBe(true);
  });

  it('streams lines while the command runs', async () => {
    const path = await fifo(host);
    const { promise: first, resolve } = deferred<string>();
    const seen: string[] = [];
    const running = host.script('echo first; read -r go <"$1"; echo second; printf third', [path], {
      onStdoutLine: (line) => {
        seen.push(line);
        resolve(line);
      },
    });
    // The command waits until the line has been seen: it cannot have been held back until the end.
    expect(await first).toBe('first');
    await host.script('echo go >"$1"', [path]);
    await running;
    expect(seen).toEqual(['first', 'second', 'third']);
  });

  it('drops output over the limit and says so', async () => {
    const result = await host.script('head -c 100000 /dev/zero | tr "\\0" x; echo err >&2', [], {
      maxCaptureBytes: 1000,
    });
    expect(result).toMatchObject({ stdout: 'x'.repeat(1000), stderr: 'err\n', isTruncated: true });
  });

  it('stops a command with all its children when its time is up', async () => {
    const seconds = unique(`${kinds.indexOf(kind) + 1}0011`);
    const command = 'sleep "$1" & (setsid sleep "$1" &) ; sleep "$1"';
    await expect(host.script(command, [seconds], { timeoutMs: 2000 })).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
      message: expect.stringMatching(/did not end within 2 s and was stopped/) as string,
    });
    expect(isRunning(seconds)).toBe(false);
  });

  it('stops a command that ignores TERM', async () => {
    const seconds = unique(`${kinds.indexOf(kind) + 1}0012`);
    const command = 'trap "" TERM; while :; do sleep "$1"; done';
    await expect(host.script(command, [seconds], { timeoutMs: 2000 })).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
      message: expect.stringContaining('was stopped') as string,
    });
    expect(isRunning(seconds)).toBe(false);
  });

  it('stops a command when the step is cancelled', async () => {
    const seconds = unique(`${kinds.indexOf(kind) + 1}0013`);
    const abort = new AbortController();
    const running = host.script('echo started; exec sleep "$1"', [seconds], {
      signal: abort.signal,
      onStdoutLine: () => {
        abort.abort(new Error('cancelled by a test'));
      },
    });
    await expect(running).rejects.toMatchObject({
      code: 'CANCELLED',
      message: expect.stringContaining('was stopped') as string,
    });
    expect(isRunning(seconds)).toBe(false);
  });

  it('does not start a command of a cancelled step', async () => {
    const proof = join(mkdtempSync(join(scratch, 'proof-')), 'proof');
    const running = host.exec(['touch', proof], { signal: AbortSignal.abort(new Error('early')) });
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(proof)).toBe(false);
  });

  it('runs many commands at once', async () => {
    const results = await Promise.all(Array.from({ length: 30 }, (_, index) => host.exec(['echo', String(index)])));
    expect(results.map((result) => result.stdout.trim())).toEqual(
      Array.from({ length: 30 }, (_, index) => String(index)),
    );
  });

  it('opens a stream to a port behind it', async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const { port } = echo.address() as AddressInfo;
    const stream = await host.forward('127.0.0.1', port);
    const answer = new Promise<string>((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    stream.write('ping');
    expect(await answer).toBe('ping');
    stream.destroy();
    await new Promise((resolve) => echo.close(resolve));
    await expect(host.forward('127.0.0.1', port)).rejects.toMatchObject({ code: 'FORWARD_FAILED' });
  });

  it('keeps stdin out of its command line and environment', async () => {
    const { stdout } = await host.script(
      'cat >/dev/null; cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline',
      [],
      {
        stdin: 'topsecret',
      },
    );
    expect(stdout).not.toContain('topsecret');
  });

  it('counts its commands', async () => {
    const before = host.commandCount;
    await host.exec(['true']);
    await host.script('true', []);
    expect(host.commandCount).toBe(before + 2);
  });
});

let lastFifo = '';
let fifoCount = 0;

/** A named pipe on the host, on which a script can be held until the test lets it go on. */
async function fifo(host: Host): Promise<string> {
  lastFifo = join(scratch, `pipe-${++fifoCount}`);
  await host.script('rm -f "$1"; mkfifo "$1"', [lastFifo]);
  return lastFifo;
}
