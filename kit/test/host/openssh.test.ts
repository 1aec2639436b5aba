import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { connectHost } from '../../src/host/connect.ts';
import { fingerprintOf, type HostKeyPolicy } from '../../src/host/host-key.ts';
import { defaultTuning } from '../../src/host/connection.ts';
import { answer, startAgent } from '../../src/host/openssh-agent.ts';
import { explainOpenssh } from '../../src/host/openssh-errors.ts';
import { readPrivateKey, type PrivateKey } from '../../src/host/private-key.ts';
import { proxyEnvironment } from '../../src/host/proxy-command.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import type { SshTarget } from '../../src/host/ssh-target.ts';
import { tellExit255 } from '../../src/host/trailing-mark.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { makeEd25519Pair } from './key-pairs.ts';
import { publicBlob, startServer, userKey, userKeyPair } from './ssh-server.ts';

const never = new AbortController().signal;
// A folder of its own: other tests use the machine's at the same time.
const scratch = mkdtempSync(join(tmpdir(), 'deploy-test-'));
vi.stubEnv('TMPDIR', scratch);

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

const quick = { ...defaultTuning, clock: { ...defaultTuning.clock, sleep: () => Promise.resolve() } };
const text = (part: string): string => expect.stringContaining(part) as string;
const nothing: HostKeyPolicy = { pins: [], fingerprints: [], revoked: [] };
const transports = ['ssh2', 'openssh'] as const;
const folders = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('deploy-ssh-'));

describe.each(transports)('host keys, by %s', (transport) => {
  it('are shown, with the line to add, where nothing says which one is right; nobody logs in', async () => {
    await using server = await startServer();
    const failure = connectSsh({ ...server.target, transport, hostKeys: nothing }, fakeRunner(), never, quick);
    await expect(failure).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: text(`neither \`known-hosts\` nor \`host-fingerprint\` says which host key is right`),
      hint: text(`[127.0.0.1]:${server.port} ssh-ed25519 ${server.hostKey.toString('base64')}`),
    });
    await expect(failure).rejects.toMatchObject({ message: text(fingerprintOf(server.hostKey)) });
  });

  it('are all taken with unsafe-accept-any-host-key, with a warning in log and summary each time', async () => {
    await using server = await startServer();
    const target: SshTarget = { ...server.target, transport, hostKeys: { ...nothing, acceptsAny: true } };
    for (let time = 0; time < 2; time++) {
      const runner = fakeRunner();
      const host = await connectHost(target, runner, never);
      expect(await host.exec(['echo', 'in'])).toMatchObject({ stdout: 'in\n' });
      await host.close();
      expect(runner.rawText()).toContain('the host key is NOT checked');
      expect(runner.summaryText()).toContain('the host key is NOT checked');
    }
  });

  it('of the types that are pinned are the only ones asked for', async () => {
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
    const ecdsa = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
    await using server = await startServer({ hostKeys: [makeEd25519Pair().private, rsa.private, ecdsa.private] });
    const pins = [{ type: 'ecdsa-sha2-nistp256', key: publicBlob(ecdsa.private) }] as const;
    const host = await connectSsh(
      { ...server.target, transport, hostKeys: { ...nothing, pins } },
      fakeRunner(),
      never,
      quick,
    );
    await host.close();
    expect(server.connectionCount()).toBe(1);
  });
});

describe('transport auto', () => {
  it('takes the library where it can', async () => {
    await using server = await startServer();
    const runner = fakeRunner();
    const host = await connectSsh({ ...server.target, transport: 'auto' }, runner, never, quick);
    expect(await host.exec(['echo', 'in'])).toMatchObject({ stdout: 'in\n' });
    await host.close();
    expect(runner.rawText()).not.toContain('Trying');
  });

  it('says that it tries the system’s ssh where the library shares no algorithm with the server', async () => {
    await using server = await startServer({ algorithms: { kex: ['diffie-hellman-group1-sha1'] } });
    const runner = fakeRunner();
    const problem = {
      code: 'HOST_UNREACHABLE',
      message: text('no algorithm in common'),
      hint: text('`transport: openssh`'),
    };
    await expect(connectSsh(server.target, fakeRunner(), never, quick)).rejects.toMatchObject(problem);
    // This one shares none either: nobody but a lab for old machines should.
    await expect(connectSsh({ ...server.target, transport: 'auto' }, runner, never, quick)).rejects.toMatchObject(
      problem,
    );
    expect(runner.rawText()).toMatch(
      /no algorithm in common: no matching key exchange algorithm.*Trying the system's ssh/,
    );
  });

  it('takes the system’s ssh where only a certificate can prove the host; ssh2 says that it cannot', async () => {
    const authority = publicBlob(makeEd25519Pair().private);
    await using server = await startServer();
    const hostKeys = { ...nothing, authorities: [authority] };
    await expect(connectSsh({ ...server.target, hostKeys }, fakeRunner(), never, quick)).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: text('@cert-authority'),
      hint: text('`transport`'),
    });
    expect(server.connectionCount()).toBe(0);
    // This server has a plain key, no certificate: not trusted.
    const failure = connectSsh({ ...server.target, transport: 'auto', hostKeys }, fakeRunner(), never, quick);
    await expect(failure).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
  });
});

