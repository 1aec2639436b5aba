import { DeployError, describeThrown, isDeployError } from './errors.ts';
import { githubRunner, type Runner } from './runner.ts';

/** What a step's main or post function gets: the runner, and a signal that aborts when GitHub cancels the step. */
export interface StepContext {
  readonly runner: Runner;
  /** Aborted by SIGINT or SIGTERM: the runner sends SIGINT, 7.5 s later SIGTERM, 2.5 s later it kills the tree. */
  readonly signal: AbortSignal;
}

/**
 * Runs one step: errors become one annotation with message and hint, output `error-code` and exit code 1.
 * Nothing escapes: a rejection that nobody awaited fails the step too.
 */
export async function runStep(main: (context: StepContext) => Promise<void>): Promise<void> {
  const runner = githubRunner();
  const abort = new AbortController();
  const cancel = (name: NodeJS.Signals): void => {
    abort.abort(new DeployError({ code: 'CANCELLED', message: `the step was cancelled (${name}).` }));
  };
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  process.on('unhandledRejection', (reason) => {
    reportFailure(runner, reason);
    void leave(1);
  });
  try {
    await main({ runner, signal: abort.signal });
  } catch (thrown) {
    reportFailure(runner, thrown);
  }
  await leave(process.exitCode ?? 0);
}

/** A runner that has stopped reading must not keep a finished step alive. */
const longestFlushMs = 10_000;

/**
 * Ends the process, because open sockets of a dead connection must not keep a finished step alive; but not before the log is
 * out: a pipe takes 64 kB, and what waits behind them would be lost with the process.
 */
async function leave(code: number | string): Promise<void> {
  const streams = [process.stdout, process.stderr];
  const flushed = streams.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve())));
  const late = new Promise<void>((resolve) => setTimeout(resolve, longestFlushMs).unref());
  await Promise.race([Promise.all(flushed), late]);
  process.exit(code);
}

/**
 * The entry of an action with a post step: one bundle serves both, told apart by a state that main leaves behind.
 * action.yml: `main` and `post` name the same dist/index.js, `post-if: always()`.
 */
export async function runMainOrPost(
  main: (context: StepContext) => Promise<void>,
  post: (context: StepContext) => Promise<void>,
): Promise<void> {
  await runStep(async (context) => {
    if (context.runner.state('is-post') === 'true') return post(context);
    context.runner.saveState('is-post', 'true');
    return main(context);
  });
}

/** Prints a failure for the person on call and sets `error-code`. Exported for steps that fail after their own report. */
export function reportFailure(runner: Runner, thrown: unknown): void {
  const known = isDeployError(thrown);
  runner.output('error-code', known ? thrown.code : 'BUG');
  if (known) for (const line of thrown.evidence) runner.info(`  ${line}`);
  if (!known && thrown instanceof Error && thrown.stack !== undefined) runner.info(thrown.stack);
  const message = known ? thrown.message : `unexpected error: ${describeThrown(thrown)}`;
  const hint = known ? thrown.hint : 'This is a defect of the action; please report it with the log above.';
  runner.fail(hint === undefined ? message : `${message} ${hint}`);
}
