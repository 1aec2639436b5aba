import { isDeployError } from '@deploy-actions/kit/action/errors';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { MigrateError } from './error.ts';
import { adviseOnExitCode, describeExit } from './exit-code.ts';
import { NotBegun } from './lease-check.ts';
import { findOneOffs, removeOneOffs } from './one-off.ts';
import { startOneOff } from './one-off-start.ts';
import { watchOneOff, type OneOffEnd } from './one-off-watch.ts';
import {
  describeApplied,
  type CommandOutcome,
  type CommandResult,
  type MigrationResult,
  type MigrationStatus,
} from './result.ts';
import type { RunDoor } from './run-door.ts';
import { describeStep, type OneOffStep } from './run-plan.ts';

/** Where a run begins: at the first command, or at the container that an earlier attempt left. */
export interface Beginning {
  readonly number: number;
  /** The container to attach to in place of starting one. */
  readonly containerName: string | undefined;
}

const notServing = 'Nothing was restarted: the version that served before still serves.';

/** How one command ended, and what to say about it. */
interface StepEnd {
  readonly result: CommandResult;
  readonly error: MigrateError | undefined;
  readonly tail: readonly string[];
}

/**
 * Runs the commands in order and stops at the first that does not end with 0. Containers stay until the last one has
 * ended, so that a re-run after a dead runner knows how far this one came; then they are removed.
 */
export async function runCommands(door: RunDoor, beginning: Beginning): Promise<MigrationResult> {
  const start = door.clock.now();
  const ends: StepEnd[] = [];
  for (const step of door.plan.steps) {
    const failed = ends.some(({ error }) => error !== undefined);
    if (failed) ends.push(passed(door, step, 'not-run'));
    else if (step.number < beginning.number) ends.push(passed(door, step, 'done-before'));
    else
      ends.push(
        await runStep(door, step, step.number === beginning.number ? beginning.containerName : undefined, ends),
      );
  }
  const broken = ends.find(({ error }) => error !== undefined);
  // Where the rest was not begun, the containers are what a re-run counts from.
  if (broken === undefined || !['unknown', 'not-run'].includes(broken.result.outcome))
    await removeAll(door).catch((thrown: unknown) => {
      // How the commands ended is what counts; the next run removes what is left.
      if (!isDeployError(thrown)) throw thrown;
      door.warn(`The containers of this run are still on ${door.host.name}: ${thrown.message}`);
    });
  return {
    status: statusOf(broken?.result.outcome),
    commands: ends.map(({ result }) => result),
    durationMs: door.clock.now() - start,
    error: broken?.error,
    tail: broken?.tail ?? [],
  };
}

function statusOf(broken: CommandOutcome | undefined): MigrationStatus {
  if (broken === undefined) return 'applied';
  if (broken === 'timed-out') return 'timed-out';
  return broken === 'unknown' ? 'unknown' : 'failed';
}

function passed(door: RunDoor, step: OneOffStep, outcome: 'done-before' | 'not-run'): StepEnd {
  const text = describeStep(door.plan, step);
  if (outcome === 'done-before') door.say(`[${step.number}] ${text}: done in an earlier attempt of this run.`);
  const result = { number: step.number, text, outcome, exitCode: undefined, durationMs: undefined };
  return { result, error: undefined, tail: [] };
}

async function runStep(
  door: RunDoor,
  step: OneOffStep,
  attachTo: string | undefined,
  before: readonly StepEnd[],
): Promise<StepEnd> {
  const text = describeStep(door.plan, step);
  const done = before.map(({ result }) => result);
  const title = `[${step.number}/${door.plan.steps.length}] ${text}`;
  try {
    // Before the first command `act` looked.
    if (attachTo === undefined && before.length > 0) await door.requireLease();
    const end = await door.group(title, () => runToEnd(door, step, attachTo));
    door.say(`${title}: ${describeEnd(end)}`);
    return judgeEnd(door, step, end, done);
  } catch (thrown) {
    if (!(thrown instanceof MigrateError)) throw thrown;
    const outcome = outcomeOf(thrown);
    const exitCode = outcome === 'failed' ? refusedCode(thrown) : undefined;
    const result: CommandResult = { number: step.number, text, outcome, exitCode, durationMs: undefined };
    return { result, error: withFacts(thrown, [...done, result]), tail: thrown.evidence };
  }
}

