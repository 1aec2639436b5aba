import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRuns } from './action-metadata.ts';
import { githubContext, type GithubFacts, type JobPaths } from './environment.ts';
import type { Scope, Status, Value } from './expression.ts';
import type { LogLine } from './log-reader.ts';
import type { Masker } from './masker.ts';
import type { CancelTimes, RunningProcess } from './step-process.ts';
import type { StepResult } from './step-result.ts';

/** Told of every shown line of a step as it comes. */
export type LineListener = (
  line: LogLine,
  step: { readonly id: string; readonly name: string; readonly stage: 'main' | 'post' },
) => void;

/** Told of every step that ended. */
export type StepListener = (result: StepResult) => void;

/** The steps of a job, or of one composite: they share a status and see each other's outputs. */
export interface StepScope {
  readonly inputs: Readonly<Record<string, Value>>;
  /** Contexts of this scope alone: vars and secrets of a job. */
  readonly contexts: Readonly<Record<string, Value>>;
  /** `env:` of the composite's own step, handed down. */
  readonly env: Readonly<Record<string, string>>;
  readonly actionPath: string | undefined;
  readonly steps: Map<string, StepResult>;
  hasFailed: boolean;
}

/** A post step to run at the end of the job. */
export interface PostStep {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly runs: NodeRuns;
  readonly variables: Readonly<Record<string, string>>;
  readonly onLine: LineListener | undefined;
}

/** The process that runs now, and whether it goes on when the job is cancelled (`if: always()`). */
export interface RunningStep {
  readonly process: RunningProcess;
  readonly survivesCancel: () => boolean;
}

/** All that changes while a job runs. */
export interface JobState {
  readonly root: string;
  readonly entry: 'dist' | 'src';
  readonly facts: GithubFacts;
  readonly paths: JobPaths;
  readonly env: Readonly<Record<string, string>>;
  readonly masker: Masker;
  readonly trackingId: string;
  readonly cancelTimes: CancelTimes;
  readonly stepTimeoutMs: number;
  readonly onLine: LineListener | undefined;
  readonly onStep: StepListener | undefined;
  readonly exported: Map<string, string>;
  readonly extraPath: string[];
  readonly posts: PostStep[];
  readonly jobScope: StepScope;
  running: RunningStep | undefined;
  isCancelled: boolean;
  isDead: boolean;
  stepsStarted: number;
}

/** Makes the folders of a job under the machine's temporary folder. */
export async function makeJobPaths(workspace: string, event: Value): Promise<JobPaths> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'lab-runner-')));
  const paths: JobPaths = {
    base,
    workspace,
    home: join(base, 'home'),
    temp: join(base, '_temp'),
    toolCache: join(base, '_tool'),
    commandFiles: join(base, '_temp', '_runner_file_commands'),
    eventFile: join(base, '_temp', '_github_workflow', 'event.json'),
  };
  for (const folder of [paths.home, paths.toolCache, paths.commandFiles, join(paths.temp, '_github_workflow')])
    await mkdir(folder, { recursive: true });
  await writeFile(paths.eventFile, JSON.stringify(event));
  return paths;
}

export function newTrackingId(): string {
  return `github_${randomUUID()}`;
}

/** The status functions: a job that was cancelled is neither a success nor a failure. */
export function statusOf(state: JobState, scope: StepScope): Status {
  return {
    success: !state.isCancelled && !scope.hasFailed,
    failure: !state.isCancelled && scope.hasFailed,
    cancelled: state.isCancelled,
  };
}

function stepsContext(steps: ReadonlyMap<string, StepResult>): Value {
  return Object.fromEntries(
    [...steps].map(([id, { outputs, outcome, conclusion }]) => [id, { outputs, outcome, conclusion }]),
  );
}

function jobStatus(status: Status): string {
  return status.cancelled ? 'cancelled' : status.failure ? 'failure' : 'success';
}

/** What expressions of `scope` may read now. */
export function expressionScope(state: JobState, scope: StepScope): Scope {
  const status = statusOf(state, scope);
  const env = { ...state.env, ...Object.fromEntries(state.exported), ...scope.env };
  return {
    status,
    contexts: {
      github: {
        ...githubContext(state.facts, state.paths.workspace),
        ...(scope.actionPath === undefined ? {} : { action_path: scope.actionPath, action_status: jobStatus(status) }),
      },
      runner: {
        os: 'Linux',
        arch: process.arch === 'arm64' ? 'ARM64' : 'X64',
        temp: state.paths.temp,
        tool_cache: state.paths.toolCache,
        name: 'lab-runner',
      },
      job: { status: jobStatus(statusOf(state, state.jobScope)) },
      env,
      inputs: scope.inputs,
      steps: stepsContext(scope.steps),
      ...scope.contexts,
    },
  };
}
