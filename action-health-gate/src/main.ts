import { ConfigurationError, DeployError, describeThrown } from '@deploy-actions/kit/action/errors';
import type { StepContext } from '@deploy-actions/kit/action/run';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { connectHost } from '@deploy-actions/kit/host/connect';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { networkAttempt, type Server } from './attempt.ts';
import { describePlan } from './check.ts';
import { collectEvidence } from './evidence.ts';
import { findProjectName } from './compose-project.ts';
import { GateError } from './error.ts';
import { runGate, type GateOutcome } from './gate.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { progressPrinter } from './progress.ts';
import { markGateFailed } from './release-mark.ts';
import { gateError, gateOutputs, type Aftermath } from './report.ts';
import { renderSummary } from './summary.ts';

/**
 * Asks every check until all are green at the same time, or fails at the deadline. The only thing it ever writes is the mark
 * of a red gate in the server's release ledger.
 */
export async function main(context: StepContext): Promise<void> {
  const { runner } = context;
  try {
    const inputs = loadInputs(runner);
    for (const line of describePlan(inputs.checks)) runner.info(line);
    const server = await openServer(context, inputs);
    try {
      const outcome = await holdGate(context, inputs, server);
      await report(runner, inputs, outcome, await lookBack(context, inputs, server, outcome));
    } finally {
      await server?.host.close();
    }
  } catch (thrown) {
    runner.output('result', resultOfError(thrown));
    throw thrown;
  }
}

async function holdGate(context: StepContext, inputs: Inputs, server: Server | undefined): Promise<GateOutcome> {
  const { runner, signal } = context;
  return runner.group(`Health gate: up to ${formatDuration(inputs.settings.deadline)}`, () =>
    runGate(inputs.checks, inputs.settings, {
      clock: systemClock,
      attempt: networkAttempt(server),
      signal,
      onProgress: progressPrinter((line) => {
        runner.info(line);
      }),
    }),
  );
}

/** Connects where a check asks from the server. */
async function openServer({ runner, signal }: StepContext, inputs: Inputs): Promise<Server | undefined> {
  if (inputs.target === undefined) return undefined;
  const host = await connectHost(inputs.target, runner, signal);
  try {
    const projectName = inputs.compose === undefined ? '' : await findProjectName(host, inputs.compose);
    return { host, projectName };
  } catch (thrown) {
    await host.close();
    throw thrown;
  }
}

/** After a red gate: what the server knows about it, and the mark in its ledger. */
async function lookBack(
  context: StepContext,
  inputs: Inputs,
  server: Server | undefined,
  outcome: GateOutcome,
): Promise<Aftermath> {
  if (outcome.result === 'healthy') return { marked: undefined, evidence: [] };
  const evidence = await collectEvidence(outcome, server);
  return { marked: await condemnRelease(context, inputs, server), evidence };
}

/** Marks the release of this run after a red gate that fails the step. That it could not be marked is only a warning. */
async function condemnRelease(
  context: StepContext,
  inputs: Inputs,
  server: Server | undefined,
): Promise<number | undefined> {
  if (server === undefined || inputs.deployPath === undefined || !inputs.shouldFail) return undefined;
  try {
    return await markGateFailed(context, server.host, inputs.deployPath);
  } catch (thrown) {
    context.signal.throwIfAborted();
    context.runner.warning(`the release could not be marked as failed in the ledger: ${describeThrown(thrown)}`);
    return undefined;
  }
}

/** @throws GateError when the gate is red and that fails the step */
async function report(runner: Runner, inputs: Inputs, outcome: GateOutcome, aftermath: Aftermath): Promise<void> {
  const outputs = gateOutputs(outcome);
  runner.output('result', outputs.result);
  runner.output('observed-sha', outputs.observedSha);
  runner.output('attempts', outputs.attempts);
  runner.output('elapsed-ms', outputs.elapsedMs);
  runner.output('p95-ms', outputs.p95Ms);
  runner.output('failed-checks', outputs.failedChecks);
  await runner.summary(renderSummary(outcome));
  if (outcome.result === 'healthy') {
    runner.info(`Green after ${formatDuration(outcome.elapsedMs)}.`);
    return;
  }
  const error = gateError(outcome, aftermath);
  runner.output('error-code', error.code);
  if (inputs.shouldFail) throw error;
  for (const line of error.evidence) runner.info(`  ${line}`);
  runner.warning(`${error.message} ${error.hint ?? ''}`);
}

function resultOfError(thrown: unknown): 'timeout' | 'cancelled' | 'config-error' | 'error' {
  if (thrown instanceof ConfigurationError) return 'config-error';
  if (!(thrown instanceof DeployError)) return 'error';
  if (thrown.code === 'CANCELLED') return 'cancelled';
  return thrown instanceof GateError && thrown.code !== 'PROJECT_UNKNOWN' ? 'timeout' : 'error';
}