describe.each(transports)('an agent, by %s', (transport) => {
  it('logs in with the key that the server knows, and tells when none of its keys is', async () => {
    await using server = await startServer();
    const folder = mkdtempSync(join(tmpdir(), 'deploy-test-'));
    const other = readPrivateKey(makeEd25519Pair().private, undefined);
    const agents = [
      await startAgent(join(folder, 'good'), [other, userKey]),
      await startAgent(join(folder, 'bad'), [other]),
    ];
    const dial = (socket: string): SshTarget => ({
      ...server.target,
      transport,
      credential: { kind: 'agent', socket: join(folder, socket) },
    });
    const host = await connectSsh(dial('good'), fakeRunner(), never, quick);
    expect(await host.exec(['echo', 'in'])).toMatchObject({ stdout: 'in\n' });
    await host.close();
    await expect(connectSsh(dial('bad'), fakeRunner(), never, quick)).rejects.toMatchObject({
      code: 'SSH_AUTH_REJECTED',
      message: text('with every key of the agent (SSH_AUTH_SOCK)'),
    });
    for (const agent of agents) agent.close();
    rmSync(folder, { recursive: true });
  });
});

describe('the agent of this process', () => {
  const pem = { format: 'pem', type: 'pkcs8' } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString();
  const ec = (namedCurve: string): string =>
    generateKeyPairSync('ec', { namedCurve }).privateKey.export(pem).toString();
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const ask = (key: PrivateKey, flags: number): Buffer =>
    Buffer.concat([
      Buffer.from([13]),
      field(key.parsed.getPublicSSH()),
      field(Buffer.from('data')),
      Buffer.from([0, 0, 0, flags]),
    ]);

  it.each([
    ['ed25519', userKeyPair.private, 0, 'ssh-ed25519'],
    ['RSA', rsa, 2, 'rsa-sha2-256'],
    ['RSA', rsa, 4, 'rsa-sha2-512'],
    ['P-256', ec('P-256'), 0, 'ecdsa-sha2-nistp256'],
    ['P-521', ec('P-521'), 0, 'ecdsa-sha2-nistp521'],
  ])('signs with a key of type %s', (_, keyText, flags, scheme) => {
    const key = readPrivateKey(keyText, undefined);
    const reply = answer(ask(key, flags), [userKey, key]);
    expect(reply[0]).toBe(14);
    expect(reply.toString('latin1')).toContain(scheme);
  });

  it('refuses a key that it does not have, SHA-1, what it does not know, and what is cut off', () => {
    const key = readPrivateKey(rsa, undefined);
    const requests = [ask(key, 0), ask(userKey, 0).subarray(0, 20), Buffer.from([27, 1, 2]), Buffer.alloc(0)];
    for (const request of requests) expect(answer(request, [key])).toEqual(Buffer.from([5]));
    expect(answer(ask(userKey, 0), [key])).toEqual(Buffer.from([5]));
  });
});

