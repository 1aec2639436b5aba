import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, startBusyBoxServer, type BusyBoxServer, type Lab, type LabServer } from '../../../lab/src/index.ts';
import { inputReader } from '../../src/action/inputs.ts';
import { connectHost, readHostTarget } from '../../src/host/connect.ts';
import { runDetached } from '../../src/host/detached.ts';
import type { Host } from '../../src/host/host.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';

/** One suite over both transports and every SSH server that the lab can run. */
const transports = ['ssh2', 'openssh'] as const;
const servers = [
  'OpenSSH of Debian 12',
  'OpenSSH of Debian 13',
  'OpenSSH of Debian sid',
  'Dropbear with BusyBox',
] as const;
type Inputs = Readonly<Record<string, string>>;

/** Second sshds in the lab's server, with what its usual configuration does not show. */
const oddPorts = { postQuantum: 2295, umac: 2296, certificate: 2297 };
const text = (part: string): string => expect.stringContaining(part) as string;

let lab: Lab;
let small: BusyBoxServer;

beforeAll(async () => {
  lab = await openLab();
  small = await startBusyBoxServer(lab);
});

afterAll(async () => {
  await small.stop();
});

const openSshServers = {
  'OpenSSH of Debian 12': (): Promise<LabServer> => Promise.resolve(lab.server),
  'OpenSSH of Debian 13': (): Promise<LabServer> => lab.debian13Server(),
  'OpenSSH of Debian sid': (): Promise<LabServer> => lab.modernServer(),
} as const;

async function inputsOf(server: (typeof servers)[number]): Promise<Inputs> {
  const { privateKey } = lab.server;
  if (server === 'Dropbear with BusyBox') {
    const { address, port, user, knownHosts } = small;
    return { host: address, port: String(port), user, 'ssh-private-key': privateKey, 'known-hosts': knownHosts };
  }
  const { host, port, user, knownHosts, ...one } = await openSshServers[server]();
  return { host, port: String(port), user, 'ssh-private-key': one.privateKey, 'known-hosts': knownHosts };
}

async function withHost<T>(inputs: Inputs, body: (host: Host) => Promise<T>): Promise<T> {
  const runner = fakeRunner({ ...inputs });
  const host = await connectHost(readHostTarget(inputReader(runner)), runner, new AbortController().signal);
  try {
    return await body(host);
  } finally {
    await host.close();
  }
}

describe.each(servers.flatMap((server) => transports.map((transport) => [server, transport] as const)))(
  '%s by %s',
  (server, transport) => {
    it('runs commands alike: hostile words, status, stdin, many at once, time bounds, ports, detached steps', async () => {
      await withHost({ ...(await inputsOf(server)), transport }, async (host) => {
        const words = ["it's", '$(id)', '', '-n', 'a\nb', '!!', '\\0101', '漢字 😀', '\u0001'];
        const echoed = await host.exec(['printf', '%s\\0', ...words]);
        expect(echoed.stdout.split('\0').slice(0, -1)).toEqual(words);
        for (const code of [0, 42, 127, 255]) {
          const result = await host.script('echo out; echo err >&2; exit "$1"', [String(code)]);
          expect(result).toMatchObject({ code, stdout: 'out\n', stderr: 'err\n' });
        }
        expect(await host.script('kill -9 $$', [])).toMatchObject({ code: 137 });
        const big = Buffer.alloc(3_000_000, 'x');
        expect(await host.script('wc -c', [], { stdin: big })).toMatchObject({ stdout: '3000000\n' });
        // More than any server holds at once; Dropbear of Debian 12 holds one (server-software.ts).
        const numbers = Array.from({ length: 20 }, (_, index) => index);
        const many = await Promise.all(numbers.map((index) => host.exec(['echo', String(index)])));
        expect(many.map(({ stdout }) => Number(stdout))).toEqual(numbers);
        await expect(host.exec(['true'], { cwd: '/no/such/folder' })).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
        await expect(host.script('sleep 2008 & sleep 2008', [], { timeoutMs: 3_000 })).rejects.toMatchObject({
          code: 'COMMAND_TIMEOUT',
          message: text('was stopped'),
        });
        const stream = await host.forward(lab.server.address, lab.server.port);
        const banner = await new Promise<string>((resolve) =>
          stream.once('data', (chunk: Buffer) => resolve(chunk.toString())),
        );
        expect(banner).toMatch(/^SSH-2\.0-/);
        stream.destroy();
        const lines: string[] = [];
        const step = await runDetached(host, 'cat; echo "$1" >&2; exit 3', ['err'], {
          stdin: 'first\nsecond\n',
          onStdoutLine: (line) => lines.push(line),
        });
        expect(step).toMatchObject({ code: 3, stdout: 'first\nsecond\n', stderr: 'err\n' });
        expect(lines).toEqual(['first', 'second']);
      });
    });

    it('refuses another key and another host key, and says which it is', async () => {
      const inputs = await inputsOf(server);
      const wrongHostKey = { 'known-hosts': '', 'host-fingerprint': `SHA256:${'A'.repeat(43)}` };
      await expect(withHost({ ...inputs, ...wrongHostKey, transport }, () => Promise.resolve())).rejects.toMatchObject({
        code: 'HOST_KEY_MISMATCH',
        hint: text(inputs['known-hosts']?.split(' ')[2]?.trim() ?? '-'),
      });
      const nobody = { user: 'nobody-here', transport };
      await expect(withHost({ ...inputs, ...nobody }, () => Promise.resolve())).rejects.toMatchObject({
        code: 'SSH_AUTH_REJECTED',
      });
    });
  },
);

