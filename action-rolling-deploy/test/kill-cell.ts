import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job, StepResult } from '../../lab/src/runner/index.ts';
import { pauseDeploy, type Pause } from '../../lab/src/pause.ts';
import { findDisorder } from './convergence.ts';
import { watchHealth, type HealthWatch } from './health-watch.ts';
import { appImage, withKey, type Project } from './project.ts';
import { requireSuccess, standAt } from './standing.ts';

/** Moments of a deploy: `lease`, and the steps of the journal. */
export const steps = [
  'lease',
  'begin',
  'files-swapped',
  'intent',
  'created',
  'healthy',
  'unrouted',
  'stopping',
  'removed',
  'pins-staged',
  'committed',
  'rollback-started',
  'rollback-done',
] as const;
export type Step = (typeof steps)[number];

export const faults = ['runner killed', 'run cancelled', 'connection cut', 'dockerd restarted', 'power cut'] as const;
export type Fault = (typeof faults)[number];

/** Faults of the whole server: every deploy on it feels them. */
export type ServerFault = 'dockerd restarted' | 'power cut';
export type RunnerFault = Exclude<Fault, ServerFault>;

/** One cell of the kill matrix: what goes wrong, and where the deploy stands just then. */
export interface Cell<F extends Fault = Fault> {
  readonly step: Step;
  readonly fault: F;
  /** Where files are synced: whether the next run brings the same ones. Default: the same. */
  readonly next?: 'same files' | 'new files';
}

type Version = 'v1' | 'v2';

/** What a project serves between cells; absent: it has to be laid and deployed first. */
const serving = new WeakMap<Project, Version>();
let nonces = 0;
let runs = 0;

const compose = `services:
  app:
    image: unset.example/app:0
    env_file: app.env
    restart: unless-stopped
    # A proxy elsewhere sends it requests: no worker.
    expose: ["8000"]
    labels:
      deploy-actions.pre-stop: touch /tmp/drain
`;

/** Steps for which the job syncs files first: elsewhere nothing is staged. */
const withFiles: ReadonlySet<Step> = new Set(['files-swapped', 'pins-staged', 'committed', 'rollback-started']);

/** Whether the job of a cell syncs files before it deploys. */
export function hasFiles(step: Step): boolean {
  return withFiles.has(step);
}

/** A deploy that stands at its moment. */
interface Begun {
  readonly project: Project;
  readonly cell: Cell;
  readonly to: Version;
  readonly greeting: string;
  readonly runId: string;
  readonly job: Job;
  readonly pause: Pause;
  readonly watch: HealthWatch;
  readonly deploying: Promise<StepResult>;
}

/**
 * A deploy dies at the given moment; whoever is left settles it (the post step where the runner lives), and the next
 * run must end with its own version serving and nothing left over.
 * @returns what was wrong, as sentences; nothing when all invariants held
 */
export async function runCell(project: Project, cell: Cell<RunnerFault>): Promise<readonly string[]> {
  const begun = await begin(project, cell);
  return finish(begun, () => strikeRunner(begun, cell.fault));
}

/**
 * {@link runCell} for a fault that hits the whole server: all cells stand at their moments when it happens, once.
 * @returns the problems of each cell, in order
 */
export async function runCells(
  projects: readonly Project[],
  steps: readonly Step[],
  fault: ServerFault,
): Promise<readonly (readonly string[])[]> {
  const pairs = steps.flatMap((step, index) => {
    const project = projects[index];
    return project === undefined ? [] : [{ project, cell: { step, fault } }];
  });
  const all = await Promise.all(pairs.map(({ project, cell }) => begin(project, cell)));
  let struck: Promise<void> | undefined;
  return Promise.all(all.map((begun) => finish(begun, () => (struck ??= strikeServer(all, fault)))));
}

async function begin(project: Project, cell: Cell): Promise<Begun> {
  const from = serving.get(project) ?? (await deployFirst(project));
  // Whatever goes wrong below, the next cell starts from nothing.
  serving.delete(project);
  const to: Version = from === 'v1' ? 'v2' : 'v1';
  const greeting = `hello-${++nonces}`;
  const runId = `${process.pid}${++runs}`;
  const watch = watchHealth(project.lab.server, project.name, 'app', 1);
  const pause = await pauseDeploy(project.lab.server, { path: project.path, step: cell.step });
  try {
    const job = await project.newJob(runId);
    if (withFiles.has(cell.step)) await sync(project, job, greeting);
    const deploying = deploy(project, job, cell.step.startsWith('rollback-') ? 'v3' : to);
    await standAt(pause, deploying);
    return { project, cell, to, greeting, runId, job, pause, watch, deploying };
  } catch (thrown) {
    await pause.remove();
    await watch.stop();
    throw thrown;
  }
}

