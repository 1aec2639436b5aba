import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { defaultTuning } from '../../src/host/connection.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { isRunning } from './process-list.ts';
import { startServer } from './ssh-server.ts';

const never = new AbortController().signal;
// A folder of its own: other tests use the machine's at the same time.
const scratch = mkdtempSync(join(tmpdir(), 'deploy-test-'));
vi.stubEnv('TMPDIR', scratch);

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

const quick = { ...defaultTuning, clock: { ...defaultTuning.clock, sleep: () => Promise.resolve() } };

/** A proxy in Node, as every machine of this repository has it: joins its stdio to a port. The last word marks its process. */
const relay = (port: number, mark: string): readonly string[] => [
  process.execPath,
  '-e',
  'const s = require("node:net").connect(+process.argv[1], "127.0.0.1"); process.stdin.pipe(s); s.pipe(process.stdout)',
  String(port),
  mark,
];

describe.each(['ssh2', 'openssh'] as const)('a connection through a proxy command by %s', (transport) => {
  it('runs commands, with large input and output, and ends the proxy with the connection', async () => {
    await using server = await startServer();
    const host = await connectSsh(
      { ...server.target, transport, port: 1, proxyCommand: relay(server.port, 'proxy-one') },
      fakeRunner(),
      never,
      quick,
    );
    expect(isRunning('proxy-one')).toBe(true);
    expect(await host.exec(['echo', 'through'])).toMatchObject({ stdout: 'through\n' });
    expect(await host.exec(['wc', '-c'], { stdin: Buffer.alloc(3_000_000) })).toMatchObject({ stdout: '3000000\n' });
    const { stdout } = await host.exec(['head', '-c', '3000000', '/dev/zero']);
    expect(stdout.length).toBe(3_000_000);
    await host.close();
    await expect.poll(() => isRunning('proxy-one'), { interval: 20 }).toBe(false);
  });

  it('leaves no named pipe behind while it runs', async () => {
    await using server = await startServer();
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('deploy-stdin-'));
    const host = await connectSsh(
      { ...server.target, transport, proxyCommand: relay(server.port, 'proxy-two') },
      fakeRunner(),
      never,
      quick,
    );
    const now = readdirSync(tmpdir()).filter((name) => name.startsWith('deploy-stdin-') && !before.includes(name));
    expect(now).toEqual([]);
    await host.close();
  });

  it('still checks the host key', async () => {
    await using server = await startServer();
    const target = {
      ...server.target,
      transport,
      hostKeys: { pins: [], revoked: [], fingerprints: [`SHA256:${'A'.repeat(43)}`] as const },
    };
    const failure = connectSsh(
      { ...target, proxyCommand: relay(server.port, 'proxy-three') },
      fakeRunner(),
      never,
      quick,
    );
    await expect(failure).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
    await expect.poll(() => isRunning('proxy-three'), { interval: 20 }).toBe(false);
  });

  it.each([
    [
      'says why',
      ['sh', '-c', 'echo tunnel: permission denied >&2; exit 3'],
      /The proxy command said: .*permission denied/,
    ],
    ['does not exist', ['no-such-proxy'], /The proxy command said: .*not found/],
  ])('shows the last words of a proxy that %s', async (_, proxyCommand, message) => {
    await using server = await startServer();
    await expect(
      connectSsh({ ...server.target, transport, proxyCommand }, fakeRunner(), never, quick),
    ).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringMatching(message) as string,
    });
  });

  it('reports a proxy that dies under a command as a lost connection', async () => {
    await using server = await startServer();
    const host = await connectSsh(
      { ...server.target, transport, proxyCommand: relay(server.port, 'proxy-four') },
      fakeRunner(),
      never,
      quick,
    );
    const running = host.script('echo started; exec sleep 20031', [], { onStdoutLine: () => server.cut() });
    await expect(running).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await host.close();
    await expect.poll(() => isRunning('proxy-four'), { interval: 20 }).toBe(false);
  });
});
