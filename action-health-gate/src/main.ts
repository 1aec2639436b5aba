import { ConfigurationError, DeployError, describeThrown } from '@deploy-actions/kit/action/errors';
import { redact } from '@deploy-actions/kit/action/secrets';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { connectHost } from '@deploy-actions/kit/host/connect';
import type { Host } from '@deploy-actions/kit/host/host';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { networkAttempt, type Server } from './attempt.ts';
import { describePlan, serviceOf } from './check.ts';
import { findProjectName } from './compose-project.ts';
import { GateError } from './error.ts';
import { collectEvidence } from './evidence.ts';
import { runGate, type GateOutcome } from './gate.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { scanLogs } from './log-scan.ts';
import { progressPrinter } from './progress.ts';
import { findDeployStart, markGateFailed } from './release-mark.ts';
import { publishOutcome } from './publish.ts';
import type { Aftermath } from './report.ts';
import { secretsOf } from './secret-value.ts';

/**
 * Asks every check until all are green at the same time, or fails at the deadline, or before it when no later attempt can
 * succeed. The only thing it ever writes is the mark of a red gate in the server's release ledger.
 */
export async function main(context: StepContext): Promise<void> {
  const { runner } = context;
  try {
    const inputs = loadInputs(runner);
    for (const line of describePlan(inputs.checks)) runner.info(line);
    const server = await openServer(context, inputs);
    try {
      const outcome = await holdGate(context, inputs, server);
      const aftermath = await lookBack(context, inputs, server, outcome);
      await publishOutcome(runner, outcome, aftermath, inputs.shouldFail);
    } finally {
      await server?.host.close();
    }
  } catch (thrown) {
    const result = resultOfError(thrown);
    if (result !== undefined) runner.output('result', result);
    throw thrown;
  }
}

/** Connects where a check asks from the server. */
async function openServer({ runner, signal }: StepContext, inputs: Inputs): Promise<Server | undefined> {
  if (inputs.target === undefined || !inputs.needsServer) return undefined;
  const host = await connectHost(inputs.target, runner, signal);
  try {
    const projectName = inputs.compose === undefined ? '' : await findProjectName(host, inputs.compose);
    return { host, projectName };
  } catch (thrown) {
    await host.close();
    throw thrown;
  }
}

async function holdGate(context: StepContext, inputs: Inputs, server: Server | undefined): Promise<GateOutcome> {
  const { runner, signal } = context;
  return runner.group(`Health gate: up to ${formatDuration(inputs.settings.deadline)}`, async () => {
    const outcome = await runGate(inputs.checks, inputs.settings, {
      clock: systemClock,
      attempt: networkAttempt(server),
      signal,
      onProgress: progressPrinter((line) => {
        runner.info(line);
      }),
    });
    return outcome.result === 'healthy' ? readLogs(context, inputs, server, outcome) : outcome;
  });
}

/** The last thing before green: what the containers have logged since the deploy began. */
async function readLogs(
  context: StepContext,
  inputs: Inputs,
  server: Server | undefined,
  outcome: GateOutcome,
): Promise<GateOutcome> {
  const { logPatterns: patterns, deployPath } = inputs;
  if (server === undefined || patterns.length === 0) return outcome;
  const { host, projectName } = server;
  const services = [...new Set(inputs.checks.flatMap(({ target }) => serviceOf(target) ?? []))];
  const began = deployPath === undefined ? undefined : await findDeployStart(context, host, deployPath);
  const since = began ?? `${Math.ceil(inputs.logSince / 1000)}s`;
  context.runner.info(`Searching the logs of ${services.join(', ')} since ${began ?? `${since} ago`}.`);
  const found = await scanLogs({ host, projectName, services, patterns, since, signal: context.signal });
  if (found.length === 0) return outcome;
  return { ...outcome, result: 'unhealthy', logMatches: hideSecrets(inputs, found) };
}

/** After a red gate: what the server knows about it, and the mark in its ledger. */
async function lookBack(
  context: StepContext,
  inputs: Inputs,
  server: Server | undefined,
  outcome: GateOutcome,
): Promise<Aftermath> {
  if (outcome.result === 'healthy') return { marked: undefined, evidence: [] };
  const evidence = await collectEvidence(outcome, server, inputs.logLines, context.signal);
  const marked = await condemnRelease(context, inputs, server?.host);
  return { marked, evidence: hideSecrets(inputs, evidence) };
}

/** An app may log the headers it was sent; summary and report are read without the runner's masks. */
function hideSecrets({ checks }: Inputs, lines: readonly string[]): readonly string[] {
  const secrets = checks.flatMap(({ question }) => secretsOf(question));
  return lines.map((line) => redact(line, secrets));
}

/** Marks the release of this run after a red gate. That it could not be marked is only a warning. */
async function condemnRelease(
  context: StepContext,
  inputs: Inputs,
  connected: Host | undefined,
): Promise<number | undefined> {
  const { target, targetProblem, deployPath } = inputs;
  const { runner, signal } = context;
  if (targetProblem !== undefined) runner.info(`No release was marked in a ledger: ${targetProblem}`);
  if (target === undefined || deployPath === undefined) return undefined;
  try {
    const host = connected ?? (await connectHost(target, runner, signal));
    try {
      return await markGateFailed(context, host, deployPath);
    } finally {
      if (connected === undefined) await host.close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    runner.warning(`the release could not be marked as failed in the ledger: ${describeThrown(thrown)}`);
    return undefined;
  }
}

/** The output `result` of what ended the gate early; a red gate has set its own. */
function resultOfError(thrown: unknown): 'cancelled' | 'config-error' | 'error' | undefined {
  if (thrown instanceof ConfigurationError) return 'config-error';
  if (!(thrown instanceof DeployError)) return 'error';
  if (thrown.code === 'CANCELLED') return 'cancelled';
  return thrown instanceof GateError && thrown.code !== 'PROJECT_UNKNOWN' ? undefined : 'error';
}
