import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Readable, type Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab, type LabServer } from '../../../lab/src/index.ts';
import { inputReader } from '../../src/action/inputs.ts';
import { connectHost, readHostTarget } from '../../src/host/connect.ts';
import { makeDoor } from '../../src/host/engine-door.ts';
import type { Host } from '../../src/host/host.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { makeEd25519Pair } from './key-pairs.ts';

const text = (part: string): string => expect.stringContaining(part) as string;
/** A second sshd in the lab's server, for what its usual configuration does not show. */
const strictPort = 2291;
const strictPid = '/run/deploy-test-sshd.pid';
const transports = ['ssh2', 'openssh'] as const;
const strictKeys = '/run/deploy-test-authorized-keys';

let server: LabServer;

/** Connects with the lab's own inputs and these changes, as an action does. */
async function connect(changes: Readonly<Record<string, string>> = {}): Promise<Host> {
  const { host, port, user, privateKey, knownHosts } = server;
  const runner = fakeRunner({
    host,
    port: String(port),
    user,
    'ssh-private-key': privateKey,
    'known-hosts': knownHosts,
    ...changes,
  });
  return connectHost(readHostTarget(inputReader(runner)), runner, new AbortController().signal);
}

const byFingerprint = (): Readonly<Record<string, string>> => ({
  'known-hosts': '',
  'host-fingerprint': server.hostFingerprint,
});

async function withHost(changes: Readonly<Record<string, string>>, body: (host: Host) => Promise<void>): Promise<void> {
  const host = await connect(changes);
  try {
    await body(host);
  } finally {
    await host.close();
  }
}

const servers: readonly (readonly [name: string, find: (lab: Lab) => Promise<LabServer>])[] = [
  ['OpenSSH of Debian 12', (lab) => Promise.resolve(lab.server)],
  ['OpenSSH of Debian 13', (lab) => lab.debian13Server()],
];

