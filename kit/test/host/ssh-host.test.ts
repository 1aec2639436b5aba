import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import ssh2 from 'ssh2';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/time/clock.ts';
import { fingerprintOf, type HostKeyPolicy } from '../../src/host/host-key.ts';
import type { Host } from '../../src/host/host.ts';
import { runChannel } from '../../src/host/ssh-channel.ts';
import { defaultTuning, type SshTuning } from '../../src/host/connection.ts';
import { openConnection } from '../../src/host/ssh-connection.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import type { SshTarget } from '../../src/host/ssh-target.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { isRunning, unique } from './process-list.ts';
import { hostKeyPair, publicBlob, startServer, userKey, type ServerBehaviour, type TestServer } from './ssh-server.ts';
import { makeEd25519Pair } from './key-pairs.ts';

const never = new AbortController().signal;
const text = (part: string): string => expect.stringContaining(part) as string;

/** A clock whose sleeps are recorded and take no time. */
function quickClock(): Clock & { readonly sleeps: number[] } {
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => 0,
    date: () => new Date(0),
    sleep: (ms) => {
      sleeps.push(ms);
      return Promise.resolve();
    },
  };
}

const quick = (changes: Partial<SshTuning> = {}): SshTuning => ({
  ...defaultTuning,
  clock: quickClock(),
  random: () => 0.5,
  ...changes,
});

let transport: SshTarget['transport'] = 'ssh2';

async function withHost(
  behaviour: ServerBehaviour,
  body: (host: Host, server: TestServer) => Promise<void>,
  tuning = quick(),
): Promise<void> {
  await using server = await startServer(behaviour);
  const host = await connectSsh({ ...server.target, transport }, fakeRunner(), never, tuning);
  try {
    await body(host, server);
  } finally {
    await host.close();
  }
}

