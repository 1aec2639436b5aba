import { DeployError, describeThrown } from '@deploy-actions/kit/action/errors';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { redact } from '@deploy-actions/kit/action/secrets';
import { approversOf } from '@deploy-actions/kit/github/approval';
import { githubClientOf } from '@deploy-actions/kit/github/client';
import type { Announcement } from './announcement.ts';
import type { Delivery } from './delivery.ts';
import { deploymentRequest, deploymentStatus } from './deployment-record.ts';
import { isCommit, type Inputs } from './inputs.ts';
import { cleanLine } from './plain-text.ts';
import type { RunFacts } from './run-facts.ts';

/** Approvals are a detail of the message: they may not eat up its time. */
const longestLookUpMs = 5000;

/**
 * Who approved the environment of this run. GitHub refusing to say is one notice, never a failure: the message matters more.
 */
export async function findApprovers(
  { runner, signal }: StepContext,
  inputs: Inputs,
  run: RunFacts,
): Promise<readonly string[]> {
  const { githubToken, environment, shouldAskApprovals } = inputs;
  // Only environments are approved.
  if (!shouldAskApprovals || githubToken === undefined || environment === undefined || run.runId === undefined)
    return [];
  const client = githubClientOf(runner, githubToken, signal, Math.min(longestLookUpMs, Math.ceil(inputs.deadline / 2)));
  if (client === undefined) return [];
  try {
    return approversOf(await client.listApprovals(run.runId), environment).map(cleanLine);
  } catch (thrown) {
    signal.throwIfAborted();
    const hint = thrown instanceof DeployError ? (thrown.hint ?? '') : '';
    runner.notice(redact(`The message does not say who approved. ${describeThrown(thrown)} ${hint}`, [githubToken]));
    return [];
  }
}

export interface DeploymentOutcome {
  readonly delivery: Delivery;
  readonly id: number | undefined;
}

/** Creates the GitHub deployment, or takes that of `message-ref`, and sets its status, where that is asked for. Only cancellation is thrown. */
export async function recordDeployment(
  { runner, signal }: StepContext,
  inputs: Inputs,
  run: RunFacts,
  announcement: Announcement,
): Promise<DeploymentOutcome> {
  const { githubToken, environment, shouldCreateDeployment, isDryRun } = inputs;
  const outcome = (result: Delivery['result'], detail?: string, id?: number): DeploymentOutcome => ({
    delivery: {
      provider: 'github',
      result,
      ...(detail === undefined ? {} : { detail }),
      ...(id === undefined ? {} : { ref: { github: { id } } }),
    },
    id,
  });
  if (!shouldCreateDeployment || githubToken === undefined || environment === undefined) return outcome('skipped');
  if (isDryRun) return outcome('skipped', 'dry run');
  const client = githubClientOf(runner, githubToken, signal, inputs.deadline);
  const ref = inputs.sha !== undefined && isCommit(inputs.sha) ? inputs.sha : run.workflowSha;
  if (client === undefined || ref === undefined) return outcome('skipped', 'not in a GitHub workflow');
  // The deployment that an earlier step made gets another status.
  let id = inputs.relation.refs.github?.id;
  if (id === undefined && inputs.status === 'skipped') return outcome('skipped', 'nothing was deployed');
  try {
    id ??= await client.createDeployment(deploymentRequest(announcement, ref, environment));
    await client.setDeploymentStatus(id, deploymentStatus(announcement));
    return outcome('ok', undefined, id);
  } catch (thrown) {
    signal.throwIfAborted();
    const hint = thrown instanceof DeployError ? (thrown.hint ?? '') : '';
    return outcome('error', redact(`${describeThrown(thrown)} ${hint}`.trim(), [githubToken]), id);
  }
}