describe('a server that the library cannot speak to', () => {
  const folder = '/run/deploy-test-odd';
  // One sshd for each: what it has that the library has not. The certificate is signed by an authority of this test.
  const setup = `
set -e
dir=$1; mkdir -p "$dir"; cd "$dir"
ssh-keygen -q -t ed25519 -N '' -f authority; ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -s authority -I lab -h -n "$2" host.pub
start() { name=$1 port=$2; shift 2; /usr/sbin/sshd -o "Port=$port" -o "PidFile=$dir/$name.pid" "$@"; }
start pq "$3" -o KexAlgorithms=sntrup761x25519-sha512@openssh.com
start umac "$4" -o Ciphers=aes128-ctr -o MACs=umac-128-etm@openssh.com
start cert "$5" -o "HostKey=$dir/host" -o "HostCertificate=$dir/host-cert.pub"
cat authority.pub`;
  const stop = 'for pid in "$1"/*.pid; do [ ! -f "$pid" ] || kill "$(cat "$pid")"; done; rm -rf "$1"';
  let authority = '';

  beforeAll(async () => {
    await lab.server.exec(['sh', '-c', stop, 'sh', folder], { allowFailure: true });
    const argv = ['sh', '-c', setup, 'sh', folder, lab.server.host, ...Object.values(oddPorts).map(String)];
    authority = (await lab.server.exec(argv)).stdout.trim();
  });
  afterAll(async () => {
    await lab.server.exec(['sh', '-c', stop, 'sh', folder], { allowFailure: true });
  });

  const odd = async (port: number, changes: Inputs): Promise<Inputs> => ({
    ...(await inputsOf('OpenSSH of Debian 12')),
    port: String(port),
    'known-hosts': '',
    ...changes,
  });

  it.each(['postQuantum', 'umac'] as const)(
    '(%s) is reached by auto, and named with the way out by ssh2',
    async (kind) => {
      const pinned = { 'host-fingerprint': lab.server.hostFingerprint };
      await withHost(await odd(oddPorts[kind], pinned), async (host) => {
        expect(await host.exec(['id', '-un'])).toMatchObject({ stdout: 'deploy\n' });
      });
      const failure = withHost(await odd(oddPorts[kind], { ...pinned, transport: 'ssh2' }), () => Promise.resolve());
      await expect(failure).rejects.toMatchObject({
        code: 'HOST_UNREACHABLE',
        message: text('no algorithm in common'),
        hint: text('`transport: openssh`'),
      });
    },
  );

  it('with a host certificate is trusted by its @cert-authority line, and by no other authority', async () => {
    const name = `[${lab.server.host}]:${oddPorts.certificate}`;
    const by = (key: string): Inputs => ({ 'known-hosts': `@cert-authority ${name} ${key}` });
    await withHost(await odd(oddPorts.certificate, by(authority)), async (host) => {
      expect(await host.exec(['id', '-un'])).toMatchObject({ stdout: 'deploy\n' });
    });
    const other = lab.server.knownHosts.split(' ').slice(1).join(' ').trim();
    const failure = withHost(await odd(oddPorts.certificate, by(other)), () => Promise.resolve());
    await expect(failure).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
  });
});

describe('a pulled cable', { concurrent: true }, () => {
  it.each(transports)('is noticed by %s, and a detached step is found again once it is back', async (transport) => {
    const server = await lab.startServer({ name: `cable-${transport}`, fresh: true });
    const { host, port, user, privateKey, knownHosts } = server;
    const inputs = {
      host,
      port: String(port),
      user,
      'ssh-private-key': privateKey,
      'known-hosts': knownHosts,
      transport,
    };
    try {
      await withHost(inputs, async (door) => {
        let cutAt = 0;
        let noticedAfterMs = 0;
        let pulling: Promise<void> | undefined;
        // It ends only after the cable was found pulled.
        const step = 'echo begun; until [ -e /tmp/noticed ]; do sleep 0.2; done; echo done';
        const result = await runDetached(door, step, [], {
          timeoutMs: 300_000,
          onStdoutLine: (line) => {
            if (line !== 'begun') return;
            cutAt = performance.now();
            pulling = server.linkDown();
          },
          say: (line) => {
            if (!line.includes('broke')) return;
            noticedAfterMs = performance.now() - cutAt;
            pulling = (pulling ?? Promise.resolve()).then(async () => {
              await server.exec(['touch', '/tmp/noticed']);
              await server.linkUp();
            });
          },
        });
        await pulling;
        expect(result).toMatchObject({ code: 0, stdout: 'begun\ndone\n' });
        expect(noticedAfterMs).toBeGreaterThan(1_000);
        // Without keep-alive it would be the kernel's quarter of an hour. Here: 20 s, on a machine that is not busy.
        expect(noticedAfterMs).toBeLessThan(180_000);
      });
    } finally {
      await server.stop();
    }
  });
});
