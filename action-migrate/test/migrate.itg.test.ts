import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab, type RegistryKind } from '../../lab/src/index.ts';
import { layOut, makeTarget, migrate, oneOffs, ran, removeTarget, stateFile, type Target } from './server.ts';

let lab: Lab;
let workspace: string;
const targets: Target[] = [];

beforeAll(async () => {
  lab = await openLab();
  workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
});
afterAll(async () => {
  for (const target of targets.splice(0)) await removeTarget(target);
  rmSync(workspace, { recursive: true });
});

async function freshTarget(dbEnv: Readonly<Record<string, string>> = {}): Promise<Target> {
  const target = await makeTarget(lab, workspace, dbEnv);
  targets.push(target);
  return target;
}

/** A target whose database runs once one test has started it; nothing of an earlier test is in /data/ran. */
let common: Target | undefined;
async function usedTarget(): Promise<Target> {
  common ??= await freshTarget();
  await lab.server.exec(['rm', '-f', `${common.path}/data/ran`]);
  return common;
}

/** A target on which nothing runs: what is refused before anything is started leaves it so. */
let idle: Target | undefined;
async function idleTarget(): Promise<Target> {
  return (idle ??= await freshTarget());
}

/** An image that no other test has the server pull from there. */
function otherPlatform(kind: RegistryKind): string {
  const { repository, digest } = lab.images.appOtherPlatform;
  return lab.reference(kind, repository, digest);
}

/** Writes a word to /data/ran, and says it. */
const mark = (word: string): string => `sh -c 'echo ${word} >> /data/ran; echo said ${word}'`;

describe('on a server where nothing runs yet, and then only the database', () => {
  it('starts the database first, runs the commands in order on the new image and leaves nothing behind', async () => {
    const target = await usedTarget();
    const check = `sh -c 'echo "version $GIT_SHA" >> /data/ran'`;
    const result = await migrate(
      target,
      { commands: `${mark('one')}\n${check}`, reversible: 'false' },
      { runId: '901' },
    );
    expect(result.log).toContain('Starting what migrate depends on (db has no container)');
    expect(result.outcome).toBe('success');
    expect(await ran(target)).toEqual(['one', `version ${lab.images.app.v2.sha}`]);
    expect(result.outputs).toMatchObject({
      applied: 'true',
      status: 'applied',
      'commands-run': '2',
      'failed-command': '',
      'exit-code': '0',
      reversible: 'false',
      'backup-path': '',
    });
    expect(result.log).toMatch(/\d+\.\ds \| said one/);
    expect(result.commands.groups.some((title) => title.startsWith('[1/2] sh -c'))).toBe(true);
    expect(result.summary).toContain('Migration: done');
    expect(await oneOffs(target)).toEqual([]);
    expect(JSON.parse((await stateFile(target, 'migration.json')) ?? '')).toMatchObject({
      applied: true,
      reversible: false,
      run: '901',
      images: [{ kind: 'env', name: 'API_IMAGE', ref: target.image }],
    });
    expect(await stateFile(target, 'lease.json')).toBeUndefined();
  });

  it("runs the service's own command where none is given", async () => {
    const target = await usedTarget();
    expect((await migrate(target, {})).outcome).toBe('success');
    expect(await ran(target)).toEqual(['own command']);
  });

  it('stops at the first failure, keeps its log, and does not run the next command', async () => {
    const target = await usedTarget();
    const broken = "sh -c 'echo relation missing >&2; exit 3'";
    const result = await migrate(target, { commands: [mark('one'), broken, mark('three')].join('\n') });
    expect(result.outcome).toBe('failure');
    expect(await ran(target)).toEqual(['one']);
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_FAILED',
      applied: 'true',
      status: 'failed',
      'commands-run': '2',
      'failed-command': broken,
      'exit-code': '3',
    });
    expect(result.commands.errors.join()).toContain(
      'Nothing was restarted: the version that served before still serves',
    );
    expect(result.summary).toMatch(/\| relation missing/);
    expect(result.summary).toContain('– not run');
    expect(await oneOffs(target)).toEqual([]);
  });

  it('explains a command that is not in the image', async () => {
    const target = await usedTarget();
    const result = await migrate(target, { commands: 'nope --now' });
    expect(result.outputs).toMatchObject({ 'error-code': 'COMMAND_FAILED', 'exit-code': '127', applied: 'false' });
    expect(result.commands.errors.join()).toContain('exit code 127 (the command was not found in the image)');
    expect(await oneOffs(target)).toEqual([]);
  });

  it('stops a container that runs longer than run-timeout', async () => {
    const target = await usedTarget();
    const slow = "sh -c 'trap : TERM; while :; do sleep 1; done'";
    const result = await migrate(target, { commands: `${slow}\n${mark('two')}`, 'run-timeout': '3s' });
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_TIMEOUT',
      status: 'timed-out',
      'failed-command': slow,
    });
    expect(await oneOffs(target)).toEqual([]);
    expect(await ran(target)).toEqual([]);
  });
});

