import { generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useSync } from './sync-fixture.ts';

const here = useSync('sync');
const { list, onServer, read, startJob, sync, write } = here;

/** A good key that no server knows. */
const strangersKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;

async function hasLease(): Promise<boolean> {
  return (await onServer('ls -A "$1/.deploy"')).split('\n').includes('lease.json');
}

describe('a sync that goes live at once', () => {
  it('puts the first set there: content, executable bit, link; leaves env files and the lease behind it', async () => {
    write({
      'compose.yaml': 'services: {}',
      'bin/run': '#!/bin/sh\n',
      'bin/link': '-> ../compose.yaml',
      'a b/ümläut.conf': 'x',
      '.env': 'FROM=repository',
    });
    await onServer('echo SECRET=1 > "$1/.env"');
    const { outcome, log, outputs, summary } = await sync({ activate: 'now' });
    expect({ outcome, log }).toMatchObject({ outcome: 'success' });
    expect(await list()).toEqual(
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
    await onServer('mkdir "$1/data"; echo rows > "$1/data/db"; chown -R deploy "$1/data"');
    const again = await sync({ activate: 'now' });
    expect(again.log).toContain('Unchanged');
    expect(again.outputs).toMatchObject({
      'changed-files': '',
      'bytes-sent': '0',
      'release-id': first.outputs['release-id'],
    });
    write({ change: 'two!' });
    rmSync(join(here.workspace, 'drop'));
    const { outputs, log } = await sync({ activate: 'now' });
    expect(outputs).toMatchObject({ 'changed-files': 'change', 'deleted-files': 'drop', 'bytes-sent': '4' });
    expect(log.trimEnd().split('\n').at(-1)).toMatch(/^Live: .*0 added, 1 changed, 1 deleted/);
    expect(await list()).toEqual(['644 change', '644 data/db', '644 keep']);
  });
});

it('links, replaces and keeps files that root owns in a folder of the deploy user', async () => {
  write({ keep: 'same', change: 'one', 'sub/keep': 'same' });
  await sync({ activate: 'now' });
  // The kernel refuses hard links to files of other users (fs.protected_hardlinks): then they are copied.
  await onServer('cd "$1" && chown root:root keep change sub/keep');
  write({ change: 'two' });
  const { outcome, log, outputs } = await sync({ activate: 'now' });
  expect({ outcome, log }).toMatchObject({ outcome: 'success' });
  expect(outputs).toMatchObject({ 'changed-files': 'change', 'bytes-sent': '3' });
  expect(await list()).toEqual(['644 change', '644 keep', '644 sub/keep']);
  expect(await read('change')).toBe('two');
});

describe('a sync for the rollout', () => {
  it('stages the set and changes nothing that is live, and says so last', async () => {
    write({ 'compose.yaml': 'v1', 'conf/x': '1' });
    await sync({ activate: 'now' });
    write({ 'compose.yaml': 'v2' });
    const { outputs, log } = await sync();
    expect(await read('compose.yaml')).toBe('v1');
    const tree = `${here.deployPath}/.deploy/staged/${outputs['release-id'] ?? ''}/tree`;
    expect(await list(tree)).toEqual(['644 compose.yaml', '644 conf/x']);
    expect(await onServer('cat "$2/compose.yaml"', tree)).toBe('v2');
    expect(log.trimEnd().split('\n').at(-1)).toContain('action-rolling-deploy makes it live');
    const rerun = await sync();
    expect(rerun.outputs).toMatchObject({ 'release-id': outputs['release-id'], 'bytes-sent': '0' });
    write({ 'compose.yaml': 'v1' });
    expect((await sync()).log).toContain('Unchanged');
    expect(await onServer('ls "$1/.deploy/staged"')).toBe('');
  });

  it('compares only, in a dry run: not even its own folder is made', async () => {
    write({ 'compose.yaml': 'v1' });
    const { outputs, log } = await sync({ 'dry-run': 'true' });
    expect(outputs['changed-files']).toBe('compose.yaml');
    expect(log).toContain('+ compose.yaml');
    expect(await onServer('ls -A "$1"')).toBe('');
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
});

describe('bad input ends in one error that names it, and leaves nothing on the server', () => {
  const nothing = async (): Promise<void> => {
    expect(await onServer('ls -A "$1"')).toBe('');
  };
  const wrongHostKey = `AAAAC3NzaC1lZDI1NTE5AAAAIAAA${'A'.repeat(40)}`;

  it.each<[string, () => Readonly<Record<string, string>>, string, RegExp]>([
    [
      'another host key',
      () => ({ 'known-hosts': `${here.lab.server.address} ssh-ed25519 ${wrongHostKey}` }),
      'HOST_KEY_MISMATCH',
      /host key/,
    ],
    ['a key the server does not know', () => ({ 'ssh-private-key': strangersKey }), 'SSH_AUTH_REJECTED', /deploy/],
  ])('%s', async (_what, inputs, code, message) => {
    write({ 'compose.yaml': 'v1', '.env': 'A=1' });
    const { outcome, outputs, commands } = await sync(inputs());
    expect({ outcome, code: outputs['error-code'] }).toEqual({ outcome: 'failure', code });
    expect(commands.errors).toHaveLength(1);
    expect(commands.errors.join('\n')).toMatch(message);
    await nothing();
  });

  it('a deploy-path that the user may not write', async () => {
    write({ 'compose.yaml': 'v1' });
    await onServer('chown root "$1"');
    const { outputs } = await sync();
    expect(outputs['error-code']).toBe('DEPLOY_PATH_UNUSABLE');
    await nothing();
  });
});
