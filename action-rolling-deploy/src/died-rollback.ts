import { DeployError, describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { execOrThrow } from '@deploy-actions/kit/host/host';
import type { Journal } from '@deploy-actions/kit/state/journal';
import { judgeContainer } from './container-health.ts';
import { deploy } from './deploy.ts';
import { RolloutError } from './errors.ts';
import { abandonRollback } from './failed-rollback.ts';
import type { Footprint } from './footprint.ts';
import { prepare } from './prepare.ts';
import type { ServerState } from './server-state.ts';
import type { Session } from './session.ts';

/** An explicit rollback whose runner died after it had begun to replace containers. */
export interface DiedRollback {
  readonly project: string;
  readonly journal: Journal;
  readonly footprint: Footprint;
  /** Number of the release that it brings back. */
  readonly release: number;
  /** The staged tree that it made live. */
  readonly activated: string | undefined;
  /** New containers after which an old one was taken away: those were proved, and in their proxy's network. */
  readonly confirmed: ReadonlySet<string>;
}

/**
 * Brings it to its end: undoing it would bring the rejected release back (I5 of docs/architecture.md). The same engine
 * plans what is left to do; what the dead one made and did not confirm is made again.
 * @throws RolloutError ROLLBACK_FAILED saying exactly what runs
 */
export async function finishRollback(session: Session, state: ServerState, died: DiedRollback): Promise<void> {
  const { footprint, journal, confirmed } = died;
  const doubtful = new Set([...footprint.created.values()].flat().filter((id) => !confirmed.has(id)));
  const to = state.ledger.releases.find(({ number }) => number === died.release);
  try {
    if (to === undefined)
      throw new RolloutError({ code: 'NO_RELEASE', message: `the record of release ${died.release} is gone.` });
    await removeDoubtful(session, died, doubtful);
    const staged = died.activated === undefined ? undefined : { releaseId: died.activated };
    const spent = new Set([...doubtful, ...footprint.spent]);
    const prepared = await prepare(session, state, { pins: to.pins, given: [], staged, restores: to, spent });
    const report = await deploy(session, prepared);
    if (report.failure !== undefined) throw report.failure;
    await journal.append('recovered', { how: 'finished' });
  } catch (thrown) {
    if (isDeployError(thrown) && leftAsItIs.has(thrown.code)) throw thrown;
    const cause = isDeployError(thrown) ? thrown : new DeployError({ code: 'BUG', message: describeThrown(thrown) });
    throw await abandonRollback(session, { ...died, cause });
  }
}

/** Nobody knows what runs, a person cancelled, or the engine has ended it already. */
const leftAsItIs: ReadonlySet<string> = new Set([
  'CONNECTION_LOST',
  'LEASE_LOST',
  'COMMIT_UNFINISHED',
  'CANCELLED',
  'ROLLBACK_FAILED',
]);

/** New containers without proof go where enough others serve: one that still boots must not count as one of them. */
async function removeDoubtful(
  session: Session,
  { project, footprint, journal }: DiedRollback,
  doubtful: ReadonlySet<string>,
): Promise<void> {
  const containers = await listProjectContainers(session.host, project);
  const needless = chooseUnproved(containers, footprint, doubtful);
  if (needless.length === 0) return;
  await journal.append('leftovers', { ids: needless.map(({ id }) => id) });
  session.log(`removing ${needless.map(({ name }) => name).join(', ')}, which the dead rollback had not proved`);
  await execOrThrow(session.host, ['docker', 'rm', '--force', ...needless.map(({ id }) => id)], { timeoutMs: 60_000 });
}

/** The doubtful ones of services that as many others serve as before. Pure. */
export function chooseUnproved(
  containers: readonly Container[],
  { before, spent }: Pick<Footprint, 'before' | 'spent'>,
  doubtful: ReadonlySet<string>,
): readonly Container[] {
  return containers.filter((container) => {
    if (!doubtful.has(container.id)) return false;
    const own = containers.filter(({ service, isOneOff }) => service === container.service && !isOneOff);
    const others = own.filter((other) => !doubtful.has(other.id) && judgeContainer(other).kind === 'ready');
    const wanted = own.filter(({ id }) => before.has(id) && !spent.has(id)).length;
    return others.length > 0 && others.length >= wanted;
  });
}