describe('the pending check', () => {
  it('skips every command when there is nothing to do', async () => {
    const target = await usedTarget();
    const result = await migrate(target, { commands: mark('one'), 'pending-check': 'true' });
    expect(result.outputs).toMatchObject({ applied: 'false', status: 'nothing-pending' });
    expect(await ran(target)).toEqual([]);
    expect(await oneOffs(target)).toEqual([]);
  });

  it('lets the commands run when it ends with 1', async () => {
    const target = await usedTarget();
    const result = await migrate(target, { commands: mark('one'), 'pending-check': "sh -c 'exit 1'" });
    expect(result.outputs).toMatchObject({ applied: 'true', status: 'applied' });
    expect(await ran(target)).toEqual(['one']);
  });

  it('is no answer when it is not in the image', async () => {
    const target = await usedTarget();
    const result = await migrate(target, { commands: mark('one'), 'pending-check': 'nope' });
    expect(result.outputs).toMatchObject({ 'error-code': 'COMMAND_FAILED', applied: 'false', status: 'refused' });
    expect(await ran(target)).toEqual([]);
  });
});

describe('before anything is started, it refuses', () => {
  it.each<readonly [string, (target: Target) => Readonly<Record<string, string>>, string, string]>([
    ['a shell operator', () => ({ commands: 'a && b' }), 'INPUT_INVALID', 'input `commands`'],
    ['an unknown service', () => ({ service: 'nope' }), 'SERVICE_UNKNOWN', 'input `service`: "nope"'],
    ['a service that runs another image', () => ({ service: 'db' }), 'IMAGE_MISMATCH', 'service db would run'],
    [
      'a digest that is not in the registry',
      ({ image }) => ({ images: `API_IMAGE=${image.slice(0, -4)}0000` }),
      'IMAGE_PULL_FAILED',
      'docker pull',
    ],
    [
      'a wrong password',
      () => ({ images: `API_IMAGE=${otherPlatform('htpasswd')}`, 'registry-password': 'wrong-password' }),
      'IMAGE_PULL_FAILED',
      'registry refused',
    ],
    [
      'an image for another platform',
      () => ({ images: `API_IMAGE=${otherPlatform('anonymous')}` }),
      'IMAGE_MISMATCH',
      'is for linux/',
    ],
  ])('%s', async (_name, inputs, code, words) => {
    const target = await idleTarget();
    const result = await migrate(target, { commands: mark('one'), ...inputs(target) });
    expect(result.outputs).toMatchObject({ 'error-code': code });
    expect(result.commands.errors.join()).toContain(words);
    const started = await lab.server.docker([
      'ps',
      '-aq',
      '--filter',
      `label=com.docker.compose.project=${target.project}`,
    ]);
    expect(started.stdout).toBe('');
  });

  it('what the rollout after it would refuse, unless it shall only be said', async () => {
    const { app } = lab.images;
    const image = lab.reference('htpasswd', app.repository, app.v2.digest);
    const target = await layOut({
      lab,
      workspace,
      image,
      database: lab.reference('anonymous', app.repository, 'latest'),
      composeFile:
        'services: { web: { image: "${DB_IMAGE}" }, migrate: { image: "${API_IMAGE}", profiles: [tools], volumes: ["./data:/data"] } }',
    });
    targets.push(target);
    const result = await migrate(target, { commands: mark('one') });
    expect(result.outputs).toMatchObject({ 'error-code': 'MUTABLE_TAG', status: 'refused' });
    expect(await ran(target)).toEqual([]);
    const warned = await migrate(target, { commands: mark('one'), preflight: 'warn' });
    expect(warned.log).toContain('Rollout: would refuse (MUTABLE_TAG)');
    expect(await ran(target)).toEqual(['one']);
  });

  it('to run without its database where it may not start one', async () => {
    const target = await idleTarget();
    const result = await migrate(target, { commands: mark('one'), 'start-dependencies': 'false' });
    expect(result.outputs).toMatchObject({ 'error-code': 'DEPENDENCY_UNAVAILABLE', status: 'refused' });
    expect(result.commands.errors.join()).toContain('service db, which migrate depends on, has no container');
    expect(await ran(target)).toEqual([]);
  });

  it('to run on a database that is not healthy, and shows its log', async () => {
    const target = await freshTarget({ NEVER_HEALTHY: '503' });
    const result = await migrate(target, { commands: mark('one') });
    expect(result.outputs).toMatchObject({ 'error-code': 'DEPENDENCY_UNAVAILABLE' });
    expect(result.commands.errors.join()).toContain('is unhealthy');
    expect(await ran(target)).toEqual([]);
  });
});
