import type { DeployError } from '@deploy-actions/kit/action/errors';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { execOrThrow } from '@deploy-actions/kit/host/host';
import type { Journal } from '@deploy-actions/kit/state/journal';
import { judgeContainer } from './container-health.ts';
import { RolloutError } from './errors.ts';
import type { Footprint } from './footprint.ts';
import { formatDigests, runningDigests } from './report.ts';
import type { Session } from './session.ts';
import { undoFiles } from './way-back.ts';

/** An explicit rollback that did not reach its end. */
export interface FailedRollback {
  readonly project: string;
  readonly journal: Journal;
  readonly footprint: Footprint;
  /** The staged tree that was made live, or may have been. */
  readonly activated: string | undefined;
  readonly cause: DeployError;
}

/**
 * A rollback is never rolled back: what it brought back and proved keeps serving, and so does what it had not reached.
 * Only its new containers that were not proved go, where others of their service serve; the files of before come back.
 * @returns ROLLBACK_FAILED saying exactly what runs
 */
export async function abandonRollback(session: Session, failed: FailedRollback): Promise<RolloutError> {
  const { host } = session;
  const { journal, activated, project, footprint, cause } = failed;
  if (activated !== undefined) await undoFiles(session, activated);
  const containers = await listProjectContainers(host, project);
  const needless = chooseNeedless(containers, new Set([...footprint.created.values()].flat()));
  if (needless.length > 0)
    await execOrThrow(host, ['docker', 'rm', '--force', ...needless.map(({ id }) => id)], { timeoutMs: 60_000 });
  // Last: a runner that dies before it leaves a journal that the next run goes on with.
  await journal.append('rollback-failed');
  const left = containers.filter((container) => !needless.includes(container));
  const running = formatDigests(runningDigests(left)).replaceAll('\n', ', ') || 'nothing';
  return new RolloutError({
    code: 'ROLLBACK_FAILED',
    message: `${cause.message} The rollback stopped there and is not rolled back. Running now: ${running}.`,
    hint: `Look at the server: docker compose -p ${project} ps. \`mode: rollback\` with another \`to\`, or a deploy of a fixed version, goes on from there.`,
    evidence: cause.evidence,
    cause,
  });
}

/** New containers that were not proved, of services that others serve. Pure. */
export function chooseNeedless(containers: readonly Container[], created: ReadonlySet<string>): readonly Container[] {
  const serves = (container: Container): boolean => !container.isOneOff && judgeContainer(container).kind === 'ready';
  return containers.filter(
    (container) =>
      created.has(container.id) &&
      !serves(container) &&
      containers.some((other) => other.service === container.service && other.id !== container.id && serves(other)),
  );
}
