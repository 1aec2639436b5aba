import { describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import type { InputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { connectHost, hasHostTarget, readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import type { Host } from '@deploy-actions/kit/host/host';
import { readDeployPath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { appendAudit } from '@deploy-actions/kit/state/release';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import type { Delivery } from './delivery.ts';
import type { DeploymentRecord } from './deployment-record.ts';
import { cleanLine } from './plain-text.ts';

/** Where the record goes. What is wrong with the inputs is told there: the messages must go out all the same. */
export type LedgerTarget =
  | { readonly kind: 'none' }
  | { readonly kind: 'unusable'; readonly problem: string }
  | { readonly kind: 'server'; readonly target: HostTarget; readonly deployPath: DeployPath };

/**
 * Reads the SSH inputs where `host` and `deploy-path` are given. A key that cannot be read may be why the deployment
 * failed, and then it is all the more important to tell people; so it is no error of the step.
 */
export function readLedgerTarget(inputs: InputReader): LedgerTarget {
  if (!hasHostTarget(inputs) || inputs.optional('deploy-path', { env: 'DEPLOY_PATH' }) === undefined) {
    return { kind: 'none' };
  }
  try {
    return { kind: 'server', target: readHostTarget(inputs), deployPath: readDeployPath(inputs) };
  } catch (thrown) {
    if (!isDeployError(thrown)) throw thrown;
    return { kind: 'unusable', problem: thrown.message };
  }
}

/** Appends the record to the server's `.deploy/audit.jsonl`, where a deployment has been there. Only cancellation is thrown. */
export async function appendToLedger(
  { runner, signal }: StepContext,
  ledger: LedgerTarget,
  record: DeploymentRecord,
  leftMs: number,
): Promise<Delivery> {
  const delivery = (result: Delivery['result'], detail?: string): Delivery => ({
    provider: 'ledger',
    result,
    ...(detail === undefined ? {} : { detail: cleanLine(detail) }),
  });
  if (ledger.kind === 'none') return delivery('skipped');
  if (ledger.kind === 'unusable') return delivery('error', ledger.problem);
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(leftMs)));
  const bounds = AbortSignal.any([signal, timeout]);
  let host: Host | undefined;
  try {
    host = await connectHost(ledger.target, runner, bounds);
    const known = await host.exec(['test', '-d', `${ledger.deployPath}/.deploy`], { signal: bounds });
    if (known.code !== 0)
      return delivery('skipped', `${ledger.deployPath} has no ledger: nothing was deployed there yet`);
    await appendAudit(host, ledger.deployPath, auditLine(record));
    return delivery('ok');
  } catch (thrown) {
    signal.throwIfAborted();
    if (timeout.aborted) return delivery('error', `the server did not answer within ${formatDuration(leftMs)}`);
    return delivery('error', describeThrown(thrown));
  } finally {
    await host?.close();
  }
}

/** In the form of the other lines of that file: when, what, who. */
export function auditLine(record: DeploymentRecord): Readonly<Record<string, unknown>> {
  const { at, deployedBy, runUrl, ...rest } = record;
  return { at, what: 'reported', actor: deployedBy, runUrl, ...rest };
}
