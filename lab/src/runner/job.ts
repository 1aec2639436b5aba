import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defaultFacts, type GithubFacts } from './environment.ts';
import { assertUsage } from './error.ts';
import type { Value } from './expression.ts';
import { makeJobPaths, newTrackingId, type JobState, type LineListener, type StepListener } from './job-state.ts';
import { createMasker } from './masker.ts';
import { killTracked, RUNNER_CANCEL_TIMES, type CancelTimes } from './step-process.ts';
import { runPost, runSources, runStep } from './step-runner.ts';
import type { Outcome, StepResult } from './step-result.ts';
import type { StepSource } from './step-source.ts';

/** How a job is set up; only the workspace is required. */
export interface JobOptions {
  /** What `actions/checkout` would have filled: the consumer's repository. */
  readonly workspace: string;
  /** The repository that holds the `action-*` folders. Default: this one. */
  readonly root?: string;
  /** Run the committed bundles (default) or the sources through Node's type stripping. */
  readonly entry?: 'dist' | 'src';
  /** `env:` of the job. Nothing of this process's own environment is passed on, save PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Masked from the start; readable as `secrets.NAME` in workflows. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** Values of the `inputs` context of a workflow. */
  readonly inputs?: Readonly<Record<string, Value>>;
  readonly github?: Partial<GithubFacts>;
  /** Default: the runner's own, 7.5 s and 2.5 s. */
  readonly cancelTimes?: CancelTimes;
  /** Default: 15 minutes. */
  readonly stepTimeoutMs?: number;
  readonly onLine?: LineListener;
  /** Told of every step that ended, the children of a composite before it and posts included. */
  readonly onStep?: StepListener;
  /** Aborting cancels the job, as `cancel()` does. */
  readonly signal?: AbortSignal;
}

/** One step: an action, or a script for bash. */
export interface StepOptions {
  /** `action-x`, `your-org/deploy-actions/action-x@v1`, `.` for the root composite, `./path` of the workspace. */
  readonly uses?: string;
  readonly run?: string;
  /** Literal values: `${{ }}` is not evaluated here. */
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly id?: string;
  readonly name?: string;
  /** `success`, `failure`, `always`, `cancelled` or an expression. Default: success. */
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly continueOnError?: boolean;
  readonly timeoutMs?: number;
  readonly onLine?: LineListener;
}

/** How a whole job ended. */
export interface JobResult {
  readonly conclusion: Exclude<Outcome, 'skipped'>;
  /** In order; a composite's own steps are its `children`. */
  readonly steps: readonly StepResult[];
  /** Post steps in the order they ran: last step first. */
  readonly posts: readonly StepResult[];
  /** How many processes of the job were still alive at its end (and were killed, as a runner does). */
  readonly orphans: number;
}

const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url));

async function makeState(options: JobOptions): Promise<JobState> {
  assertUsage(
    Number(process.versions.node.split('.')[0]) >= 24,
    `actions run under Node 24; this is ${process.version}`,
  );
  const facts: GithubFacts = { ...defaultFacts(), ...options.github };
  mkdirSync(options.workspace, { recursive: true });
  const secrets = options.secrets ?? {};
  return {
    root: options.root ?? repositoryRoot,
    entry: options.entry ?? 'dist',
    facts,
    paths: await makeJobPaths(options.workspace, facts.event),
    env: options.env ?? {},
    masker: createMasker([...Object.values(secrets), facts.token]),
    trackingId: newTrackingId(),
    cancelTimes: options.cancelTimes ?? RUNNER_CANCEL_TIMES,
    stepTimeoutMs: options.stepTimeoutMs ?? 15 * 60_000,
    onLine: options.onLine,
    onStep: options.onStep,
    exported: new Map(),
    extraPath: [],
    posts: [],
    jobScope: {
      inputs: options.inputs ?? {},
      contexts: { vars: options.vars ?? {}, secrets: { GITHUB_TOKEN: facts.token, ...secrets } },
      env: {},
      actionPath: undefined,
      steps: new Map(),
      hasFailed: false,
    },
    running: undefined,
    isCancelled: false,
    isDead: false,
    stepsStarted: 0,
  };
}

