import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { loadActionMetadata, type ActionMetadata, type CompositeRuns, type NodeRuns } from './action-metadata.ts';
import { entryFile, evaluateInputs } from './action-inputs.ts';
import { inputVariables, stateVariables } from './environment.ts';
import { assertUsage } from './error.ts';
import { interpolate, isConditionMet, isTruthy, interpolateValue } from './expression.ts';
import { expressionScope, type JobState, type LineListener, type PostStep, type StepScope } from './job-state.ts';
import { execute, SHELL } from './step-execution.ts';
import { emptyResult, joinCommands, type Outcome, type StepResult } from './step-result.ts';
import type { StepSource } from './step-source.ts';
import { resolveUses } from './uses.ts';

/** A step with its condition still to decide and everything else known. */
export interface PreparedStep {
  readonly id: string;
  readonly name: string;
  readonly if: string | undefined;
  readonly uses: string | undefined;
  readonly with: Readonly<Record<string, string>>;
  readonly run: string | undefined;
  readonly shell: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly continueOnError: boolean;
  readonly timeoutMs: number;
  readonly onLine: LineListener | undefined;
}

type Facts = Pick<PreparedStep, 'id' | 'name' | 'continueOnError'>;

function conclude(state: JobState, scope: StepScope, step: Facts, result: StepResult): StepResult {
  const conclusion: Outcome = result.outcome === 'failure' && step.continueOnError ? 'success' : result.outcome;
  if (conclusion === 'failure') scope.hasFailed = true;
  const concluded = { ...result, conclusion };
  scope.steps.set(step.id, concluded);
  state.onStep?.(concluded);
  return concluded;
}

async function runNodeAction(
  state: JobState,
  scope: StepScope,
  step: PreparedStep,
  metadata: ActionMetadata,
  runs: NodeRuns,
): Promise<StepResult> {
  const { values, warnings } = evaluateInputs(state, metadata, step.with);
  const variables = { ...scope.env, ...step.env, ...inputVariables(values) };
  const result = await execute(state, {
    id: step.id,
    name: step.name,
    stage: 'main',
    command: process.execPath,
    args: [entryFile(state, metadata.folder, runs, 'main')],
    cwd: state.paths.workspace,
    variables,
    actionPath: metadata.folder,
    warnings,
    timeoutMs: step.timeoutMs,
    survivesCancel: () => isConditionMet(step.if, expressionScope(state, scope)),
    onLine: step.onLine,
  });
  if (runs.post !== undefined) {
    const saved = stateVariables(new Map(Object.entries(result.state)));
    state.posts.push({
      id: step.id,
      name: step.name,
      folder: metadata.folder,
      runs,
      variables: { ...variables, ...saved },
      onLine: step.onLine,
    });
  }
  return result;
}

function joinOutcome(state: JobState, scope: StepScope, results: readonly StepResult[]): Outcome {
  if (scope.hasFailed) return 'failure';
  return state.isCancelled && results.some((result) => result.outcome === 'cancelled') ? 'cancelled' : 'success';
}

/** The steps of a composite, in a scope of their own: its inputs, its steps, its status. */
async function runComposite(
  state: JobState,
  outer: StepScope,
  step: PreparedStep,
  metadata: ActionMetadata,
  runs: CompositeRuns,
): Promise<StepResult> {
  const startedAt = performance.now();
  const { values, warnings } = evaluateInputs(state, metadata, step.with);
  const scope: StepScope = {
    inputs: values,
    contexts: {},
    env: { ...outer.env, ...step.env },
    actionPath: metadata.folder,
    steps: new Map(),
    hasFailed: false,
  };
  for (const warning of warnings)
    step.onLine?.({ kind: 'warning', text: warning }, { id: step.id, name: step.name, stage: 'main' });
  const children = await runSources(state, scope, runs.steps, step.onLine);
  const outputs: Record<string, string> = {};
  for (const [name, value] of metadata.outputs)
    outputs[name] = value === undefined ? '' : interpolate(value, expressionScope(state, scope));
  const commands = joinCommands(children);
  return emptyResult({
    id: step.id,
    name: step.name,
    outcome: joinOutcome(state, scope, children),
    outputs,
    summary: children.map((child) => child.summary).join(''),
    log: children.map((child) => child.log).join('\n'),
    rawLog: children.map((child) => child.rawLog).join('\n'),
    commands: { ...commands, warnings: [...warnings, ...commands.warnings] },
    exported: Object.assign({}, ...children.map((child) => child.exported)) as Readonly<Record<string, string>>,
    durationMs: performance.now() - startedAt,
    processMs: children.reduce((sum, child) => sum + child.processMs, 0),
    children,
  });
}

const shells: Readonly<Record<string, readonly string[]>> = {
  default: ['-e'],
  bash: ['--noprofile', '--norc', '-eo', 'pipefail'],
};