describe('the stderr of ssh', () => {
  it.each([
    ['ssh: Could not resolve hostname web1: Name or service not known', 'dial', 'ENOTFOUND'],
    ['ssh: Could not resolve hostname web1: Temporary failure in name resolution', 'dial', 'EAI_AGAIN'],
    ['ssh: connect to host web1 port 22: Connection refused', 'dial', 'ECONNREFUSED'],
    ['ssh: connect to host web1 port 22: No route to host', 'dial', 'EHOSTUNREACH'],
    ['ssh: connect to host web1 port 22: Connection timed out', 'dial', 'ETIMEDOUT'],
    ['ssh: connect to host web1 port 22: Connection reset by peer', 'banner', 'ECONNRESET'],
    ['kex_exchange_identification: read: Connection reset by peer', 'banner', 'ECONNRESET'],
    ['Connection timed out during banner exchange', 'banner', undefined],
    ['Unable to negotiate with 10.0.0.1 port 22: no matching MAC found. Their offer: hmac-md5', 'handshake', undefined],
    ['deploy@web1: Permission denied (publickey).', 'authentication', undefined],
    [
      'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\nDisconnected',
      'authentication',
      undefined,
    ],
  ])('is read: %s', (said, phase, errno) => {
    expect(explainOpenssh(said.split('\n'), 255)).toMatchObject({ kind: 'failed', failed: { phase, errno } });
  });

  it('names the host that refused, a host key, a hop that does not forward, and a missing program', () => {
    expect(explainOpenssh(['ops@near: Permission denied (publickey).'], 255)).toMatchObject({ login: 'ops@near' });
    expect(explainOpenssh(['Host key verification failed.'], 255)).toEqual({ kind: 'host-key' });
    expect(
      explainOpenssh(
        ['channel 0: open failed: administratively prohibited: open failed', 'stdio forwarding failed'],
        255,
      ),
    ).toMatchObject({ kind: 'forward', isProhibited: true });
    expect(explainOpenssh(['channel 0: open failed: connect failed: Connection refused'], 255)).toMatchObject({
      kind: 'forward',
      isProhibited: false,
      why: 'Connection refused',
    });
    expect(explainOpenssh([], 127)).toMatchObject({ failed: { message: 'there is no `ssh` on this runner' } });
  });
});

describe('exit status 255', () => {
  it('of a command is told from a broken connection, and leaves stderr as it was', async () => {
    await using server = await startServer();
    const host = await connectSsh({ ...server.target, transport: 'openssh' }, fakeRunner(), never, quick);
    expect(await host.script('echo err >&2; exit 255', [])).toMatchObject({ code: 255, stderr: 'err\n' });
    await host.close();
  });

  it('is found however the stream is cut, and lookalikes pass', () => {
    const seen: Buffer[] = [];
    const told = tellExit255('true', (chunk) => seen.push(chunk));
    const mark = /printf %s '(.*)' >&2/.exec(told.wrapped)?.[1] ?? '';
    for (const byte of Buffer.from(`a\u0001b\u0001${mark}`)) told.onStderr(Buffer.from([byte]));
    told.end();
    expect(Buffer.concat(seen).toString()).toBe('a\u0001b\u0001');
    expect(told.isTold()).toBe(true);
  });
});

describe('the environment of a proxy command and of ssh', () => {
  it('has none of the secrets of the step', () => {
    const secrets = [
      'INPUT_SSH-PRIVATE-KEY',
      'DEPLOY_SSH_PRIVATE_KEY',
      'DEPLOY_JUMP_SSH_PASSPHRASE',
      'DEPLOY_REGISTRY_PASSWORD',
    ];
    const env = Object.fromEntries([...secrets, 'PATH', 'CLOUDSDK_CONFIG'].map((name) => [name, 'x']));
    expect(proxyEnvironment(env)).toEqual({ PATH: 'x', CLOUDSDK_CONFIG: 'x' });
  });
});

describe('the folder of a connection by the system’s ssh', () => {
  it('holds no key, and is gone afterwards, also when nobody could log in', async () => {
    await using server = await startServer();
    await using closed = await startServer({ isKeyAccepted: false });
    const before = folders();
    const host = await connectSsh({ ...server.target, transport: 'openssh' }, fakeRunner(), never, quick);
    const [own = ''] = folders().filter((name) => !before.includes(name));
    const secret = userKeyPair.private.split('\n')[2] ?? '-';
    const { stdout } = await host.script('cat "$1"/* 2>/dev/null; stat -c %a "$1"', [join(tmpdir(), own)]);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('700');
    expect(stdout).not.toContain(secret);
    await host.close();
    const failure = connectSsh({ ...closed.target, transport: 'openssh' }, fakeRunner(), never, quick);
    await expect(failure).rejects.toMatchObject({ code: 'SSH_AUTH_REJECTED' });
    expect(folders().filter((name) => !before.includes(name))).toEqual([]);
  });
});