async function finish(begun: Begun, strike: () => Promise<void>): Promise<readonly string[]> {
  const { project, cell, to, job, pause, watch, deploying } = begun;
  const problems: string[] = [];
  try {
    await strike();
    await deploying;
    await pause.remove();
    if (cell.fault !== 'runner killed') problems.push(...(await settle(project, job)));
    await job.dispose();
    problems.push(...(await runAgain(begun)));
  } finally {
    await pause.remove();
    await watch.stop();
  }
  // When the engine or the server restarts, containers do; what holds then is that they come back.
  if (cell.fault !== 'dockerd restarted' && cell.fault !== 'power cut') problems.push(...watch.problems());
  if (watch.looks() === 0) problems.push('the prober never saw a container');
  problems.push(...(await findDisorder(project, project.lab.images.app[to].digest)));
  if (problems.length === 0) serving.set(project, to);
  return problems;
}

async function deployFirst(project: Project): Promise<Version> {
  await project.empty();
  await project.lay(compose);
  const result = await project.deploy({ images: appImage(project.lab, 'v1') });
  requireSuccess(result);
  return 'v1';
}

function deploy(project: Project, job: Job, version: Version | 'v3'): Promise<StepResult> {
  return job.step({
    uses: 'action-rolling-deploy',
    with: withKey(project.lab, { images: appImage(project.lab, version) }),
  });
}

/** New files on the way with the release, as action-sync-remote stages them. */
async function sync(project: Project, job: Job, greeting: string): Promise<void> {
  const folder = join(project.workspace, 'deploy');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'compose.yaml'), compose);
  await writeFile(join(folder, 'app.env'), `GREETING=${greeting}\n`);
  const result = await job.step({ uses: 'action-sync-remote', with: withKey(project.lab, { source: 'deploy' }) });
  requireSuccess(result);
}

async function strikeRunner({ job, pause }: Begun, fault: RunnerFault): Promise<void> {
  switch (fault) {
    case 'runner killed':
      await job.kill();
      await pause.release();
      return;
    case 'run cancelled': {
      const cancelled = job.cancel();
      await pause.release();
      await cancelled;
      return;
    }
    case 'connection cut':
      await pause.cutConnection();
      await pause.release();
      return;
  }
}

async function strikeServer(all: readonly Begun[], fault: ServerFault): Promise<void> {
  const server = all[0]?.project.lab.server;
  if (server === undefined) return;
  if (fault === 'power cut') {
    await server.powerCut();
    await server.boot();
    return;
  }
  // What each command announced, it does while there is no engine.
  const restarted = server.restartDockerd();
  await Promise.all(all.map(({ pause }) => pause.release()));
  await restarted;
}

/** The end of a job whose runner lives: its post step leaves nothing unsettled. */
async function settle(project: Project, job: Job): Promise<readonly string[]> {
  const { posts } = await job.finish();
  const failed = posts.filter(({ exitCode }) => exitCode !== 0);
  const lease = await project.read('.deploy/lease.json');
  return [
    ...failed.map(({ log }) => `the post step failed:\n${log}`),
    ...(lease === '' ? [] : [`the lease is still held after the post step: ${lease}`]),
  ];
}

/** The next run: a new attempt of the same run where the runner died, as a person would start it. */
async function runAgain({ project, cell, runId, to, greeting: before }: Begun): Promise<readonly string[]> {
  const isUnfinished = cell.fault === 'runner killed' && !['lease', 'committed', 'rollback-done'].includes(cell.step);
  const greeting = cell.next === 'new files' ? `${before}-new` : before;
  const job = await project.newJob(runId, '2');
  if (withFiles.has(cell.step)) await sync(project, job, greeting);
  const result = await deploy(project, job, to);
  const { posts } = await job.finish();
  await job.dispose();
  const problems: string[] = [];
  if (result.exitCode !== 0) problems.push(`the next run failed:\n${result.log}`);
  if (posts.some(({ exitCode }) => exitCode !== 0)) problems.push('the post step of the next run failed');
  if (isUnfinished && !result.log.includes('did not reach its end'))
    problems.push(`the next run does not say that it settled a deploy:\n${result.log}`);
  const live = await project.read('app.env');
  if (withFiles.has(cell.step) && live !== `GREETING=${greeting}\n`)
    problems.push(`the synced files are not live: ${live}`);
  return problems;
}
