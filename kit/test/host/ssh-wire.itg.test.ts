import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openLab, type Lab, type LabServer } from '../../../lab/src/index.ts';
import { inputReader } from '../../src/action/inputs.ts';
import { readHostTarget } from '../../src/host/connect.ts';
import { defaultTuning } from '../../src/host/connection.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import { fakeRunner, type FakeRunner } from '../../src/testing/fake-runner.ts';
import { makeSecurityKey } from './security-key.ts';

const text = (part: string): string => expect.stringContaining(part) as string;
const transports = ['ssh2', 'openssh'] as const;
type Inputs = Readonly<Record<string, string>>;

/** Second sshds of this file: what they agree on stands in their log. */
const folder = '/run/deploy-test-wire';
const ports = { plain: 2281, terrapin: 2282, securityKey: 2283, silent: 2284 };
const stopScript = 'for pid in "$1"/*.pid; do [ ! -f "$pid" ] || kill "$(cat "$pid")"; rm -f "$pid"; done';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
});

afterEach(async () => {
  for (const server of [lab.server, await lab.debian13Server()])
    await server.exec(['sh', '-c', `${stopScript}; rm -rf "$1"`, 'sh', folder], { allowFailure: true });
});

/** @param source runs before, in the folder; it may make a `sshd` of its own there */
async function startSshd(server: LabServer, port: number, options: readonly string[] = [], source = ''): Promise<void> {
  const script = `
set -e
port=$2; mkdir -p "$1"; cd "$1"; ${stopScript}; shift 2
${source}
sshd=/usr/sbin/sshd; [ ! -x "$PWD/sshd" ] || sshd=$PWD/sshd
"$sshd" -E "$PWD/log" -o "Port=$port" -o "PidFile=$PWD/sshd.pid" -o LogLevel=DEBUG1 "$@"`;
  await server.exec(['sh', '-c', script, 'sh', folder, String(port), ...options.flatMap((option) => ['-o', option])]);
}

/** The ciphers of the connections so far, as sshd noted them: both directions of each. */
async function agreedCiphers(server: LabServer): Promise<readonly string[]> {
  const { stdout } = await server.exec(['cat', `${folder}/log`]);
  return [...stdout.matchAll(/kex: (?:client->server|server->client) cipher: (\S+)/g)].map((match) => match[1] ?? '');
}

function inputsOf(server: LabServer, changes: Inputs): Inputs {
  const { host, user, privateKey, hostFingerprint } = server;
  return { host, user, 'ssh-private-key': privateKey, 'host-fingerprint': hostFingerprint, ...changes };
}

async function whoAmI(inputs: Inputs, environment: Inputs = {}, tuning = defaultTuning): Promise<FakeRunner> {
  const runner = fakeRunner(inputs, environment);
  const target = readHostTarget(inputReader(runner));
  if (target.kind === 'local') throw new Error('not by SSH');
  const host = await connectSsh(target, runner, new AbortController().signal, tuning);
  try {
    expect(await host.exec(['id', '-un'])).toMatchObject({ stdout: 'deploy\n' });
    return runner;
  } finally {
    await host.close();
  }
}

describe.each(transports)('by %s', (transport) => {
  it.each([
    ['Debian 12', (): Promise<LabServer> => Promise.resolve(lab.server)],
    ['Debian 13', (): Promise<LabServer> => lab.debian13Server()],
  ])('AES-GCM is what is agreed on with the sshd of %s as it comes', async (_name, find) => {
    const server = await find();
    await startSshd(server, ports.plain);
    const { lines } = await whoAmI(inputsOf(server, { port: String(ports.plain), transport }));
    expect(await agreedCiphers(server)).toEqual(['aes128-gcm@openssh.com', 'aes128-gcm@openssh.com']);
    expect(lines.join('\n')).not.toContain('warning');
  });

  it('a connection that nobody answers ends in an error that says so', async () => {
    // Nothing comes back: as behind a firewall that drops, or with a wrong address.
    const rule = ['INPUT', '-p', 'tcp', '--dport', String(ports.silent), '-j', 'DROP'];
    await lab.server.exec(['iptables', '-I', ...rule]);
    try {
      const inputs = inputsOf(lab.server, { port: String(ports.silent), transport });
      await expect(
        whoAmI(inputs, {}, { ...defaultTuning, connectTimeoutMs: 2_000, attempts: 2 }),
      ).rejects.toMatchObject({
        code: 'HOST_UNREACHABLE',
        message: `ssh: ${lab.server.host} (port ${ports.silent}): the connection was not answered in time (2 attempts).`,
        hint: text('firewall'),
      });
    } finally {
      await lab.server.exec(['iptables', '-D', ...rule]);
    }
  });
});