/** One job on one runner: run its steps one after another, then `finish()`, then `dispose()` (or `await using`). */
export class Job implements AsyncDisposable {
  private readonly state: JobState;
  private readonly results: StepResult[] = [];
  private readonly signal: AbortSignal | undefined;
  private isFinished = false;

  constructor(state: JobState, signal?: AbortSignal) {
    this.state = state;
    this.signal = signal;
    signal?.addEventListener('abort', this.onAbort);
    if (signal?.aborted === true) this.onAbort();
  }

  /** RUNNER_TEMP of the job: for tests that look for what was left behind. */
  get temp(): string {
    return this.state.paths.temp;
  }

  /** HOME of the job. */
  get home(): string {
    return this.state.paths.home;
  }

  /** GITHUB_RUN_ID of the job. */
  get runId(): string {
    return this.state.facts.runId;
  }

  /** Process id of the step that runs now. */
  get pid(): number | undefined {
    return this.state.running?.process.pid;
  }

  /** Runs one step; a step whose condition is not met is `skipped`. Throws HarnessError for what a runner would refuse to load. */
  async step(options: StepOptions): Promise<StepResult> {
    assertUsage(!this.isFinished, 'the job has finished');
    assertUsage(this.state.running === undefined, 'a step of this job is still running');
    assertUsage((options.uses === undefined) !== (options.run === undefined), 'a step needs either uses or run');
    const condition = options.if;
    const result = await runStep(this.state, this.state.jobScope, {
      id: options.id ?? options.uses ?? `step-${String(this.state.jobScope.steps.size + 1)}`,
      name: options.name ?? options.uses ?? 'run',
      if: condition !== undefined && /^\w+$/.test(condition) ? `${condition}()` : condition,
      uses: options.uses,
      with: Object.fromEntries(Object.entries(options.with ?? {}).map(([name, value]) => [name, String(value)])),
      run: options.run,
      shell: undefined,
      workingDirectory: undefined,
      env: options.env ?? {},
      continueOnError: options.continueOnError ?? false,
      timeoutMs: options.timeoutMs ?? this.state.stepTimeoutMs,
      onLine: options.onLine,
    });
    this.results.push(result);
    return result;
  }

  /** Runs steps as they stand in a workflow, `${{ }}` evaluated. */
  async steps(sources: readonly StepSource[]): Promise<readonly StepResult[]> {
    assertUsage(!this.isFinished, 'the job has finished');
    const results = await runSources(this.state, this.state.jobScope, sources, undefined);
    this.results.push(...results);
    return results;
  }

  /** The red button: the running step gets SIGINT, SIGTERM, SIGKILL unless its `if` still holds; resolves when it has ended. */
  async cancel(): Promise<void> {
    this.state.isCancelled = true;
    const running = this.state.running;
    if (running === undefined) return;
    if (running.survivesCancel()) await running.process.ended;
    else await running.process.cancel();
  }

  /** The runner's machine dies: SIGKILL of every process of the job; no post step will run. */
  async kill(): Promise<void> {
    this.state.isDead = true;
    this.state.isCancelled = true;
    await this.state.running?.process.kill();
    await killTracked(this.state.trackingId);
  }

  /** Runs the post steps, last step first, tells how the job ended, and removes its folders. Call once. */
  async finish(): Promise<JobResult> {
    assertUsage(!this.isFinished, 'the job has finished');
    this.isFinished = true;
    const posts: StepResult[] = [];
    for (const post of this.state.posts.toReversed()) posts.push(await runPost(this.state, post));
    const orphans = await killTracked(this.state.trackingId);
    await rm(this.state.paths.base, { recursive: true, force: true });
    const { isCancelled, jobScope } = this.state;
    return {
      conclusion: isCancelled ? 'cancelled' : jobScope.hasFailed ? 'failure' : 'success',
      steps: this.results,
      posts,
      orphans: orphans.length,
    };
  }

  private readonly onAbort = (): void => void this.cancel();

  /** Kills what is left and removes the job's own folders; the workspace stays. */
  async dispose(): Promise<void> {
    this.signal?.removeEventListener('abort', this.onAbort);
    if (this.state.running !== undefined) await this.kill();
    await rm(this.state.paths.base, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

/** Sets a job up on this machine. */
export async function createJob(options: JobOptions): Promise<Job> {
  return new Job(await makeState(options), options.signal);
}
