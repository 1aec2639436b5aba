import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DJANGO_RELEASES, ensureImages, type Lab } from '../../lab/src/index.ts';
import type { JobResult } from '../../lab/src/runner/index.ts';
import { openConsumer, type Consumer, type RunOptions } from './consumer.ts';

const { v1, v2, v3 } = DJANGO_RELEASES;

let lab: Lab;
let consumer: Consumer;
const finished: JobResult[] = [];

beforeAll(async () => {
  lab = await ensureImages('full');
  consumer = await openConsumer(lab, 'example-promote');
}, 600_000);

afterAll(async () => {
  await consumer[Symbol.asyncDispose]();
});

/** Runs the workflow's job and keeps what it said, for the look at leaks at the end. */
async function deploy(options: RunOptions): Promise<JobResult> {
  const job = await consumer.deploy(options);
  finished.push(job);
  return job;
}

/** The steps that use an action, by id, with how each ended. */
function outcomes(job: JobResult): Readonly<Record<string, string>> {
  return Object.fromEntries(job.steps.map((step) => [step.id, step.outcome]));
}

function outputOf(job: JobResult, id: string, name: string): string | undefined {
  return job.steps.find((step) => step.id === id)?.outputs[name];
}

function logOf(job: JobResult): string {
  return job.steps.map((step) => step.log).join('\n');
}

describe('deploy-api, one release after another on the same server', () => {
  test('deploys the first commit where there was nothing', async () => {
    const job = await deploy({ imageTag: v1.sha });
    expect(logOf(job), logOf(job)).toContain(v1.sha);
    expect(job.conclusion).toBe('success');
    expect(outputOf(job, 'rollout', 'outcome')).toBe('deployed');
    expect(outputOf(job, 'gate', 'result')).toBe('healthy');
    expect(await consumer.readServed()).toEqual([v1.sha]);
  });

  test('finds nothing to do when the same commit is deployed again', async () => {
    const before = await consumer.listContainers();
    const job = await deploy({ imageTag: v1.sha });
    expect(job.conclusion).toBe('success');
    expect(outputOf(job, 'rollout', 'outcome')).toBe('noop');
    expect(await consumer.listContainers()).toEqual(before);
  });

  test('promotes a second commit with its migration', async () => {
    const job = await deploy({ imageTag: v2.sha });
    expect(job.conclusion).toBe('success');
    expect(outputOf(job, 'migrate', 'applied')).toBe('true');
    expect(outputOf(job, 'rollout', 'digests')).toContain(lab.images.full?.django.v2.digest);
    expect(outputOf(job, 'rollout', 'previous-digests')).toContain(lab.images.full?.django.v1.digest);
    expect(await consumer.readServed()).toEqual([v2.sha]);
  });

  test('stops at a failing migration: its log is shown and the version before goes on serving', async () => {
    const before = await consumer.listContainers();
    const job = await deploy({ imageTag: v3.sha });
    expect(job.conclusion).toBe('failure');
    expect(outcomes(job)).toMatchObject({
      migrate: 'failure',
      rollout: 'skipped',
      gate: 'skipped',
      rollback: 'skipped',
    });
    expect(outputOf(job, 'migrate', 'error-code')).toBe('COMMAND_FAILED');
    expect(outcomes(job)['notify']).toBe('success');
    expect(await consumer.listContainers()).toEqual(before);
    expect(await consumer.readServed()).toEqual([v2.sha]);
  });

  test('goes back by deploying an older commit', async () => {
    const job = await deploy({ imageTag: v1.sha });
    expect(job.conclusion).toBe('success');
    expect(await consumer.readServed()).toEqual([v1.sha]);
  });
});

describe('what a person on call must be able to tell apart', () => {
  test('a tag that is not in the registry', async () => {
    const before = await consumer.listContainers();
    const job = await deploy({ imageTag: 'f'.repeat(40) });
    expect(job.conclusion).toBe('failure');
    expect(outcomes(job)).toMatchObject({ verify: 'failure', sync: 'skipped', rollout: 'skipped' });
    expect(outputOf(job, 'verify', 'error-code')).toBe('TAG_MISSING');
    expect(await consumer.listContainers()).toEqual(before);
  });

  test('a registry that refuses the token', async () => {
    const job = await deploy({ imageTag: v2.sha, secrets: { GHCR_TOKEN: 'expired-token-of-somebody' } });
    expect(outcomes(job)).toMatchObject({ verify: 'failure', sync: 'skipped' });
    expect(outputOf(job, 'verify', 'error-code')).toMatch(/DENIED|AUTH/);
    expect(logOf(job)).not.toContain('expired-token-of-somebody');
  });

  test('a server with another host key', async () => {
    const before = await consumer.listContainers();
    const stranger = `${lab.server.address} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO8Z1h0c9Uo2bVQjhm6JYBu0FJvVsMFxM7wN0z2P2nQx`;
    const manifest = await consumer.readServerFile('.deploy/manifest.json');
    const job = await deploy({ imageTag: v2.sha, vars: { DEPLOY_KNOWN_HOSTS: stranger } });
    expect(outcomes(job)).toMatchObject({ verify: 'success', sync: 'failure', migrate: 'skipped', rollout: 'skipped' });
    expect(outputOf(job, 'sync', 'error-code')).toBe('HOST_KEY_MISMATCH');
    expect(await consumer.readServerFile('.deploy/manifest.json')).toBe(manifest);
    expect(await consumer.listContainers()).toEqual(before);
  });

  test('an env file that nobody wrote', async () => {
    const before = await consumer.listContainers();
    const job = await deploy({ imageTag: v2.sha, vars: { APP_ENV_FILE: 'no-such.env' } });
    expect(outcomes(job)).toMatchObject({ sync: 'failure', migrate: 'skipped', rollout: 'skipped' });
    expect(outputOf(job, 'sync', 'error-code')).toBe('ENV_FILE_MISSING');
    expect(await consumer.listContainers()).toEqual(before);
  });
});

test('no secret is in any log, output or summary of all these runs', () => {
  const keyLine = lab.server.privateKey.split('\n')[1] ?? '';
  const secrets = [keyLine, lab.registry.bearer.readOnlyPassword ?? '', 'expired-token-of-somebody'];
  expect(secrets.every((secret) => secret.length > 10)).toBe(true);
  const steps = finished.flatMap((job) => [...job.steps, ...job.posts]);
  expect(steps.length).toBeGreaterThan(30);
  for (const step of steps) {
    const said = `${step.rawLog}\n${step.summary}\n${JSON.stringify(step.outputs)}`;
    expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
  }
});
