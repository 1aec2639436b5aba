import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { APP_RELEASES, openLab, openWebhookCatcher, type Lab, type WebhookCatcher } from '../../lab/src/index.ts';
import { runComposite, type JobResult, type StepResult } from '../../lab/src/runner/index.ts';
import { openProject, type Project } from './project.ts';

const { v1, v2, v3 } = APP_RELEASES;
const composeFile = `
services:
  app:
    image: \${APP_IMAGE:?}
  worker:
    image: \${WORKER_IMAGE:?}
`;

let lab: Lab;
let project: Project;
let catcher: WebhookCatcher;
let workspace: string;

beforeAll(async () => {
  lab = await openLab();
  project = openProject(lab, 'example-composite');
  await project.remove();
  catcher = await openWebhookCatcher();
  workspace = mkdtempSync(join(tmpdir(), 'composite-'));
  writeFileSync(join(workspace, 'compose.yaml'), composeFile);
  await lab.server.exec(['install', '-d', '-o', lab.server.user, '-g', lab.server.user, project.deployPath]);
});

afterAll(async () => {
  await catcher.close();
  await project.remove();
  rmSync(workspace, { recursive: true, force: true });
});

/** The root action as a consumer's only step. */
function deploy(sha: string, given: Readonly<Record<string, string>> = {}): Promise<JobResult> {
  const { readOnlyUsername = '', readOnlyPassword = '', address } = lab.registry.bearer;
  const { app, worker } = lab.images;
  return runComposite({
    workspace,
    env: { DEPLOY_HOST: lab.server.address, DEPLOY_USER: lab.server.user, DEPLOY_KNOWN_HOSTS: lab.server.knownHosts },
    secrets: { KEY: lab.server.privateKey, TOKEN: readOnlyPassword },
    with: {
      images: `APP_IMAGE=${lab.reference('bearer', app.repository, sha)}\nWORKER_IMAGE=${lab.reference('bearer', worker.repository, worker.v1.sha)}`,
      'insecure-registries': address,
      'registry-username': readOnlyUsername,
      'registry-password': readOnlyPassword,
      'ssh-private-key': lab.server.privateKey,
      'deploy-path': project.deployPath,
      gate: 'true',
      service: 'app',
      'container-port': '8000',
      deadline: '10m',
      'webhook-url': catcher.url,
      ...given,
    },
  });
}

function stepOf(job: JobResult): StepResult {
  const [step] = job.steps;
  if (step === undefined) throw new Error('the composite did not run');
  return step;
}

function outcomes(job: JobResult): Readonly<Record<string, string>> {
  return Object.fromEntries(stepOf(job).children.map((child) => [child.id, child.outcome]));
}

async function lastNote(count: number): Promise<string> {
  const notes = await catcher.waitFor(count);
  return notes.at(-1)?.body ?? '';
}

test('deploys from nothing in one step and tells so', async () => {
  const job = await deploy(v1.sha);
  expect(job.conclusion, stepOf(job).log).toBe('success');
  expect(outcomes(job)).toEqual({
    verify: 'success',
    sync: 'success',
    migrate: 'skipped',
    rollout: 'success',
    gate: 'success',
    rollback: 'skipped',
    notify: 'success',
  });
  expect(stepOf(job).outputs).toMatchObject({ outcome: 'deployed', release: '1', result: 'healthy' });
  expect(await lastNote(1)).toContain('success');
});

test('lets go of the lease when the job ends, so the next run need not wait, and leaves the record on the server', async () => {
  const look = 'cd "$1" && ls && tail -n 1 audit.jsonl';
  const { stdout } = await lab.server.exec(['sh', '-c', look, 'sh', `${project.deployPath}/.deploy`]);
  expect(stdout).toContain('releases');
  expect(stdout.split('\n')).not.toContain('lease.json');
  const record: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(record).toMatchObject({ what: 'reported', status: 'success', release: 1, outcome: 'deployed' });
});

test('brings the release before back when the gate stays red, and the step is red', async () => {
  const job = await deploy(v2.sha, { 'expect-sha': 'a'.repeat(40), deadline: '20s' });
  expect(job.conclusion).toBe('failure');
  expect(outcomes(job)).toMatchObject({ rollout: 'success', gate: 'failure', rollback: 'success', notify: 'success' });
  expect(stepOf(job).outputs['digests']).toContain(lab.images.app.v1.digest);
  expect(stepOf(job).outputs['error-code']).not.toBe('');
  const note = await lastNote(2);
  expect(note).toContain('rolled_back');
  expect(note).toMatch(/"failedChecks":\[\{"name":"service app","reason":"container [^"]*commit /);
  const [container = ''] = await project.listContainers('app');
  const { stdout } = await lab.server.docker(['inspect', '--format', '{{.Config.Image}}', container]);
  expect(stdout).toContain(lab.images.app.v1.digest);
});

test('has nothing to roll back when the rollout itself went back', async () => {
  const before = await project.listContainers('app');
  const job = await deploy(v3.sha);
  expect(job.conclusion).toBe('failure');
  expect(outcomes(job)).toMatchObject({ rollout: 'failure', gate: 'skipped', rollback: 'skipped', notify: 'success' });
  expect(stepOf(job).outputs['outcome']).toBe('rolled_back');
  expect(await project.listContainers('app')).toEqual(before);
  expect(await lastNote(3)).toContain('rolled_back');
});

test('leaves out the parts that are switched off', async () => {
  const job = await deploy(v1.sha, { sync: 'false', gate: 'false', notify: 'false', rollout: 'false' });
  expect(job.conclusion).toBe('success');
  expect(outcomes(job)).toMatchObject({ verify: 'success', sync: 'skipped', rollout: 'skipped', notify: 'skipped' });
  expect(stepOf(job).outputs['images']).toContain(lab.images.app.v1.digest);
});
