import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pauseDeploy } from '../../lab/src/pause.ts';
import type { StepResult } from '../../lab/src/runner/index.ts';
import { watchHealth } from './health-watch.ts';
import { appImage, makeProject, withKey, type Project } from './project.ts';
import { requireSuccess, standAt } from './standing.ts';

let project: Project;
let runs = 0;

const compose = `services:
  app:
    image: unset.example/app:0
    env_file: app.env
    expose: ["8000"]
`;

beforeAll(async () => {
  project = await makeProject('died-rollback');
  for (const version of ['v1', 'v2'] as const) requireSuccess(await sync(version, version));
});

afterAll(async () => {
  await project.remove();
});

/** Files and image of a version, in one job; files alone where there is no image. */
async function sync(greeting: string, version?: 'v1' | 'v2'): Promise<StepResult> {
  const folder = join(project.workspace, 'deploy');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'compose.yaml'), compose);
  await writeFile(join(folder, 'app.env'), `GREETING=${greeting}\n`);
  const job = await project.newJob(`${process.pid}${++runs}`);
  const synced = await job.step({ uses: 'action-sync-remote', with: withKey(project.lab, { source: 'deploy' }) });
  requireSuccess(synced);
  const result =
    version === undefined
      ? synced
      : await job.step({
          uses: 'action-rolling-deploy',
          with: withKey(project.lab, { images: appImage(project.lab, version) }),
        });
  await job.finish();
  await job.dispose();
  return result;
}

/** `mode: rollback` whose runner dies at a step; the lease is its own until the next attempt of the run. */
async function dieAt(step: string): Promise<string> {
  const runId = `${process.pid}${++runs}`;
  const pause = await pauseDeploy(project.lab.server, { path: project.path, step });
  const job = await project.newJob(runId);
  const rolling = job.step({ uses: 'action-rolling-deploy', with: withKey(project.lab, { mode: 'rollback' }) });
  await standAt(pause, rolling);
  await job.kill();
  await pause.remove();
  await rolling;
  await job.dispose();
  return runId;
}

async function again(runId: string, inputs: Readonly<Record<string, string>>): Promise<StepResult> {
  const job = await project.newJob(runId, '2');
  const result = await job.step({ uses: 'action-rolling-deploy', with: withKey(project.lab, inputs) });
  await job.finish();
  await job.dispose();
  return result;
}

describe('an explicit rollback whose runner died', () => {
  it('is finished by the next run: the rejected release does not come back, and `previous` goes no further', async () => {
    const watch = watchHealth(project.lab.server, project.name, 'app', 1);
    const runId = await dieAt('healthy');
    const result = await again(runId, { mode: 'rollback' });
    await watch.stop();
    expect(watch.problems()).toEqual([]);
    expect(result.outputs).toMatchObject({ outcome: 'recovered', release: '3', 'error-code': '' });
    expect(await project.runningDigests()).toEqual([project.lab.images.app.v1.digest]);
    expect(await project.containers()).toHaveLength(1);
    expect(await project.read('app.env')).toBe('GREETING=v1\n');
    expect(JSON.parse(await project.read('.deploy/releases/3.json'))).toMatchObject({ restores: 1, result: 'ok' });
    expect(await project.read('.deploy/releases/2.json')).toContain('"gateFailed":true');
  });

  it('is finished before a deploy that follows, whose synced files go live all the same', async () => {
    // Forward again, so that there is something to go back from.
    requireSuccess(await sync('v2', 'v2'));
    const runId = await dieAt('stopping');
    const job = await project.newJob(runId, '2');
    await writeFile(join(project.workspace, 'deploy/app.env'), 'GREETING=v4\n');
    requireSuccess(await job.step({ uses: 'action-sync-remote', with: withKey(project.lab, { source: 'deploy' }) }));
    const result = await job.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images: appImage(project.lab, 'v2') }),
    });
    await job.finish();
    await job.dispose();
    expect(result.outputs).toMatchObject({ outcome: 'deployed', release: '6' });
    expect(JSON.parse(await project.read('.deploy/releases/5.json'))).toMatchObject({ restores: 1 });
    expect(await project.runningDigests()).toEqual([project.lab.images.app.v2.digest]);
    expect(await project.read('app.env')).toBe('GREETING=v4\n');
  });
});
