import { tmpdir } from 'node:os';
import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import type { GateOutcome } from './gate.ts';
import { renderReport, writeReport } from './report-file.ts';
import { allowedWarning, gateError, gateOutputs, type Aftermath } from './report.ts';
import { renderSummary } from './summary.ts';

/**
 * Tells the outcome everywhere: outputs, report file, job summary, log.
 * @throws GateError when the gate is red and that fails the step
 */
export async function publishOutcome(
  runner: Runner,
  outcome: GateOutcome,
  aftermath: Aftermath,
  shouldFail: boolean,
): Promise<void> {
  const error = outcome.result === 'healthy' ? undefined : gateError(outcome, aftermath);
  const outputs = gateOutputs(outcome);
  runner.output('result', outputs.result);
  runner.output('observed-sha', outputs.observedSha);
  runner.output('attempts', outputs.attempts);
  runner.output('elapsed-ms', outputs.elapsedMs);
  runner.output('p95-ms', outputs.p95Ms);
  runner.output('failed-checks', outputs.failedChecks);
  await leaveReport(runner, renderReport(outcome, error));
  await runner.summary(renderSummary(outcome));
  const allowed = allowedWarning(outcome);
  if (allowed !== undefined) runner.warning(allowed);
  if (error === undefined) {
    runner.info(`Green after ${formatDuration(outcome.elapsedMs)}.`);
    return;
  }
  runner.output('error-code', error.code);
  if (shouldFail) throw error;
  for (const line of error.evidence) runner.info(`  ${line}`);
  runner.warning(`${error.message} ${error.hint ?? ''}`);
}

/** A full disk of the runner must not turn a green gate red. */
async function leaveReport(runner: Runner, text: string): Promise<void> {
  try {
    runner.output('report-path', await writeReport(runner.env('RUNNER_TEMP') ?? tmpdir(), text));
  } catch (thrown) {
    runner.warning(`the report could not be written: ${describeThrown(thrown)}`);
  }
}
