import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { parseDeployPath } from '@deploy-actions/kit/state/deploy-path';
import { lookPart } from '@deploy-actions/kit/state/manifest-look';
import { fakeRunner, type FakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../src/main.ts';
import { makeFolder, writeFiles } from './source-fixture.ts';

const makeKey = (): string =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;

const hostLine = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO6U0bqcYWSKB9cqSzJHZmJ1bT3rCJqgGhp0Q0m1hXxl';

let workspace: string;
let server: string;
beforeEach(() => {
  workspace = makeFolder({ 'compose.yaml': 'v1', '.env': 'A=1', 'conf/x': '1' });
  server = join(makeFolder(), 'app');
  mkdirSync(server);
});

const defaults = { source: '.', delete: 'managed', activate: 'now', 'dry-run': 'false', 'lock-wait': '0' };

async function sync(inputs: Readonly<Record<string, string>>): Promise<FakeRunner> {
  const all = { ...defaults, host: 'local', 'deploy-path': server, ...inputs };
  const facts = { GITHUB_WORKSPACE: workspace, GITHUB_RUN_ID: '1', GITHUB_SHA: 'a'.repeat(40) };
  const runner = fakeRunner(all, facts);
  await run({ runner, signal: new AbortController().signal });
  return runner;
}

const refused = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('bad input ends in one error that names it, and leaves nothing on the server', () => {
  it.each<[string, string, RegExp]>([
    ['', 'INPUT_INVALID', /input `deploy-path` is required/],
    ['  ', 'INPUT_INVALID', /input `deploy-path` is required/],
    ['srv/app', 'INPUT_INVALID', /`deploy-path`: "srv\/app" is not an absolute path/],
    ['~', 'INPUT_INVALID', /"~" is not an absolute path/],
    ['~/app', 'INPUT_INVALID', /not an absolute path/],
    ['$HOME', 'INPUT_INVALID', /not an absolute path/],
    ['/srv/../etc', 'INPUT_INVALID', /without `\.`, `\.\.`/],
    ['/srv/a\nb', 'INPUT_INVALID', /control characters/],
    ['/srv/a\0b', 'INPUT_INVALID', /control characters/],
    ['/', 'INPUT_INVALID', /"\/" is a system folder/],
    ['/etc', 'INPUT_INVALID', /system folder/],
    ['/etc/', 'INPUT_INVALID', /system folder/],
    ['/srv', 'INPUT_INVALID', /system folder/],
    ['/home/deploy', 'INPUT_INVALID', /home directory/],
    ['/root', 'INPUT_INVALID', /system folder/],
    ['/etc/nginx/conf.d', 'INPUT_INVALID', /system folder/],
    ['/usr/local/bin', 'INPUT_INVALID', /system folder/],
    ['/var/lib/docker/volumes/x/_data', 'INPUT_INVALID', /system folder/],
    ['/my-app', 'INPUT_INVALID', /"\/my-app" lies directly below \//],
    ['/srv/app/.deploy', 'INPUT_INVALID', /`deploy-path`/],
    ['/no/such/folder', 'DEPLOY_PATH_UNUSABLE', /does not exist/],
  ])('deploy-path %j', async (path, code, message) => {
    await expect(sync({ 'deploy-path': path })).rejects.toEqual(refused(code, message));
  });

  it.each<[Readonly<Record<string, string>>, string, RegExp]>([
    [{ source: '' }, 'INPUT_INVALID', /`source` is empty/],
    [{ source: 'no/such' }, 'INPUT_INVALID', /"no\/such" does not exist/],
    [{ source: '../..' }, 'INPUT_INVALID', /outside the workspace/],
    [{ source: '/etc' }, 'INPUT_INVALID', /outside the workspace/],
    [{ source: '.env' }, 'INPUT_INVALID', /protected path/],
    [{ exclude: '*' }, 'SOURCE_EMPTY', /no file/],
    [{ include: 'conf/', protect: 'conf/' }, 'INPUT_INVALID', /`include` and `protect` both name "conf\/"/],
    [{ delete: 'all' }, 'INPUT_INVALID', /`delete`: "all" is not one of: managed, none, mirror/],
    [{ activate: 'yes' }, 'INPUT_INVALID', /`activate`: "yes"/],
    [{ 'dry-run': 'yes' }, 'INPUT_INVALID', /`dry-run`: "yes" is not true or false/],
    [{ 'dry-run': '1' }, 'INPUT_INVALID', /`dry-run`: "1" is not true or false/],
    [{ 'lock-wait': '10' }, 'INPUT_INVALID', /`lock-wait`/],
    [{ 'lock-wait': 'soon' }, 'INPUT_INVALID', /`lock-wait`/],
    [{ 'env-file': '../.env' }, 'INPUT_INVALID', /`env-file`/],
    [{ 'env-file-content': 'A=1\0' }, 'INPUT_INVALID', /line 1 holds a NUL/],
  ])('%j', async (inputs, code, message) => {
    await expect(sync(inputs)).rejects.toEqual(refused(code, message));
    expect(readdirSync(server)).toEqual([]);
  });

  it.each(['tar', 'xargs', 'awk', 'sha256sum'])('a server without %s', (missing) => {
    const tools = makeFolder();
    for (const folder of ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].filter((place) => existsSync(place)))
      for (const name of readdirSync(folder))
        if (name !== missing && name !== 'shasum' && !existsSync(join(tools, name)))
          symlinkSync(join(folder, name), join(tools, name));
    // The look alone: a host adds the usual folders to every PATH.
    const { source, args = [], fail } = lookPart(parseDeployPath(server), 'web1', '');
    const look = spawnSync('sh', ['-c', source, 'sh', ...args], { env: { PATH: tools }, input: '', encoding: 'utf8' });
    expect(fail?.({ code: look.status ?? 0, stdout: look.stdout, stderr: look.stderr })).toMatchObject({
      code: 'TOOL_MISSING',
      message: `web1 has no ${missing}. Nothing was changed.`,
    });
  });

  it('names that are not UTF-8, hold a newline, or are of the same letters', async () => {
    const named = Buffer.from(`${workspace}/caf\xe9`, 'latin1');
    writeFileSync(named, '1');
    await expect(sync({})).rejects.toEqual(refused('SOURCE_REFUSED', /caf.*not UTF-8/));
    rmSync(named);
    writeFiles(workspace, { 'a\nb': '1' });
    await expect(sync({})).rejects.toEqual(refused('SOURCE_REFUSED', /"a\\nb".*control character/));
    expect(readdirSync(server)).toEqual([]);
    rmSync(join(workspace, 'a\nb'));
    writeFiles(workspace, { 'CONF/y': '2', '-rf': '3', 'a:b': '4' });
    expect((await sync({})).lines.join('\n')).toMatch(/warning: Names that differ only in case.*: CONF, conf\./);
  });

  it('a link that leaves the source, also by way of a folder', async () => {
    symlinkSync('/etc/passwd', join(workspace, 'sub'));
    await expect(sync({})).rejects.toEqual(refused('SOURCE_REFUSED', /"sub".*\/etc\/passwd/));
    expect(readdirSync(server)).toEqual([]);
  });

  it('a deploy-path that a link leads to a system folder, or to the home of the login; not one to another folder', async () => {
    const home = process.env['HOME'] ?? '/root';
    for (const [name, place] of [
      ['app-of-the-system', '/etc'],
      ['app-at-home', home],
    ] as const) {
      symlinkSync(place, `${server}-${name}`);
      for (const dryRun of ['true', 'false'])
        await expect(sync({ 'deploy-path': `${server}-${name}`, 'dry-run': dryRun })).rejects.toEqual(
          refused('DEPLOY_PATH_UNUSABLE', new RegExp(`is ${place}, a system folder or the home`)),
        );
    }
    symlinkSync(dirname(server), `${server}-parent`);
    await sync({ 'deploy-path': `${server}-parent/app` });
    expect(readdirSync(server)).toEqual(['.deploy', 'compose.yaml', 'conf']);
  });

  it('the private key of the login, wherever it lies in the source', async () => {
    const [key, other] = [makeKey(), makeKey()];
    const login = { host: '127.0.0.1', port: '1', user: 'deploy', 'ssh-private-key': key };
    const pinned = { 'host-fingerprint': `SHA256:${'A'.repeat(43)}` };
    writeFiles(workspace, { 'deep/deploy.txt': `# our key\n${key}` });
    await expect(sync({ ...login, ...pinned })).rejects.toEqual(refused('SOURCE_REFUSED', /"deep\/deploy\.txt"/));
    // Also where the set is too big to be kept in memory: the file is read after what is.
    writeFiles(workspace, { 'zz/key': key });
    rmSync(join(workspace, 'deep'), { recursive: true });
    for (let nth = 0; nth < 40; nth++) writeFiles(workspace, { [`ballast/${nth}`]: 'x'.repeat(1024 * 1024) });
    await expect(sync({ ...login, ...pinned })).rejects.toEqual(refused('SOURCE_REFUSED', /"zz\/key"/));
    rmSync(join(workspace, 'ballast'), { recursive: true });
    const jump = { 'jump-host': 'deploy@127.0.0.2:1', 'jump-ssh-private-key': key, 'known-hosts': `* ${hostLine}` };
    await expect(sync({ ...login, ...jump, 'ssh-private-key': other })).rejects.toEqual(
      refused('SOURCE_REFUSED', /"zz\/key"/),
    );
    // Another key is a file like any other: then it is the connection that fails.
    await expect(sync({ ...login, ...pinned, 'ssh-private-key': other })).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
  });

  it('a source that cannot be synced, whose error waits for no server that does not answer', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const login = { host: '127.0.0.1', port, user: 'deploy', 'ssh-private-key': makeKey() };
    try {
      await expect(
        sync({ ...login, 'host-fingerprint': `SHA256:${'A'.repeat(43)}`, exclude: '*' }),
      ).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
      // Waiting for the end of its handshake, it would have dialed again.
      expect(sockets.length).toBeLessThanOrEqual(1);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it('a folder of the server where a file must be, a file where a folder must be', async () => {
    mkdirSync(join(server, 'compose.yaml'));
    writeFiles(server, { conf: 'a file' });
    await expect(sync({})).rejects.toEqual(refused('PATH_BLOCKED', /compose\.yaml|conf/));
    expect(readdirSync(server).sort()).toEqual(['.deploy', 'compose.yaml', 'conf']);
  });
});