/** A TCP server that is no SSH server. */
async function listen(
  onConnection: Parameters<typeof createServer>[1],
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

const connectTo = (target: SshTarget, tuning = quick()): Promise<Host> =>
  connectSsh({ ...target, transport }, fakeRunner(), never, tuning);
const someone: SshTarget = (
  await startServer().then(async (server) => {
    await server[Symbol.asyncDispose]();
    return server;
  })
).target;

describe('the SSH library', () => {
  it('sees an exit status that arrives together with the opened channel', async () => {
    await using server = await startServer({ answersAtOnce: true });
    const connection = await openConnection(server.target, fakeRunner(), never, quick());
    for (let round = 0; round < 100; round++) {
      const end = await runChannel(connection.client, 'anything', {
        onStdout: () => undefined,
        onStderr: () => undefined,
        onStart: () => undefined,
        signal: never,
      });
      expect(end).toEqual({ kind: 'exit', code: 7 });
    }
    await connection.close();
  });

  it('explains an account that may not run commands', async () => {
    await withHost({ acceptsCommands: false }, async (host) => {
      await expect(host.exec(['true'])).rejects.toMatchObject({
        code: 'COMMAND_FAILED',
        message: text('refuses to run commands'),
      });
    });
  });
});

describe.each(['ssh2', 'openssh'] as const)('an SSH connection by %s', (choice) => {
  beforeAll(() => {
    transport = choice;
  });

  it('never takes a dropped connection for success', async () => {
    await withHost({}, async (host, server) => {
      const running = host.script('echo started; exec sleep 20021', [], { onStdoutLine: () => server.cut() });
      await expect(running).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
        message: text('whether it finished is unknown'),
      });
      await expect(host.exec(['true'])).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      await expect(host.forward('127.0.0.1', 1)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    });
  });

  it('fails all running and waiting commands when the connection drops', async () => {
    await withHost({}, async (host, server) => {
      let started = 0;
      const running = Array.from({ length: 12 }, () =>
        host.script('echo started; exec sleep 20022', [], {
          onStdoutLine: () => {
            if (++started === 8) server.cut();
          },
        }),
      );
      const results = await Promise.allSettled(running);
      for (const result of results)
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION_LOST' } });
    });
  });

  it('lets go of the stdin of a command that never began', async () => {
    await withHost({}, async (host, server) => {
      const stdin = new PassThrough();
      const cancelled = { stdin: new PassThrough(), signal: AbortSignal.abort() };
      await expect(host.exec(['cat'], cancelled)).rejects.toMatchObject({ code: 'CANCELLED' });
      server.cut();
      await expect(host.exec(['cat'], { stdin })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      await expect(host.exec(['true'])).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      const late = new PassThrough();
      await expect(host.exec(['cat'], { stdin: late })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      expect([cancelled.stdin, stdin, late].map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
    });
  });

  it('notices a server that hangs', async () => {
    await withHost(
      {},
      async (host, server) => {
        const running = host.script('echo started; exec sleep 20023', [], { onStdoutLine: () => server.freeze() });
        await expect(running).rejects.toMatchObject({
          code: 'CONNECTION_LOST',
          message: text('the server has not answered for'),
        });
      },
      quick({ keepAliveMs: 50 }),
    );
  });

  it('is not taken for dead while its commands are silent', async () => {
    await withHost(
      {},
      async (host) => {
        expect(await host.exec(['sleep', '0.7'])).toMatchObject({ code: 0 });
      },
      quick({ keepAliveMs: 50 }),
    );
  });

  it('bounds the time of a command even when the server no longer answers', async () => {
    await withHost({}, async (host, server) => {
      const running = host.script('echo started; exec sleep 20024', [], {
        onStdoutLine: () => server.freeze(),
        timeoutMs: 2000,
      });
      await expect(running).rejects.toMatchObject({
        code: 'COMMAND_TIMEOUT',
        message: text('could not be stopped and may still run'),
      });
    });
  });

  it('does without a spare command where the server has no session for it, and keeps none waiting', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spare-'));
    await withHost({ maxSessions: 1 }, async (host) => {
      const main = host.script('until [ -e "$1" ]; do sleep 0.05; done; echo main', [join(folder, 'go')]);
      const spare = host.script('cat', [], { stdin: 'x', isSpare: true });
      const [refused] = await Promise.allSettled([spare]);
      // Not before: the one session is taken until here.
      writeFileSync(join(folder, 'go'), '');
      expect((await main).stdout).toBe('main\n');
      expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'COMMAND_FAILED' } });
    });
    rmSync(folder, { recursive: true });
  });

  it.each([1, 3])('obeys a server that allows %i sessions', async (maxSessions) => {
    await withHost({ maxSessions }, async (host, server) => {
      const results = await Promise.all(Array.from({ length: 14 }, (_, index) => host.exec(['echo', String(index)])));
      expect(results.map((result) => Number(result.stdout))).toEqual(Array.from({ length: 14 }, (_, index) => index));
      expect(server.mostSessions()).toBeLessThanOrEqual(maxSessions);
    });
  });

  it('stops a command over a second connection where the first allows no session more', async () => {
    await withHost({ maxSessions: 1 }, async (host) => {
      const seconds = unique('20025');
      await expect(host.exec(['sleep', seconds], { timeoutMs: 2000 })).rejects.toMatchObject({
        code: 'COMMAND_TIMEOUT',
        message: text('was stopped'),
      });
      expect(isRunning(seconds)).toBe(false);
    });
  });

  it('waits for a session that the server has not cleared away yet, but not for ever', async () => {
    await withHost({ maxSessions: 0 }, async (host) => {
      await expect(host.exec(['true'])).rejects.toMatchObject({ code: 'COMMAND_FAILED', hint: text('MaxSessions') });
    });
  });

  it.each([
    ['prints', 'echo noise; printf "no line end"; echo err >&2; eval "$0"'],
    ['prints a lot', 'head -c 300000 /dev/zero | tr "\\0" n; eval "$0"'],
  ])('keeps the noise of a login script that %s out of the result', async (_, rc) => {
    await withHost({ loginShell: ['sh', '-c', rc] }, async (host) => {
      const lines: string[] = [];
      const result = await host.script('echo out; echo err >&2', [], { onStdoutLine: (line) => lines.push(line) });
      expect(result).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
      expect(lines).toEqual(['out']);
    });
  });

  it('says what the login shell said when it never ran the command', async () => {
    await withHost(
      { loginShell: ['sh', '-c', 'echo This account is currently not available.; exit 1'] },
      async (host) => {
        await expect(host.exec(['true'])).rejects.toMatchObject({
          code: 'COMMAND_FAILED',
          message: text('ended before it ran true: This account is currently not available.'),
        });
      },
    );
  });

  it('explains a server that prohibits forwarding', async () => {
    await withHost({ isForwardingAllowed: false }, async (host) => {
      await expect(host.forward('127.0.0.1', 1)).rejects.toMatchObject({
        code: 'FORWARD_PROHIBITED',
        hint: text('AllowTcpForwarding'),
      });
    });
  });

  it('survives a socket error between two commands', async () => {
    await withHost({}, async (host, server) => {
      await host.exec(['true']);
      server.cut();
      await expect
        .poll(() => host.exec(['true']).catch((thrown: unknown) => thrown))
        .toMatchObject({ code: 'CONNECTION_LOST' });
    });
  });

  it('masks the repaired key too', async () => {
    await using server = await startServer();
    const runner = fakeRunner();
    const host = await connectSsh({ ...server.target, transport }, runner, never, quick());
    await host.close();
    expect(runner.masks).toEqual(expect.arrayContaining(userKey.text.trim().split('\n')));
    expect(runner.rawText()).not.toContain(userKey.text.split('\n')[1]);
  });
});