async function runScript(state: JobState, scope: StepScope, step: PreparedStep, script: string): Promise<StepResult> {
  const options = shells[step.shell ?? 'default'];
  assertUsage(options !== undefined, `step ${step.id}: shell ${step.shell ?? ''} is not supported`);
  assertUsage(
    scope.actionPath === undefined || step.shell !== undefined,
    `step ${step.id}: a run step of a composite needs a shell`,
  );
  const file = join(state.paths.temp, `script-${String(state.stepsStarted + 1)}.sh`);
  await writeFile(file, script);
  return execute(state, {
    id: step.id,
    name: step.name,
    stage: 'main',
    command: SHELL,
    args: [...options, file],
    cwd: join(state.paths.workspace, step.workingDirectory ?? '.'),
    variables: { ...scope.env, ...step.env },
    actionPath: scope.actionPath,
    warnings: [],
    timeoutMs: step.timeoutMs,
    survivesCancel: () => isConditionMet(step.if, expressionScope(state, scope)),
    onLine: step.onLine,
  });
}

async function runUses(state: JobState, scope: StepScope, step: PreparedStep, uses: string): Promise<StepResult> {
  const resolved = resolveUses(uses, state.root, state.paths.workspace);
  if (resolved.kind === 'checkout')
    return emptyResult({
      id: step.id,
      name: step.name,
      outcome: 'success',
      log: `the workspace is ${state.paths.workspace}`,
    });
  const metadata = await loadActionMetadata(resolved.folder);
  return metadata.runs.kind === 'node'
    ? runNodeAction(state, scope, step, metadata, metadata.runs)
    : runComposite(state, scope, step, metadata, metadata.runs);
}

/** Runs one step unless its condition says no, and records it in its scope. */
export async function runStep(state: JobState, scope: StepScope, step: PreparedStep): Promise<StepResult> {
  if (state.isDead || !isConditionMet(step.if, expressionScope(state, scope)))
    return conclude(state, scope, step, emptyResult({ id: step.id, name: step.name, outcome: 'skipped' }));
  const result =
    step.uses === undefined
      ? await runScript(state, scope, step, step.run ?? '')
      : await runUses(state, scope, step, step.uses);
  return conclude(state, scope, step, result);
}

function prepare(
  state: JobState,
  scope: StepScope,
  source: StepSource,
  index: number,
  onLine: LineListener | undefined,
): PreparedStep {
  const context = expressionScope(state, scope);
  const texts = (record: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, interpolate(value, context)]));
  const optional = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : interpolate(text, context);
  const minutes = optional(source.timeoutMinutes);
  return {
    id: source.id ?? `__step_${String(index + 1)}`,
    name: optional(source.name) ?? source.uses ?? 'run',
    if: source.if,
    uses: source.uses,
    with: texts(source.with),
    run: optional(source.run),
    shell: source.shell,
    workingDirectory: optional(source.workingDirectory),
    env: texts(source.env),
    continueOnError:
      source.continueOnError !== undefined &&
      isTruthy(interpolateValue(source.continueOnError, context)) &&
      source.continueOnError !== 'false',
    timeoutMs: minutes === undefined ? state.stepTimeoutMs : Math.min(Number(minutes) * 60_000, state.stepTimeoutMs),
    onLine,
  };
}

/** Runs the steps of a composite or of a workflow's job in order; expressions are evaluated when their step's turn comes. */
export async function runSources(
  state: JobState,
  scope: StepScope,
  sources: readonly StepSource[],
  onLine: LineListener | undefined,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const [index, source] of sources.entries()) {
    const facts = {
      id: source.id ?? `__step_${String(index + 1)}`,
      name: source.name ?? source.uses ?? 'run',
      continueOnError: false,
    };
    const isDue = !state.isDead && isConditionMet(source.if, expressionScope(state, scope));
    results.push(
      isDue
        ? await runStep(state, scope, prepare(state, scope, source, index, onLine))
        : conclude(state, scope, facts, emptyResult({ id: facts.id, name: facts.name, outcome: 'skipped' })),
    );
  }
  return results;
}

/** Runs one post step, if its `post-if` says so. */
export async function runPost(state: JobState, post: PostStep): Promise<StepResult> {
  const { id, name, runs } = post;
  const scope = state.jobScope;
  if (state.isDead || !isConditionMet(runs.postIf, expressionScope(state, scope)))
    return emptyResult({ id, name, stage: 'post', outcome: 'skipped' });
  const result = await execute(state, {
    id,
    name: `Post ${name}`,
    stage: 'post',
    command: process.execPath,
    args: [entryFile(state, post.folder, runs, 'post')],
    cwd: state.paths.workspace,
    variables: post.variables,
    actionPath: post.folder,
    warnings: [],
    timeoutMs: state.stepTimeoutMs,
    survivesCancel: () => isConditionMet(runs.postIf, expressionScope(state, scope)),
    onLine: post.onLine,
  });
  if (result.outcome === 'failure') scope.hasFailed = true;
  state.onStep?.(result);
  return result;
}
