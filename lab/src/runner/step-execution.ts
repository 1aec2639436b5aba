import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CommandFileError,
  parsePairs,
  parsePathFile,
  selectExportable,
  SUMMARY_LIMIT_BYTES,
  toRecord,
} from './command-file.ts';
import { runnerVariables } from './environment.ts';
import type { JobState, LineListener } from './job-state.ts';
import { createLogReader, type LogReader } from './log-reader.ts';
import { startProcess, type ProcessEnd } from './step-process.ts';
import { emptyResult, type Outcome, type StepResult } from './step-result.ts';

/** What `run:` steps are run by; only these report their exit code, as in actions/runner ScriptHandler.cs. */
export const SHELL = 'bash';

/** One process of a step, with everything decided. */
export interface Execution {
  readonly id: string;
  readonly name: string;
  readonly stage: 'main' | 'post';
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** On top of what the runner sets. */
  readonly variables: Readonly<Record<string, string>>;
  readonly actionPath: string | undefined;
  readonly warnings: readonly string[];
  readonly timeoutMs: number;
  readonly survivesCancel: () => boolean;
  readonly onLine: LineListener | undefined;
}

const fileVariables = {
  output: 'GITHUB_OUTPUT',
  env: 'GITHUB_ENV',
  state: 'GITHUB_STATE',
  path: 'GITHUB_PATH',
  summary: 'GITHUB_STEP_SUMMARY',
} as const;
type FileKind = keyof typeof fileVariables;
const fileKinds: readonly FileKind[] = ['output', 'env', 'state', 'path', 'summary'];

async function makeCommandFiles(state: JobState): Promise<Readonly<Record<FileKind, string>>> {
  state.stepsStarted += 1;
  const file = (kind: FileKind): string => join(state.paths.commandFiles, `${kind}_${String(state.stepsStarted)}`);
  const files = {
    output: file('output'),
    env: file('env'),
    state: file('state'),
    path: file('path'),
    summary: file('summary'),
  };
  for (const kind of fileKinds) await writeFile(files[kind], '', { mode: 0o600 });
  return files;
}

function stepEnvironment(
  state: JobState,
  execution: Execution,
  files: Readonly<Record<FileKind, string>>,
): Readonly<Record<string, string>> {
  const systemPath =
    state.env['PATH'] ?? process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {
    HOME: state.paths.home,
    ...state.env,
    ...Object.fromEntries(state.exported),
    ...execution.variables,
    PATH: [...state.extraPath, systemPath].join(':'),
    ...runnerVariables(state.facts, state.paths),
    ...Object.fromEntries(fileKinds.map((kind) => [fileVariables[kind], files[kind]])),
    GITHUB_ACTION: execution.id,
    ...(execution.actionPath === undefined ? {} : { GITHUB_ACTION_PATH: execution.actionPath }),
  };
}

interface CommandFileContents {
  readonly outputs: Readonly<Record<string, string>>;
  readonly exported: Readonly<Record<string, string>>;
  readonly state: ReadonlyMap<string, string>;
  readonly summary: string;
  readonly isBroken: boolean;
}

async function readCommandFiles(
  state: JobState,
  files: Readonly<Record<FileKind, string>>,
  reader: LogReader,
): Promise<CommandFileContents> {
  let isBroken = false;
  const read = (kind: FileKind): Promise<string> => readFile(files[kind], 'utf8').catch(() => '');
  const pairs = async (kind: FileKind): Promise<ReadonlyMap<string, string>> => {
    const text = await read(kind);
    try {
      return parsePairs(text);
    } catch (cause) {
      if (!(cause instanceof CommandFileError)) throw cause;
      reader.report('error', `Unable to process file command '${kind}' successfully.`);
      reader.report('error', cause.message);
      isBroken = true;
      return new Map();
    }
  };
  const { accepted, refused } = selectExportable(await pairs('env'));
  for (const name of refused)
    reader.report('error', `Can't store ${name} output parameter using '$GITHUB_ENV' command.`);
  for (const [name, value] of accepted) state.exported.set(name, value);
  state.extraPath.unshift(...parsePathFile(await read('path')));
  let summary = await read('summary');
  if (Buffer.byteLength(summary) > SUMMARY_LIMIT_BYTES) {
    reader.report(
      'error',
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${String(Math.ceil(Buffer.byteLength(summary) / 1024))}k.`,
    );
    summary = '';
  }
  const contents = {
    outputs: toRecord(await pairs('output')),
    state: await pairs('state'),
    exported: toRecord(accepted),
  };
  for (const kind of fileKinds) await rm(files[kind], { force: true });
  return { ...contents, summary: state.masker.mask(summary), isBroken };
}

function judge(end: ProcessEnd, isBroken: boolean, isTimedOut: boolean, isStopped: boolean): Outcome {
  if (isTimedOut) return 'failure';
  if (isStopped) return 'cancelled';
  return end.exitCode === 0 && !isBroken ? 'success' : 'failure';
}

/** Runs one process of a step to its end, as the runner does; never throws for what the process did. */
export async function execute(state: JobState, execution: Execution): Promise<StepResult> {
  const startedAt = performance.now();
  const { id, name, stage } = execution;
  const listener = execution.onLine ?? state.onLine;
  const reader = createLogReader(state.masker, (line) => listener?.(line, { id, name, stage }));
  const files = await makeCommandFiles(state);
  for (const warning of execution.warnings) reader.report('warning', warning);
  const running = startProcess({
    command: execution.command,
    args: execution.args,
    cwd: execution.cwd,
    env: stepEnvironment(state, execution, files),
    trackingId: state.trackingId,
    cancelTimes: state.cancelTimes,
    onLine: reader.accept,
  });
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    reader.report('error', `The action '${name}' has timed out after ${String(execution.timeoutMs)} ms.`);
    void running.cancel();
  }, execution.timeoutMs);
  let isStopped = false;
  const cancel = (): Promise<void> => {
    isStopped = true;
    return running.cancel();
  };
  const kill = (): Promise<void> => {
    isStopped = true;
    return running.kill();
  };
  state.running = { process: { ...running, cancel, kill }, survivesCancel: execution.survivesCancel };
  try {
    const end = await running.ended;
    const contents = await readCommandFiles(state, files, reader);
    const outcome = judge(end, contents.isBroken, isTimedOut, isStopped);
    if (execution.command === SHELL && end.exitCode !== 0 && end.exitCode !== null)
      reader.report('error', `Process completed with exit code ${String(end.exitCode)}.`);
    const { state: saved, outputs, exported, summary } = contents;
    return emptyResult({
      id,
      name,
      stage,
      outcome,
      ...end,
      outputs,
      exported,
      summary,
      state: toRecord(saved),
      ...reader.finish(),
      durationMs: performance.now() - startedAt,
    });
  } finally {
    clearTimeout(timer);
    state.running = undefined;
  }
}