describe.each(['ssh2', 'openssh'] as const)('connecting by %s', (choice) => {
  beforeAll(() => {
    transport = choice;
  });

  const pinned = (key: Buffer): HostKeyPolicy => ({
    pins: [{ type: 'ssh-ed25519', key }],
    fingerprints: [],
    revoked: [],
  });

  it('never retries a refused key', async () => {
    await using server = await startServer({ isKeyAccepted: false });
    await expect(connectTo(server.target)).rejects.toMatchObject({
      code: 'SSH_AUTH_REJECTED',
      message: text(`refused user deploy with the key ${userKey.fingerprint}`),
      hint: text(userKey.publicLine),
    });
    expect(server.connectionCount()).toBe(1);
  });

  it('refuses another host key, shows it and the line to add, and does not authenticate', async () => {
    await using server = await startServer();
    const foreign = publicBlob(makeEd25519Pair().private);
    const failure = connectTo({ ...server.target, hostKeys: pinned(foreign) });
    await expect(failure).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: text(`offered host key ${fingerprintOf(server.hostKey)} (ssh-ed25519), which is not in \`known-hosts\``),
      hint: text(`[127.0.0.1]:${server.port} ssh-ed25519 ${server.hostKey.toString('base64')}`),
    });
    expect(server.connectionCount()).toBe(1);
  });

  it('refuses a revoked host key even where its fingerprint is pinned', async () => {
    await using server = await startServer();
    const hostKeys = { ...server.target.hostKeys, revoked: [server.hostKey] };
    await expect(connectTo({ ...server.target, hostKeys })).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: text('revokes'),
    });
  });

  it('shows the key that the server has when it has none of the pinned type', async () => {
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
    await using server = await startServer({ hostKeys: [rsa.private] });
    const failure = connectTo({ ...server.target, hostKeys: pinned(publicBlob(hostKeyPair.private)) });
    await expect(failure).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: text(`${fingerprintOf(server.hostKey)} (ssh-rsa)`),
    });
  });

  it('gets the pinned key from a server that has several', async () => {
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
    await using server = await startServer({ hostKeys: [hostKeyPair.private, rsa.private] });
    const hostKeys: HostKeyPolicy = {
      pins: [{ type: 'ssh-rsa', key: publicBlob(rsa.private) }],
      fingerprints: [],
      revoked: [],
    };
    const host = await connectTo({ ...server.target, hostKeys });
    await host.close();
  });

  it('finds the key of a fingerprint whatever its type', async () => {
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
    await using server = await startServer({ hostKeys: [hostKeyPair.private, rsa.private] });
    const hostKeys: HostKeyPolicy = { pins: [], fingerprints: [fingerprintOf(publicBlob(rsa.private))], revoked: [] };
    const host = await connectTo({ ...server.target, hostKeys });
    await host.close();
  });

  it('tries a closed port three times, with growing waits', async () => {
    const { server, port } = await listen(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const clock = quickClock();
    await expect(connectTo({ ...someone, port }, quick({ clock }))).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: `ssh: 127.0.0.1 (port ${port}): the connection was refused (3 attempts).`,
    });
    expect(clock.sleeps).toEqual([1000, 2000]);
  });

  it('connects when the server comes up between two attempts', async () => {
    const { server: holder, port } = await listen(() => undefined);
    await new Promise((resolve) => holder.close(resolve));
    let up: TestServer | undefined;
    const clock: Clock = {
      ...quickClock(),
      sleep: async () => {
        up ??= await startServer({}, port);
      },
    };
    const host = await connectTo({ ...someone, port }, quick({ clock }));
    expect(await host.exec(['echo', 'up'])).toMatchObject({ stdout: 'up\n' });
    await host.close();
    await up?.[Symbol.asyncDispose]();
  });

  it('says that a name does not resolve', async () => {
    await expect(connectTo({ ...someone, host: 'no-such-host.invalid' })).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringMatching(/name (does not resolve|could not be resolved)/) as string,
    });
  });

  it('waits long after resets before the banner, and names what may be behind them', async () => {
    const { server, port } = await listen((socket) => socket.resetAndDestroy());
    const clock = quickClock();
    await expect(connectTo({ ...someone, port }, quick({ clock }))).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      hint: text('PerSourcePenalties'),
    });
    expect(clock.sleeps).toEqual([1000, 30_000]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('bounds the handshake with a server that says nothing', async () => {
    const { server, port } = await listen((socket) => socket.on('error', () => undefined).resume());
    await expect(
      connectTo({ ...someone, port }, quick({ connectTimeoutMs: 500, handshakeTimeoutMs: 100, attempts: 2 })),
    ).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: text('did not finish the handshake in time (2 attempts)'),
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('bounds the authentication by a server that hangs in it', async () => {
    let logins = 0;
    await using server = await startServer({ answersLogins: false, onLogin: () => (logins += 1) });
    const bounds = { connectTimeoutMs: 1_000, handshakeTimeoutMs: 2_000, attempts: 1 };
    const failure = connectTo(server.target, quick(bounds));
    await expect(failure).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    // A slow machine may not come so far in time.
    const phase = logins > 0 ? 'authentication' : '(handshake|authentication)';
    await expect(failure).rejects.toThrow(new RegExp(`connected, but the server did not finish the ${phase} in time`));
  });

  it('is cancelled with the step', async () => {
    const abort = new AbortController();
    const { server, port } = await listen((socket) => {
      socket.on('error', () => undefined).resume();
      abort.abort(new Error('cancelled by a test'));
    });
    const failure = connectSsh({ ...someone, port, transport }, fakeRunner(), abort.signal, quick());
    await expect(failure).rejects.toMatchObject({ code: 'CANCELLED' });
    await new Promise((resolve) => server.close(resolve));
  });
});
