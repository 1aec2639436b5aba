import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../../lab/src/index.ts';
import { createJob, type Job, type StepResult } from '../../lab/src/runner/index.ts';

let lab: Lab;
let workspace: string;
let deployPath: string;
let count = 0;

beforeAll(async () => {
  lab = await openLab();
});

beforeEach(async () => {
  count++;
  workspace = mkdtempSync(join(tmpdir(), 'sync-remote-'));
  deployPath = `/srv/sync-${process.pid}-${count}`;
  await lab.server.exec(['install', '-d', '-o', 'deploy', '-g', 'deploy', deployPath]);
});

afterEach(async () => {
  rmSync(workspace, { recursive: true });
  await lab.server.exec(['rm', '-rf', deployPath]);
});

/** A good key that no server knows. */
const strangersKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const place = join(workspace, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content, { mode: 0o644 });
  }
}

function startJob(): Promise<Job> {
  return createJob({
    workspace,
    env: {
      DEPLOY_HOST: lab.server.address,
      DEPLOY_USER: lab.server.user,
      DEPLOY_SSH_PRIVATE_KEY: lab.server.privateKey,
      DEPLOY_KNOWN_HOSTS: lab.server.knownHosts,
      DEPLOY_PATH: deployPath,
    },
  });
}

/** A job with one sync, as a runner runs it. The key may show nowhere. */
async function sync(inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> {
  const job = await startJob();
  const result = await job.step({ uses: 'action-sync-remote', with: inputs });
  const { posts } = await job.finish();
  const written = [result.rawLog, ...posts.map((post) => post.rawLog), result.summary, JSON.stringify(result.outputs)];
  for (const line of lab.server.privateKey.split('\n').filter((text) => text.length > 20 && !text.includes('-----')))
    expect(written.join('\n')).not.toContain(line);
  return result;
}

/** What stands in deploy-path: `mode path` of files, `path -> target` of links; without `.deploy/`. */
async function look(folder = deployPath): Promise<readonly string[]> {
  const script =
    'cd "$1" && find . -path ./.deploy -prune -o -type f -printf "%m %P\\n" -o -type l -printf "%P -> %l\\n" | sort';
  return (await lab.server.exec(['sh', '-c', script, 'sh', folder])).stdout.split('\n').filter((line) => line !== '');
}

async function read(path: string): Promise<string> {
  return (await lab.server.exec(['cat', `${deployPath}/${path}`])).stdout;
}

async function hasLease(): Promise<boolean> {
  return (await lab.server.exec(['ls', '-A', `${deployPath}/.deploy`])).stdout.split('\n').includes('lease.json');
}

describe('a sync that goes live at once', () => {
  it('puts the first set there: content, executable bit, link; leaves env files and the lease behind it', async () => {
    write({
      'compose.yaml': 'services: {}',
      'bin/run': '#!/bin/sh\n',
      'a b/ümläut.conf': 'x',
      '.env': 'FROM=repository',
    });
    chmodSync(join(workspace, 'bin/run'), 0o755);
    symlinkSync('../compose.yaml', join(workspace, 'bin/link'));
    await lab.server.exec(['sh', '-c', 'echo SECRET=1 > "$1/.env"', 'sh', deployPath]);
    const { outcome, log, outputs, summary } = await sync({ activate: 'now' });
    expect({ outcome, log }).toMatchObject({ outcome: 'success' });
    expect(await look()).toEqual(
      ['644 .env', '644 a b/ümläut.conf', '644 compose.yaml', '755 bin/run', 'bin/link -> ../compose.yaml'].sort(),
    );
    expect(await read('.env')).toBe('SECRET=1\n');
    expect(outputs['changed-files']).toBe('a b/ümläut.conf\nbin/link\nbin/run\ncompose.yaml');
    expect(outputs['deleted-files']).toBe('');
    expect(outputs['release-id']).toMatch(/^\d{8}T\d{9}Z-[0-9a-f]{12}-[0-9a-f]{4}$/);
    expect(log).toContain('left out, because protected: .env');
    expect(summary).toContain('| Added | 4 |');
    expect(await hasLease()).toBe(false);
  });

  it('sends what changed and nothing else, deletes what it put there before and nothing else', async () => {
    write({ keep: 'same', change: 'one', drop: 'x' });
    const first = await sync({ activate: 'now' });
    await lab.server.exec([
      'sh',
      '-c',
      'mkdir "$1/data"; echo rows > "$1/data/db"; chown -R deploy "$1/data"',
      'sh',
      deployPath,
    ]);
    const again = await sync({ activate: 'now' });
    expect(again.log).toContain('Unchanged');
    expect(again.outputs).toMatchObject({
      'changed-files': '',
      'bytes-sent': '0',
      'release-id': first.outputs['release-id'],
    });
    write({ change: 'two!' });
    rmSync(join(workspace, 'drop'));
    const { outputs, log } = await sync({ activate: 'now' });
    expect(outputs).toMatchObject({ 'changed-files': 'change', 'deleted-files': 'drop', 'bytes-sent': '4' });
    expect(log.trimEnd().split('\n').at(-1)).toMatch(/^Live: .*0 added, 1 changed, 1 deleted/);
    expect(await look()).toEqual(['644 change', '644 data/db', '644 keep']);
  });
});

it('links, replaces and keeps files that root owns in a folder of the deploy user', async () => {
  write({ keep: 'same', change: 'one', 'sub/keep': 'same' });
  await sync({ activate: 'now' });
  // The kernel refuses hard links to files of other users (fs.protected_hardlinks): then they are copied.
  await lab.server.exec(['sh', '-c', 'cd "$1" && chown root:root keep change sub/keep', 'sh', deployPath]);
  write({ change: 'two' });
  const { outcome, log, outputs } = await sync({ activate: 'now' });
  expect({ outcome, log }).toMatchObject({ outcome: 'success' });
  expect(outputs).toMatchObject({ 'changed-files': 'change', 'bytes-sent': '3' });
  expect(await look()).toEqual(['644 change', '644 keep', '644 sub/keep']);
  expect(await read('change')).toBe('two');
});

describe('a sync for the rollout', () => {
  it('stages the set and changes nothing that is live, and says so last', async () => {
    write({ 'compose.yaml': 'v1', 'conf/x': '1' });
    await sync({ activate: 'now' });
    write({ 'compose.yaml': 'v2' });
    const { outputs, log } = await sync();
    expect(await read('compose.yaml')).toBe('v1');
    const tree = `${deployPath}/.deploy/staged/${outputs['release-id'] ?? ''}/tree`;
    expect(await look(tree)).toEqual(['644 compose.yaml', '644 conf/x']);
    expect((await lab.server.exec(['cat', `${tree}/compose.yaml`])).stdout).toBe('v2');
    expect(log.trimEnd().split('\n').at(-1)).toContain('action-rolling-deploy makes it live');
    const rerun = await sync();
    expect(rerun.outputs).toMatchObject({ 'release-id': outputs['release-id'], 'bytes-sent': '0' });
  });

  it('takes a staged set away again when the source is what is live', async () => {
    write({ 'compose.yaml': 'v1' });
    await sync({ activate: 'now' });
    write({ 'compose.yaml': 'v2' });
    await sync();
    write({ 'compose.yaml': 'v1' });
    expect((await sync()).log).toContain('Unchanged');
    expect((await lab.server.exec(['ls', `${deployPath}/.deploy/staged`])).stdout).toBe('');
  });

  it('compares only, in a dry run: not even its own folder is made', async () => {
    write({ 'compose.yaml': 'v1' });
    const { outputs, log } = await sync({ 'dry-run': 'true' });
    expect(outputs['changed-files']).toBe('compose.yaml');
    expect(log).toContain('+ compose.yaml');
    expect((await lab.server.exec(['ls', '-A', deployPath])).stdout).toBe('');
  });

  it('keeps the lease for the steps after it, until the end of the job', async () => {
    write({ 'compose.yaml': 'v1' });
    const job = await startJob();
    await job.step({ uses: 'action-sync-remote', with: {} });
    expect(await hasLease()).toBe(true);
    const other = await sync({ 'lock-wait': '1s' });
    expect(other).toMatchObject({ outcome: 'failure', outputs: { 'error-code': 'LOCKED' } });
    const { conclusion } = await job.finish();
    expect(conclusion).toBe('success');
    expect(await hasLease()).toBe(false);
  });

  it('leaves the old set whole when the runner dies in the middle, and the next run stages the new one', async () => {
    write({ 'compose.yaml': 'v1' });
    await sync({ activate: 'now' });
    write({ 'compose.yaml': 'v2', big: 'x'.repeat(60_000_000) });
    const job = await startJob();
    const step = job.step({
      uses: 'action-sync-remote',
      with: {},
      onLine: (line) => {
        if (line.text.startsWith('sending')) void job.kill();
      },
    });
    await step;
    await job.finish();
    expect(await look()).toEqual(['644 compose.yaml']);
    expect(await read('compose.yaml')).toBe('v1');
    // The dead job's lease stands until it expires; a person who knows that it died removes it.
    await lab.server.exec(['rm', '-f', `${deployPath}/.deploy/lease.json`]);
    const { outputs } = await sync();
    expect(outputs['changed-files']).toBe('big\ncompose.yaml');
    expect((await lab.server.exec(['ls', `${deployPath}/.deploy/staged`])).stdout.trim()).toBe(outputs['release-id']);
  });
});

describe('bad input ends in one error that names it, and leaves nothing on the server', () => {
  const nothing = async (): Promise<void> => {
    expect((await lab.server.exec(['ls', '-A', deployPath])).stdout).toBe('');
  };
  const wrongHostKey = `AAAAC3NzaC1lZDI1NTE5AAAAIAAA${'A'.repeat(40)}`;

  it.each<[string, () => Readonly<Record<string, string>>, string, RegExp]>([
    [
      'another host key',
      () => ({ 'known-hosts': `${lab.server.address} ssh-ed25519 ${wrongHostKey}` }),
      'HOST_KEY_MISMATCH',
      /host key/,
    ],
    ['a key the server does not know', () => ({ 'ssh-private-key': strangersKey }), 'SSH_AUTH_REJECTED', /deploy/],
    [
      'a deploy-path that is not there',
      () => ({ 'deploy-path': `${deployPath}/missing` }),
      'DEPLOY_PATH_UNUSABLE',
      /deploy-path.*does not exist/,
    ],
    ['a system folder', () => ({ 'deploy-path': '/etc' }), 'INPUT_INVALID', /deploy-path/],
    ['a source that is not there', () => ({ source: 'no/such' }), 'INPUT_INVALID', /source.*no\/such/],
    ['a source outside the workspace', () => ({ source: '../..' }), 'INPUT_INVALID', /source.*outside/],
    ['a source that leaves nothing', () => ({ exclude: '*' }), 'SOURCE_EMPTY', /no file/],
    ['an env file as the source', () => ({ source: '.env' }), 'INPUT_INVALID', /source.*protected/],
    ['an unknown delete rule', () => ({ delete: 'all' }), 'INPUT_INVALID', /delete.*managed, none/],
  ])('%s', async (_what, inputs, code, message) => {
    write({ 'compose.yaml': 'v1', '.env': 'A=1' });
    const { outcome, outputs, commands } = await sync(inputs());
    expect({ outcome, code: outputs['error-code'] }).toEqual({ outcome: 'failure', code });
    expect(commands.errors).toHaveLength(1);
    expect(commands.errors.join('\n')).toMatch(message);
    await nothing();
  });

  it('a link that leaves the source', async () => {
    write({ 'compose.yaml': 'v1' });
    symlinkSync('/etc/passwd', join(workspace, 'sub'));
    const { outputs, commands } = await sync();
    expect(outputs['error-code']).toBe('SOURCE_REFUSED');
    expect(commands.errors.join('\n')).toContain('"sub"');
    await nothing();
  });

  it('a deploy-path that the user may not write', async () => {
    write({ 'compose.yaml': 'v1' });
    await lab.server.exec(['chown', 'root', deployPath]);
    const { outputs } = await sync();
    expect(outputs['error-code']).toBe('DEPLOY_PATH_UNUSABLE');
    await nothing();
  });

  it('a folder of the server where a file must be', async () => {
    write({ 'compose.yaml': 'v1' });
    await lab.server.exec(['mkdir', `${deployPath}/compose.yaml`]);
    const { outputs, commands } = await sync();
    expect(outputs['error-code']).toBe('PATH_BLOCKED');
    expect(commands.errors.join('\n')).toContain('compose.yaml');
  });
});
