import { describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import type { InputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { connectHost, readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import type { Host } from '@deploy-actions/kit/host/host';
import { readDeployPath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { appendAudit, readLedger, type Release } from '@deploy-actions/kit/state/release';
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
 * Reads the SSH inputs where the step itself gives `host` or `deploy-path`; what it leaves out comes from the environment. The
 * environment alone asks for nothing: a job sets DEPLOY_HOST for its other steps, and a message is no reason to open a
 * connection. A key that cannot be read may be why the deployment failed, and then it is all the more important to tell people;
 * so it is no error of the step.
 */
export function readLedgerTarget(inputs: InputReader): LedgerTarget {
  if (inputs.optional('host') === undefined && inputs.optional('deploy-path') === undefined) return { kind: 'none' };
  try {
    return { kind: 'server', target: readHostTarget(inputs), deployPath: readDeployPath(inputs) };
  } catch (thrown) {
    if (!isDeployError(thrown)) throw thrown;
    return { kind: 'unusable', problem: thrown.message };
  }
}

/**
 * Appends the record to the server's `.deploy/audit.jsonl`, where a deployment has been there. Not to the release's own record:
 * that changes only under the lease, which a message must not wait for. Only cancellation is thrown.
 */
export async function appendToLedger(
  { runner, signal }: StepContext,
  ledger: LedgerTarget,
  record: DeploymentRecord,
  leftMs: number,
): Promise<Delivery> {
  if (ledger.kind === 'none') return deliveryOf('skipped');
  if (ledger.kind === 'unusable') return deliveryOf('error', ledger.problem);
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(leftMs)));
  const bounds = AbortSignal.any([signal, timeout]);
  let host: Host | undefined;
  try {
    host = await connectHost(ledger.target, runner, bounds);
    return await Promise.race([appendLine(host, ledger.deployPath, record), rejectOn(bounds)]);
  } catch (thrown) {
    signal.throwIfAborted();
    if (timeout.aborted) return deliveryOf('error', `the server did not answer within ${formatDuration(leftMs)}`);
    return deliveryOf('error', describeThrown(thrown));
  } finally {
    await host?.close();
  }
}

async function appendLine(host: Host, deployPath: DeployPath, record: DeploymentRecord): Promise<Delivery> {
  const known = await host.exec(['test', '-d', `${deployPath}/.deploy`]);
  if (known.code !== 0) return deliveryOf('skipped', `${deployPath} has no ledger: nothing was deployed there yet`);
  // Without the number the line is found by its run all the same.
  const releases = await readLedger(host, deployPath).then(
    (ledger) => ledger.releases,
    () => [],
  );
  await appendAudit(host, deployPath, auditLine(record, findRelease(releases, record.runUrl)));
  return deliveryOf('ok');
}

/** The newest release that a run made: of a rollback after a red gate, that of the rollback. Pure. */
export function findRelease(
  releases: readonly Pick<Release, 'number' | 'runUrl'>[],
  runUrl: string | null,
): number | undefined {
  return releases.findLast((release) => release.runUrl === runUrl)?.number;
}

/** In the form of the other lines of that file: when, what, who; `release` leads to `releases/<n>.json`. */
export function auditLine(record: DeploymentRecord, release: number | undefined): Readonly<Record<string, unknown>> {
  const { at, deployedBy, runUrl, ...rest } = record;
  return { at, what: 'reported', actor: deployedBy, runUrl, ...rest, release: release ?? record.release };
}

function deliveryOf(result: Delivery['result'], detail?: string): Delivery {
  return { provider: 'ledger', result, ...(detail === undefined ? {} : { detail: cleanLine(detail) }) };
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}