function describeEnd(end: OneOffEnd): string {
  const time = formatDuration(end.durationMs);
  if (end.isTimedOut) return `stopped after ${time}.`;
  return end.exitCode === 0 ? `done in ${time}.` : `${describeExit(end.exitCode, end.isOutOfMemory)} after ${time}.`;
}

async function runToEnd(door: RunDoor, step: OneOffStep, attachTo: string | undefined): Promise<OneOffEnd> {
  if (attachTo !== undefined) return watchOneOff(door, attachTo, true);
  const start = await startOneOff(door, step);
  if (start.kind === 'started') return watchOneOff(door, step.containerName, false);
  throw new StartRefused(door, describeStep(door.plan, step), start.exitCode, start.said);
}

function outcomeOf(thrown: MigrateError): CommandOutcome {
  if (thrown instanceof NotBegun) return 'not-run';
  return thrown.code === 'COMMAND_FAILED' ? 'failed' : 'unknown';
}

/** Docker did not run the command at all. */
class StartRefused extends MigrateError {
  readonly exitCode: number;
  constructor(door: RunDoor, text: string, exitCode: number, said: readonly string[]) {
    super({
      code: 'COMMAND_FAILED',
      message: `${door.host.name}: ${JSON.stringify(text)} was not started: ${describeExit(exitCode, false)}: ${said.at(-1) ?? 'Docker said nothing'}.`,
      hint: adviseOnExitCode(exitCode, false),
      evidence: said,
    });
    this.exitCode = exitCode;
  }
}

function refusedCode(thrown: MigrateError): number | undefined {
  return thrown instanceof StartRefused ? thrown.exitCode : undefined;
}

function judgeEnd(door: RunDoor, step: OneOffStep, end: OneOffEnd, done: readonly CommandResult[]): StepEnd {
  const text = describeStep(door.plan, step);
  const outcome = end.isTimedOut ? 'timed-out' : end.exitCode === 0 ? 'done' : 'failed';
  const result: CommandResult = {
    number: step.number,
    text,
    outcome,
    exitCode: end.exitCode,
    durationMs: end.durationMs,
  };
  if (outcome === 'done') return { result, error: undefined, tail: [] };
  const where = `${door.host.name}: ${JSON.stringify(text)}`;
  const error =
    outcome === 'timed-out'
      ? new MigrateError({
          code: 'COMMAND_TIMEOUT',
          message: `${where} ran longer than ${formatDuration(door.runTimeout)}, and its container was stopped.`,
          hint: 'See in the log what it waited for (often a lock). Raise `run-timeout` only if it was really working.',
          evidence: end.tail,
        })
      : new MigrateError({
          code: 'COMMAND_FAILED',
          message: `${where} ended with ${describeExit(end.exitCode, end.isOutOfMemory)} after ${formatDuration(end.durationMs)}.`,
          hint: adviseOnExitCode(end.exitCode, end.isOutOfMemory),
          evidence: end.tail,
        });
  return { result, error: withFacts(error, [...done, result]), tail: end.tail };
}

/** Each failure says what was applied and what serves now. */
function withFacts(error: MigrateError, commands: readonly CommandResult[]): MigrateError {
  return new MigrateError({
    code: error.code,
    message: `${error.message} ${describeApplied(commands)} ${notServing}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    evidence: error.evidence,
    cause: error.cause,
  });
}

/** Whatever this project's migrations left that no longer runs. In ascending order: a re-run reads the highest number. */
async function removeAll(door: RunDoor): Promise<void> {
  const found = await findOneOffs(door.host, door.plan.deployPath);
  const ended = found.filter(({ state }) => state !== 'running').sort((a, b) => a.number - b.number);
  await removeOneOffs(
    door.host,
    ended.map(({ name }) => name),
  );
}
