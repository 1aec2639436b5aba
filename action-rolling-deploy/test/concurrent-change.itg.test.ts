import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pauseDeploy } from '../../lab/src/pause.ts';
import type { StepResult } from '../../lab/src/runner/index.ts';
import { itInMatrix } from '../../scripts/whole-matrix.ts';
import { appImage, makeProject, withKey, type Project } from './project.ts';
import { requireSuccess, standAt } from './standing.ts';

let project: Project;
let runs = 0;

const compose = `services:
  app:
    image: unset.example/app:0
    expose: ["8000"]
    labels:
      deploy-actions.pre-stop: touch /tmp/drain
`;

beforeAll(async () => {
  project = await makeProject('tampered');
});

afterAll(async () => {
  await project.remove();
});

/** A container as a person left it: another id or another start is another container to them. */
async function listContainers(): Promise<readonly string[]> {
  const ids = (await project.containers()).map(({ id }) => id);
  if (ids.length === 0) return [];
  const format = '{{.Id}} {{.State.Status}} {{.State.StartedAt}}';
  const { stdout } = await project.lab.server.docker(['inspect', '--format', format, ...ids]);
  return stdout.trim().split('\n').sort();
}

interface Seen {
  readonly result: StepResult;
  /** What the person's command left. */
  readonly left: readonly string[];
  readonly before: readonly string[];
  /** What was on its way. */
  readonly to: Version;
}

type Version = 'v1' | 'v2';

/** What the test before this one left serving, alone and whole. */
let serving: Version | undefined;

/** One version serves, the returned other one is to come. */
async function prepare(text = compose): Promise<Version> {
  const before = serving;
  // Whatever goes wrong, the next test starts from nothing.
  serving = undefined;
  if (before !== undefined && text === compose) return before === 'v1' ? 'v2' : 'v1';
  await project.empty();
  await project.lay(text);
  requireSuccess(await project.deploy({ images: appImage(project.lab, 'v1') }));
  return 'v2';
}

/** One version runs, the other is on its way; at the given step a person types `docker compose …` in the folder. */
async function typeAt(step: string, ...command: readonly string[]): Promise<Seen> {
  return typeIn(compose, step, ...command);
}

async function typeIn(text: string, step: string, ...command: readonly string[]): Promise<Seen> {
  const to = await prepare(text);
  const before = await listContainers();
  const pause = await pauseDeploy(project.lab.server, { path: project.path, step });
  try {
    const job = await project.newJob(`${process.pid}${++runs}`);
    const inputs = withKey(project.lab, { images: appImage(project.lab, to) });
    const deploying = job.step({ uses: 'action-rolling-deploy', with: inputs });
    await standAt(pause, deploying);
    const script = 'cd "$1" && shift && exec docker compose "$@"';
    await project.lab.server.exec(['sh', '-c', script, 'sh', project.path, ...command], { timeoutMs: 300_000 });
    const left = await listContainers();
    await pause.release();
    const result = await deploying;
    await job.finish();
    await job.dispose();
    return { result, left, before, to };
  } finally {
    await pause.remove();
  }
}

/** Afterwards the next run does its work. */
async function expectNextRunDeploys(version: Version): Promise<void> {
  const next = await project.deploy({ images: appImage(project.lab, version) });
  expect(next.outputs['outcome']).toBe('deployed');
  expect(await project.runningDigests()).toEqual([project.lab.images.app[version].digest]);
  expect(await project.containers()).toHaveLength(1);
  expect(await project.read('.deploy/lease.json')).toBe('');
  serving = version;
}

describe('a person who types docker compose in the middle of a deploy', () => {
  it('up -d: brings the old version back by itself, and the deploy touches nothing of that', async () => {
    const { result, left, to } = await typeAt('healthy', 'up', '-d');
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONCURRENT_CHANGE' });
    expect(left).toHaveLength(1);
    expect(await listContainers()).toEqual(left);
    await expectNextRunDeploys(to);
  });

  it('up -d --scale: makes a container that the deploy neither counts as its own nor removes', async () => {
    const { result, left, to } = await typeAt('intent', 'up', '-d', '--no-recreate', '--scale', 'app=2');
    expect(result.outputs['error-code']).toBe('CONCURRENT_CHANGE');
    expect(result.log).toMatch(/tampered-app-\d+ appeared/);
    expect(await listContainers()).toEqual(left);
    await expectNextRunDeploys(to);
  });

  itInMatrix('up -d --no-recreate: takes the new container away, and the old one is not stopped for it', async () => {
    const { result, left, before } = await typeAt('healthy', 'up', '-d', '--no-recreate', '--scale', 'app=1');
    expect(left).toEqual(before);
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONCURRENT_CHANGE' });
    expect(result.log).toMatch(/tampered-app-\d+ was removed/);
    expect(await listContainers()).toEqual(left);
  });

  it('restart: is seen, and what was restarted serves on', async () => {
    const { result, left, before, to } = await typeAt('intent', 'restart');
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONCURRENT_CHANGE' });
    expect(result.log).toContain('was restarted');
    expect(left).not.toEqual(before);
    expect(await listContainers()).toEqual(left);
    await expectNextRunDeploys(to);
  });

  it('down: is not undone behind the person’s back, and said', async () => {
    const { result, left, to } = await typeAt('healthy', 'down');
    expect(result.outputs['error-code']).toBe('ROLLBACK_FAILED');
    expect(result.log).toContain('was removed');
    expect(left).toEqual([]);
    expect(await project.running()).toEqual([]);
    await expectNextRunDeploys(to);
  });

  itInMatrix('up -d, where a service is replaced in place: is no failure of the new container', async () => {
    const { result, left } = await typeIn(`${compose}    container_name: tampered-app\n`, 'healthy', 'up', '-d');
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONCURRENT_CHANGE' });
    expect(left).toHaveLength(1);
    expect(await listContainers()).toEqual(left);
  });

  it('up -d after the runner died: what healed the project is kept by the next run, which does its work', async () => {
    const to = await prepare();
    const from = to === 'v1' ? 'v2' : 'v1';
    const pause = await pauseDeploy(project.lab.server, { path: project.path, step: 'removed' });
    const runId = `${process.pid}${++runs}`;
    const job = await project.newJob(runId);
    const inputs = withKey(project.lab, { images: appImage(project.lab, to) });
    const deploying = job.step({ uses: 'action-rolling-deploy', with: inputs });
    await standAt(pause, deploying);
    await job.kill();
    await pause.remove();
    await deploying;
    await job.dispose();
    await project.upByHand();
    const healed = await project.containers();
    expect(await project.runningDigests()).toEqual([project.lab.images.app[from].digest]);
    const again = await project.newJob(runId, '2');
    const settled = await again.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images: appImage(project.lab, from) }),
    });
    await again.finish();
    await again.dispose();
    expect(settled.outputs['error-code']).toBe('');
    expect(await project.containers()).toEqual(healed);
    await expectNextRunDeploys(to);
  });
});