describe('an sshd without strict key exchange (Terrapin)', () => {
  // The names of it in the program are made others, of the same length: then neither side knows the other's.
  const unstrict = 'sed "s/kex-strict-\\([cs]\\)-v00/kex-unheard-\\1-v0/g" /usr/sbin/sshd > sshd; chmod 755 sshd';
  const chacha = 'chacha20-poly1305@openssh.com';

  it.each<readonly [what: string, source: string, ciphers: string, agreed: string, isWarned: boolean]>([
    ['gets AES where it has any', unstrict, `${chacha},aes256-ctr`, 'aes256-ctr', false],
    ['that has nothing but ChaCha20 is warned of', unstrict, chacha, chacha, true],
    ['(one with it, and nothing but ChaCha20, is not)', '', chacha, chacha, false],
  ])('%s', async (_what, source, ciphers, agreed, isWarned) => {
    await startSshd(lab.server, ports.terrapin, [`Ciphers=${ciphers}`], source);
    const { lines } = await whoAmI(inputsOf(lab.server, { port: String(ports.terrapin), transport: 'ssh2' }));
    expect(await agreedCiphers(lab.server)).toEqual([agreed, agreed]);
    const warnings = lines.filter((line) => line.startsWith('warning'));
    expect(warnings).toEqual(isWarned ? [text('CVE-2023-48795')] : []);
    if (ciphers === chacha) return;
    await whoAmI(inputsOf(lab.server, { port: String(ports.terrapin), transport: 'openssh' }));
    expect((await agreedCiphers(lab.server)).slice(2)).toEqual([agreed, agreed]);
  });
});

describe('what stands on the runner', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'deploy-test-'));
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  it('a security key in an agent logs in by the system’s ssh; by the library the error says that it needs it', async () => {
    const key = makeSecurityKey();
    const write = `cat > keys <<'END'\n${key.publicLine}\nEND\nchmod 644 keys`;
    await startSshd(lab.server, ports.securityKey, [`AuthorizedKeysFile=${folder}/keys`, 'StrictModes=no'], write);
    const socket = join(scratch, 'agent');
    const agent = await key.startAgent(socket);
    try {
      const inputs = inputsOf(lab.server, { port: String(ports.securityKey), 'ssh-private-key': '' });
      await whoAmI({ ...inputs, transport: 'openssh' }, { SSH_AUTH_SOCK: socket });
      await expect(whoAmI({ ...inputs, transport: 'ssh2' }, { SSH_AUTH_SOCK: socket })).rejects.toMatchObject({
        code: 'SSH_AUTH_REJECTED',
        hint: text('`transport: openssh`'),
      });
    } finally {
      agent.close();
    }
  });

  it('its ssh_config names the server’s address, port and key for `transport: openssh`', async () => {
    const { address, port, privateKey, knownHosts } = lab.server;
    const home = join(scratch, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    const keyFile = join(home, 'key');
    writeFileSync(keyFile, privateKey, { mode: 0o600 });
    const config = `Host the-server\n  HostName ${address}\n  Port ${port}\n  IdentityFile ${keyFile}\n`;
    writeFileSync(join(home, '.ssh/config'), config, { mode: 0o600 });
    const key = knownHosts.trim().split(' ').slice(1).join(' ');
    const inputs = { host: 'the-server', user: 'deploy', 'known-hosts': `the-server ${key}` };
    vi.stubEnv('HOME', home);
    try {
      await whoAmI({ ...inputs, transport: 'openssh' });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
