import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommandBlock } from '../../scripts/command-blocks.ts';
import type { ServerStatus } from '../src/server-status.ts';
import { appImage, makeProject, withKey, type Project } from './project.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('rolling-status');
});

afterAll(async () => {
  await project.remove();
});

/** v1 runs, alone and whole, whatever the test before this one left. */
async function serveV1(): Promise<void> {
  await project.lay();
  const { outputs, log } = await project.deploy({ images: appImage(project.lab, 'v1') });
  expect(['deployed', 'noop'], log).toContain(outputs['outcome']);
}

async function readStatus(): Promise<ServerStatus & { readonly log: string }> {
  const result = await project.deploy({ mode: 'status' });
  expect(result.outputs).toMatchObject({ outcome: 'noop', 'error-code': '' });
  return { ...(JSON.parse(result.outputs['status'] ?? '') as ServerStatus), log: result.log };
}

const lease = (): Promise<string> => project.read('.deploy/lease.json');

async function writeLease(text: string): Promise<void> {
  await project.write('.deploy/lease.json', text);
}

const otherRun = JSON.stringify({
  owner: {
    id: 'acme/api#77#1#deploy',
    repository: 'acme/api',
    runId: '77',
    runAttempt: 1,
    job: 'deploy',
    actor: 'grace',
    runUrl: 'https://github.com/acme/api/actions/runs/77/attempts/1',
    commit: '',
  },
  generation: 4,
  acquired: Math.floor(Date.now() / 1000),
  renewed: Math.floor(Date.now() / 1000),
  expires: Math.floor(Date.now() / 1000) + 3600,
});

/** A block of the README with its example path replaced by the test's: what a person would type. */
function inProject(block: string): string {
  return block.replaceAll('/srv/my-app', project.path);
}

async function typeOnServer(command: string): Promise<string> {
  return (await project.lab.server.exec(['sh', '-c', command], { allowFailure: true })).stdout;
}

describe('mode: status', () => {
  it('tells what runs, that it is what was released, and then what somebody changed by hand; and touches nothing', async () => {
    await project.lay();
    expect((await readStatus()).advice).toEqual(['Nothing was deployed here yet.']);
    // Looking leaves nothing behind, not even a state folder.
    expect(await project.read('.deploy/format')).toBe('');
    await project.deploy({ images: appImage(project.lab, 'v1', 'APP_IMAGE') });
    const before = await project.containers();
    const good = await readStatus();
    expect(good).toMatchObject({ lease: null, unfinished: null, current: 1, advice: ['Nothing to do.'] });
    expect(good.services).toMatchObject([{ service: 'app', running: 1, health: 'healthy', match: 'as-released' }]);
    expect(good.services[0]?.digest).toContain(project.lab.images.app.v1.digest);
    expect(await project.containers()).toEqual(before);

    const other = appImage(project.lab, 'v2', 'APP_IMAGE').replace('APP_IMAGE=', '');
    await typeOnServer(`cd ${project.path} && docker pull -q ${other} && APP_IMAGE=${other} docker compose up -d`);
    const drifted = await readStatus();
    expect(drifted.services).toMatchObject([{ service: 'app', match: 'differs' }]);
    expect(drifted.advice.join()).toContain('app: runs another image than release 1 recorded');
    await typeOnServer(`cd ${project.path} && docker compose down`);
    expect((await readStatus()).services).toMatchObject([{ match: 'not-running', health: 'down' }]);
  });

  it('names the run that deploys, and a deploy that died', async () => {
    await project.empty();
    await serveV1();
    await project.write('.deploy/journal/d99999999-20260101T000000000Z-000000.jsonl', '{"step":"begin","data":{}}\n');
    await writeLease(otherRun);
    const held = await readStatus();
    expect(held.lease).toMatchObject({ kind: 'run', actor: 'grace' });
    expect(held.advice[0]).toContain('actions/runs/77');
    await typeOnServer(`rm ${project.path}/.deploy/lease.json`);
    const dead = await readStatus();
    expect(dead.unfinished).toEqual({ deployId: 'd99999999-20260101T000000000Z-000000', lastStep: 'begin' });
    expect(dead.advice[0]).toContain('The next run settles it');
    await typeOnServer(`rm ${project.path}/.deploy/journal/d99999999-*`);
  });

  it('of a folder that does not exist is one error naming the input', async () => {
    const result = await project.deploy({ mode: 'status', 'deploy-path': '/srv/nowhere-status' });
    expect(result.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'DEPLOY_PATH_UNUSABLE' });
    expect(result.commands.errors).toHaveLength(1);
  });
});

