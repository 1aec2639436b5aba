import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, upLab } from '../src/index.ts';
import type { CommandResult, Lab } from '../src/index.ts';
import { silentLog } from '../src/log.ts';
import { describeStatus } from '../src/status.ts';

let lab: Lab;
const folder = '/root/lab-server-test';

/** ssh as a client on the network sees it: the server's own ssh program, to the server's own address. */
function ssh(user: string, command: string, options: readonly string[] = []): Promise<CommandResult> {
  const files = [
    '-F',
    '/dev/null',
    '-o',
    `UserKnownHostsFile=${folder}/known_hosts`,
    '-o',
    'StrictHostKeyChecking=yes',
  ];
  const target = `${user}@${lab.server.address}`;
  return lab.server.exec(
    ['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', ...files, ...options, target, command],
    { allowFailure: true },
  );
}

async function writeInServer(name: string, content: string): Promise<void> {
  const write = 'umask 077; exec cat > "$1"';
  await lab.server.exec(['sh', '-c', write, 'write', `${folder}/${name}`], { stdin: content });
}

beforeAll(async () => {
  lab = await openLab();
  await lab.server.exec(['install', '-d', '-m', '700', folder]);
  await writeInServer('key', lab.server.privateKey);
  await writeInServer('known_hosts', lab.server.knownHosts);
});

afterAll(async () => {
  await lab.server.exec(['rm', '-rf', folder]);
});

describe('the server', () => {
  const withKey = ['-i', `${folder}/key`, '-o', 'IdentitiesOnly=yes'];

  it('lets deploy in with the key, and shows the host key of the handles', async () => {
    expect(await ssh('deploy', 'id -un', withKey)).toMatchObject({ exitCode: 0, stdout: 'deploy\n' });
    const shown = await lab.server.exec([
      'sh',
      '-c',
      'ssh-keyscan -t ed25519 "$1" 2>/dev/null | ssh-keygen -lf -',
      'scan',
      lab.server.address,
    ]);
    expect(shown.stdout).toContain(lab.server.hostFingerprint);
  });

  it('refuses deploy without the key, root with it, and offers no password', async () => {
    const keyless = await ssh('deploy', 'id', ['-o', 'PubkeyAuthentication=no']);
    expect(keyless).toMatchObject({ exitCode: 255, stdout: '' });
    expect(keyless.stderr).toContain('Permission denied (publickey)');
    expect(await ssh('root', 'id', withKey)).toMatchObject({ exitCode: 255, stdout: '' });
  });

  it('lets deploy use Docker and Compose 2.20 or newer, and write below /srv', async () => {
    const { stdout } = await ssh(
      'deploy',
      'docker version -f "{{.Server.Os}}" && docker compose version --short && touch /srv/.probe && rm /srv/.probe',
      withKey,
    );
    const [os, version = ''] = stdout.split('\n');
    expect(os).toBe('linux');
    const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
    expect(major * 1000 + minor).toBeGreaterThanOrEqual(2020);
  });

  it('has nothing of this machine: not its files, its accounts, its processes', async () => {
    const seen = await lab.server.exec([
      'sh',
      '-c',
      'ls -d "$1" 2>/dev/null; cat /proc/1/cmdline | tr "\\0" " "',
      'look',
      import.meta.dirname,
    ]);
    expect(seen.stdout).toMatch(/^\/bin\/sh \/usr\/local\/sbin\/lab-init/);
    expect(readFileSync('/etc/passwd', 'utf8')).not.toMatch(/^deploy:/m);
  });

  it('runs on when up is called again', async () => {
    // Only what every test needs: servers and images of other tests come and go meanwhile.
    const look = async (): Promise<readonly string[]> =>
      (await describeStatus(lab.paths))
        .split('\n')
        .filter((line) => /^(server {2,}|registry-)/.test(line))
        .map((line) => line.replaceAll(/ +/g, ' '));
    const before = await look();
    await upLab({ log: silentLog });
    expect(await look()).toEqual(before);
    expect(before).toContainEqual(expect.stringMatching(/^server up \S+ \d+$/));
    expect(before).toHaveLength(4);
  });
});