describe.each(servers)('%s', (_name, find) => {
  beforeAll(async () => {
    server = await find(await openLab());
  });

  describe('as the lab runs it', () => {
    it('answers many looks at Docker at once through its socket, beside commands, each of them', async () => {
      for (let round = 0; round < 10; round += 1)
        await withHost({}, async (host) => {
          const open = (): Promise<Duplex> =>
            host.openSocket?.('/var/run/docker.sock') ?? Promise.reject(new Error('no socket'));
          const door = makeDoor(open);
          for (const size of [1, 12, 3, 10]) {
            const looks = Array.from({ length: size }, () => door.get('/version', AbortSignal.timeout(60_000)));
            const [hi, ...answers] = await Promise.all([host.script('echo hi', []), ...looks]);
            expect(hi.stdout).toBe('hi\n');
            expect(answers.map(({ status }) => status)).toEqual(looks.map(() => 200));
          }
        });
    });

    it('gives exit status, output and errors of many commands at once', async () => {
      await withHost({}, async (host) => {
        expect(host.name).toBe(`deploy@${server.host}`);
        const results = await Promise.all(
          Array.from({ length: 40 }, (_, index) => host.script('echo "$1"; echo err >&2; exit "$1"', [String(index)])),
        );
        for (const [index, result] of results.entries()) {
          expect(result).toMatchObject({ code: index, stdout: `${index}\n`, stderr: 'err\n' });
        }
      });
    });

    it('never loses an exit status in 300 short commands', async () => {
      await withHost({}, async (host) => {
        for (let round = 0; round < 30; round++) {
          const results = await Promise.all(Array.from({ length: 10 }, () => host.exec(['false'])));
          expect(results.map((result) => result.code)).toEqual(Array.from({ length: 10 }, () => 1));
        }
      });
    });

    it('carries 20 MB in both directions unchanged', async () => {
      await withHost({}, async (host) => {
        const up = Readable.from(Array.from({ length: 20 }, (_, index) => Buffer.alloc(1_000_000, 65 + index)));
        const { stdout } = await host.exec(['cat'], { stdin: up, maxCaptureBytes: 64_000_000 });
        expect(stdout).toBe(
          Array.from({ length: 20 }, (_, index) => String.fromCodePoint(65 + index).repeat(1_000_000)).join(''),
        );
      });
    });

    it('leaves no process on the server when a command is stopped', async () => {
      await withHost({}, async (host) => {
        const running = host.script('sleep 20051 & setsid sleep 20051 & sleep 20051', [], { timeoutMs: 3000 });
        await expect(running).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT', message: text('was stopped') });
        const left = await server.exec(
          ['sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -cx "2005[1]"'],
          {
            allowFailure: true,
          },
        );
        expect(left.stdout.trim()).toBe('0');
      });
    });

    it('shows a secret on stdin to nobody on the server', async () => {
      await withHost({}, async (host) => {
        const secret = 'very-secret-token-20052';
        const look = 'cat >/dev/null; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"';
        const { stdout } = await host.script(look, [], { stdin: secret });
        expect(stdout).toContain('DEPLOY_COMMAND_TOKEN');
        expect(stdout).not.toContain(secret);
      });
    });

    it('opens streams to ports of the server', async () => {
      await withHost({}, async (host) => {
        const stream = await host.forward(server.address, server.port);
        const banner = await new Promise<string>((resolve) =>
          stream.once('data', (chunk: Buffer) => resolve(chunk.toString())),
        );
        expect(banner).toMatch(/^SSH-2\.0-/);
        stream.destroy();
        await expect(host.forward('127.0.0.1', 1)).rejects.toMatchObject({
          code: 'FORWARD_FAILED',
          message: text('refused'),
        });
      });
    });

    it('is reached by fingerprint, by a hashed line and through a proxy command as well as by known-hosts', async () => {
      const [name = '', ...key] = server.knownHosts.trim().split(' ');
      const salt = randomBytes(20);
      const hashed = ['|1', salt.toString('base64'), createHmac('sha1', salt).update(name).digest('base64')].join('|');
      const relay = 'const s = require("node:net").connect(%p, "%h"); process.stdin.pipe(s); s.pipe(process.stdout)';
      const ways = [
        byFingerprint(),
        { 'known-hosts': [hashed, ...key].join(' ') },
        { 'known-hosts': [hashed, ...key].join(' '), transport: 'openssh' },
        { 'proxy-command': `'${process.execPath}' -e '${relay}'` },
        { 'proxy-command': `'${process.execPath}' -e '${relay}'`, transport: 'openssh' },
      ];
      for (const way of ways)
        await withHost(way, async (host) => {
          expect(await host.exec(['id', '-un'])).toMatchObject({ stdout: 'deploy\n' });
        });
    });

    it.each(transports)('is reached through a jump host by %s', async (transport) => {
      await withHost({ transport, 'jump-host': `${server.user}@${server.host}:${server.port}` }, async (host) => {
        const { stdout } = await host.script('echo "$SSH_CLIENT"', []);
        // The server sees itself as the client.
        expect(stdout.split(' ')[0]).toBe(server.address);
      });
    });

    it.each<readonly [string, () => Readonly<Record<string, string>>, object]>([
      [
        'a key that the server does not know',
        () => ({ 'ssh-private-key': makeEd25519Pair().private }),
        { code: 'SSH_AUTH_REJECTED', message: text('refused user deploy'), hint: text('authorized_keys') },
      ],
      [
        'a user that the server does not know',
        () => ({ user: 'nobody-here' }),
        { code: 'SSH_AUTH_REJECTED', message: text('refused user nobody-here') },
      ],
      [
        'another host key',
        () => ({ 'known-hosts': '', 'host-fingerprint': `SHA256:${'A'.repeat(43)}` }),
        {
          code: 'HOST_KEY_MISMATCH',
          message: text('which is not in `host-fingerprint`'),
          hint: text('ssh-ed25519 AAAA'),
        },
      ],
      [
        'a host key that changed',
        () => ({ 'known-hosts': `${server.address} ${makeEd25519Pair().public}` }),
        { code: 'HOST_KEY_MISMATCH', message: text('which is not in `known-hosts`'), hint: text('was set up anew') },
      ],
      [
        'a closed port',
        () => ({ ...byFingerprint(), port: '1' }),
        { code: 'HOST_UNREACHABLE', message: text('the connection was refused (3 attempts)') },
      ],
      [
        'a name that does not resolve',
        () => ({ ...byFingerprint(), host: 'no-such-host.invalid' }),
        { code: 'HOST_UNREACHABLE', message: text('the name') },
      ],
    ])('is not connected with %s, and the error says which it is', async (_, changes, error) => {
      await expect(connect(changes())).rejects.toMatchObject(error);
    });
  });

  describe('a strict one', () => {
    const passphrase = 'open sesame';
    const ed = generateKeyPairSync('ed25519').privateKey;
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const locked = { cipher: 'aes-256-cbc', passphrase } as const;
    const keys: Readonly<Record<string, string>> = {
      'ed25519, OpenSSH': makeEd25519Pair().private,
      'ed25519, OpenSSH with passphrase': makeEd25519Pair(passphrase).private,
      'ECDSA, OpenSSH': ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private,
      'RSA, OpenSSH': ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).private,
      'RSA, PEM': rsa.export({ format: 'pem', type: 'pkcs1' }).toString(),
      'RSA, PEM with passphrase': rsa.export({ format: 'pem', type: 'pkcs1', ...locked }).toString(),
      'RSA, PKCS#8': rsa.export({ format: 'pem', type: 'pkcs8' }).toString(),
      'ECDSA, PEM': ec.export({ format: 'pem', type: 'sec1' }).toString(),
      'ECDSA, PKCS#8': ec.export({ format: 'pem', type: 'pkcs8' }).toString(),
      'ed25519, PKCS#8': ed.export({ format: 'pem', type: 'pkcs8' }).toString(),
      'ed25519, PKCS#8 with passphrase': ed.export({ format: 'pem', type: 'pkcs8', ...locked }).toString(),
      'ed25519, in one line of base64': Buffer.from(makeEd25519Pair().private).toString('base64'),
    };
    const strict = (key = 'ed25519, OpenSSH'): Readonly<Record<string, string>> => ({
      ...byFingerprint(),
      port: String(strictPort),
      'ssh-private-key': keys[key] ?? '',
      'ssh-passphrase': passphrase,
    });
    const stopServer = 'if [ -f "$1" ]; then kill "$(cat "$1")"; rm -f "$1"; fi; rm -f "$2"';

    beforeAll(async () => {
      const lines = Object.values(keys).map((key) => {
        const runner = fakeRunner({ ...strict(), 'ssh-private-key': key, host: server.host, user: 'deploy' });
        const target = readHostTarget(inputReader(runner));
        return target.kind === 'ssh' && target.credential.kind === 'key' ? target.credential.key.publicLine : '';
      });
      await server.exec(['sh', '-c', stopServer, 'sh', strictPid, strictKeys]);
      await server.exec(['sh', '-c', 'cat >"$1"; chmod 644 "$1"', 'sh', strictKeys], {
        stdin: `${lines.join('\n')}\n`,
      });
      const options = [
        `Port=${strictPort}`,
        `PidFile=${strictPid}`,
        `AuthorizedKeysFile=${strictKeys}`,
        'StrictModes=no',
        'MaxSessions=2',
        'AllowTcpForwarding=no',
        'MaxAuthTries=1',
      ];
      await server.exec(['/usr/sbin/sshd', ...options.flatMap((option) => ['-o', option])]);
    });
    afterAll(async () => {
      await server.exec(['sh', '-c', stopServer, 'sh', strictPid, strictKeys]);
    });

    it.each(Object.keys(keys).flatMap((key) => transports.map((transport) => [key, transport] as const)))(
      'accepts a key of the kind %s at the first attempt, by %s',
      async (key, transport) => {
        await withHost({ ...strict(key), transport }, async (host) => {
          expect(await host.exec(['echo', 'in'])).toMatchObject({ stdout: 'in\n' });
        });
      },
    );

    it('runs more commands than it allows sessions', async () => {
      await withHost(strict(), async (host) => {
        const results = await Promise.all(Array.from({ length: 12 }, (_, index) => host.exec(['echo', String(index)])));
        expect(results.map((result) => Number(result.stdout))).toEqual(Array.from({ length: 12 }, (_, index) => index));
      });
    });

    it('says that it prohibits forwarding', async () => {
      await withHost(strict(), async (host) => {
        await expect(host.forward('127.0.0.1', 22)).rejects.toMatchObject({ code: 'FORWARD_PROHIBITED' });
      });
    });
  });
});