describe('mode: doctor', () => {
  it('is red with what to do where the folder is missing', async () => {
    const missing = await project.deploy({ mode: 'doctor', 'deploy-path': '/srv/nowhere-doctor' });
    expect(missing.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'SERVER_UNFIT' });
    expect(missing.log).toContain('install -d -o deploy -m 755 /srv/nowhere-doctor');
  });
});

describe('a freeze by hand', () => {
  it('typed as the README says stops every deploy with the person and the reason, until it is unlocked', async () => {
    await serveV1();
    const before = await project.containers();
    const command = inProject(readCommandBlock('freeze'));
    expect(await typeOnServer(command)).toBe('');
    expect(await lease()).toContain('moving the database');
    // A second person learns who was first.
    expect(await typeOnServer(command)).toContain('moving the database');

    const refused = await project.deploy({ images: appImage(project.lab, 'v2'), 'lock-wait': '1s' });
    expect(refused.outputs).toMatchObject({ outcome: 'locked', 'error-code': 'LOCKED' });
    expect(refused.log).toContain('is frozen by root, by hand: "moving the database"');
    expect(await project.containers()).toEqual(before);
    expect((await readStatus()).advice[0]).toContain('Frozen by root (moving the database)');

    const freed = await project.deploy({ mode: 'unlock', reason: 'database is moved' });
    expect(freed.outputs['outcome']).toBe('unlocked');
    expect(freed.summary).toContain('a freeze by hand');
    const [audit = ''] = (await project.read('.deploy/audit.jsonl')).trim().split('\n').slice(-1);
    expect(JSON.parse(audit)).toMatchObject({
      what: 'unlocked',
      actor: 'octocat',
      reason: 'database is moved',
      holder: 'root',
      holderReason: 'moving the database',
    });
    const deployed = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(deployed.outputs['outcome']).toBe('deployed');

    // It may also be ended by removing the file.
    await typeOnServer(command);
    await typeOnServer(inProject(readCommandBlock('end of a freeze')));
    expect((await project.deploy({ images: appImage(project.lab, 'v2') })).outputs['outcome']).toBe('noop');
  });
});

describe('mode: unlock', () => {
  it('refuses the lease of a run that may still go on, and frees it when forced', async () => {
    await serveV1();
    expect((await project.deploy({ mode: 'unlock' })).outputs['outcome']).toBe('noop');
    await writeLease(otherRun);
    const refused = await project.deploy({ mode: 'unlock' });
    expect(refused.outputs).toMatchObject({ outcome: 'locked', 'error-code': 'LOCKED' });
    expect(refused.log).toContain('held by grace in https://github.com/acme/api/actions/runs/77');
    expect(await lease()).toContain('grace');
    const forced = await project.deploy({ mode: 'unlock', force: 'true' });
    expect(forced.log).toContain('FORCED');
    expect(await lease()).toBe('');
  });
});

describe('two deploys at once', () => {
  it('one waits for the other and then runs; one that may not wait names the run that deploys', async () => {
    await serveV1();
    const first = await project.newJob('4001');
    const holding = await first.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images: appImage(project.lab, 'v2') }),
    });
    expect(holding.outputs['outcome']).toBe('deployed');
    // Its job goes on: the lease is held until its post step.
    const third = await project.newJob('4003');
    const images = appImage(project.lab, 'v1');
    const hasty = await third.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images, 'lock-wait': '0' }),
    });
    expect(hasty.outputs).toMatchObject({ outcome: 'locked', 'error-code': 'LOCKED' });
    expect(hasty.log).toContain('https://github.com/acme/api/actions/runs/4001/attempts/1');
    // What the other run has begun is not for its post step to settle.
    expect((await third.finish()).posts.map(({ exitCode }) => exitCode)).toEqual([0]);
    expect(await lease()).toContain('4001');
    const second = await project.newJob('4002');
    let isWaiting = (): void => undefined;
    const waits = new Promise<void>((resolve) => (isWaiting = resolve));
    const waiting = second.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images: appImage(project.lab, 'v1') }),
      onLine: ({ text }) => {
        if (text.includes('waiting for the lease')) isWaiting();
      },
    });
    await waits;
    await first.finish();
    const result = await waiting;
    expect(result.outputs).toMatchObject({ outcome: 'deployed' });
    expect(await project.runningDigests()).toEqual([project.lab.images.app.v1.digest]);
    await second.finish();
    expect(await lease()).toBe('');
  });
});
