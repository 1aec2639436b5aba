import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../../lab/src/index.ts';
import { createJob, type Job, type StepResult } from '../../lab/src/runner/index.ts';
import { appImage } from './project.ts';

const name = 'rolling-local';

let lab: Lab;
let path: string;
let workspace: string;
let runs = 0;

/** As a person would clear up by hand; at the start what a test that was killed left. */
async function clear(): Promise<void> {
  const script = `ids=$(docker ps -aq --filter "label=com.docker.compose.project=$1"); [ -z "$ids" ] || docker rm -f $ids
    docker network ls -q --filter "label=com.docker.compose.project=$1" | xargs -r docker network rm`;
  await lab.server.exec(['sh', '-c', script, 'sh', name]);
  rmSync(path, { recursive: true, force: true });
}

beforeAll(async () => {
  lab = await openLab();
  path = join(lab.local.folder, name);
  workspace = mkdtempSync(join(tmpdir(), `${name}-`));
  await clear();
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'compose.yaml'), 'services:\n  app:\n    image: unset.example/app:0\n    expose: [8000]\n');
});

afterAll(async () => {
  await clear();
  rmSync(workspace, { recursive: true, force: true });
});

/** A runner that is the server: no SSH, Docker's CLI in PATH. */
function openJob(): Promise<Job> {
  return createJob({
    workspace,
    env: {
      PATH: [lab.local.bin, dirname(process.execPath), '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'].join(':'),
      DOCKER_HOST: lab.local.dockerHost,
      DEPLOY_HOST: 'local',
      DEPLOY_PATH: path,
    },
    github: { repository: 'acme/api', runId: `local${++runs}` },
  });
}

async function deploy(inputs: Readonly<Record<string, string>>): Promise<StepResult> {
  await using job = await openJob();
  const result = await job.step({ uses: 'action-rolling-deploy', with: inputs });
  const { posts } = await job.finish();
  expect(posts.map(({ exitCode }) => exitCode)).toEqual([0]);
  return result;
}

/** Image of each container of the project, running or not. */
async function listImages(): Promise<readonly string[]> {
  const filter = `label=com.docker.compose.project=${name}`;
  const { stdout } = await lab.server.docker([
    'ps',
    '-a',
    '--no-trunc',
    '--filter',
    filter,
    '--format',
    '{{.Image}} {{.State}}',
  ]);
  return stdout.split('\n').filter((line) => line !== '');
}

const runsOnly = (release: 'v1' | 'v2'): readonly string[] => [`${appImage(lab, release).replace('app=', '')} running`];

describe('on the server itself, without SSH', () => {
  it('a deploy, its way back, a cancelled one and a rollback are what they are over SSH', async () => {
    for (const release of ['v1', 'v2'] as const) {
      const result = await deploy({ images: appImage(lab, release) });
      expect(result.outputs['outcome'], result.log).toBe('deployed');
      expect(await listImages()).toEqual(runsOnly(release));
    }
    const broken = await deploy({ images: appImage(lab, 'v3') });
    expect(broken.outputs, broken.log).toMatchObject({
      outcome: 'rolled_back',
      'error-code': 'CONTAINER_UNHEALTHY',
    });
    expect(await listImages()).toEqual(runsOnly('v2'));

    const cancelled = await openJob();
    let cancelling: Promise<unknown> | undefined;
    const step = await cancelled.step({
      uses: 'action-rolling-deploy',
      with: { images: appImage(lab, 'v3') },
      onLine: (line) => {
        if (line.text.includes('starting 1 new container')) cancelling ??= cancelled.cancel();
      },
    });
    expect(cancelling).toBeDefined();
    await cancelling;
    const { posts } = await cancelled.finish();
    const said = [step, ...posts].map(({ log }) => log).join('\n');
    await cancelled.dispose();
    expect(await listImages(), said).toEqual(runsOnly('v2'));
    expect(existsSync(join(path, '.deploy/lease.json'))).toBe(false);

    const back = await deploy({ mode: 'rollback' });
    expect(back.outputs, back.log).toMatchObject({ outcome: 'rolled_back', 'error-code': '' });
    expect(await listImages()).toEqual(runsOnly('v1'));
    const again = await deploy({ images: appImage(lab, 'v1') });
    expect(again.outputs, again.log).toMatchObject({ outcome: 'noop' });
  });
});
