import { describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import { resolveModel, type ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { execOrThrow, scriptOrThrow } from '@deploy-actions/kit/host/host';
import type { Journal } from '@deploy-actions/kit/state/journal';
import type { Ledger } from '@deploy-actions/kit/state/release';
import { undoActivation } from '@deploy-actions/kit/state/staged-tree';
import { RolloutError } from './errors.ts';
import { formatDigests, runningDigests } from './report.ts';
import { executePlan, makePlan, type Footprint } from './rollout.ts';
import type { Session } from './session.ts';

/** A deploy that must be undone. */
export interface FailedDeploy {
  readonly project: string;
  readonly journal: Journal;
  readonly footprint: Footprint;
  readonly ledger: Ledger;
  /** The staged tree that was made live, or may have been. */
  readonly activated: string | undefined;
}

/**
 * Takes everything back: files first, then every service this deploy touched, by the same engine with the pins of the
 * current release. What still runs from before is kept as it is. It does not stop half-way when the step is cancelled:
 * the signal is a new one.
 * @throws RolloutError ROLLBACK_FAILED saying exactly what runs
 */
export async function takeWayBack(session: Session, failed: FailedDeploy): Promise<void> {
  const { journal } = failed;
  await journal.append('rollback-started');
  try {
    if (failed.activated !== undefined) await undoFiles(session, failed.activated);
    await (hadNothingBefore(failed) ? removeCreated(session, failed) : restoreServices(session, failed));
    await journal.append('rollback-done');
  } catch (thrown) {
    throw await rollbackFailed(session, failed, thrown);
  }
}

async function undoFiles(session: Session, releaseId: string): Promise<void> {
  const { deployPath } = session.inputs.settings;
  session.log('putting the previous files back');
  await undoActivation(session.host, deployPath, releaseId);
  // A tree whose release failed must not go live with a later rollout that has nothing staged of its own.
  await scriptOrThrow(session.host, 'drop the staged files', 'rm -rf "$1/.deploy/staged/$2"', [deployPath, releaseId]);
}

function hadNothingBefore(failed: FailedDeploy): boolean {
  return failed.footprint.before.size === 0 && failed.ledger.current === undefined;
}

/** A first deploy that failed leaves no container of its own behind; volumes stay. */
async function removeCreated(session: Session, failed: FailedDeploy): Promise<void> {
  const ids = [...failed.footprint.created.values()].flat();
  if (ids.length === 0) return;
  session.log(`removing the ${ids.length} container(s) of this first deploy`);
  await execOrThrow(session.host, ['docker', 'rm', '--force', ...ids], { timeoutMs: 60_000 });
}

async function restoreServices(session: Session, failed: FailedDeploy): Promise<void> {
  const { footprint, ledger, journal } = failed;
  const { settings } = session.inputs;
  const scope: ComposeScope = {
    host: session.host,
    settings,
    baseDir: settings.deployPath,
    pins: ledger.current?.pins ?? [],
  };
  const model = await resolveModel(scope);
  const touched = new Set([...footprint.created.keys(), ...(await touchedBefore(session, failed))]);
  const gone = [...touched].filter((service) => model.services[service] === undefined);
  const extra = gone.flatMap((service) => footprint.created.get(service) ?? []);
  if (extra.length > 0) await execOrThrow(session.host, ['docker', 'rm', '--force', ...extra], { timeoutMs: 60_000 });
  const containers = await listProjectContainers(session.host, model.name);
  const plan = await makePlan(session, model, containers, footprint, footprint.before);
  const services = plan.services.filter(({ service }) => touched.has(service));
  const signal = new AbortController().signal;
  await executePlan(session, scope, model, { ...plan, services }, footprint, journal, signal);
}

/** Services of which a container from before is spent or gone: stopped by this deploy on its way. */
async function touchedBefore(session: Session, failed: FailedDeploy): Promise<readonly string[]> {
  const containers = await listProjectContainers(session.host, failed.project);
  return containers
    .filter((c) => failed.footprint.before.has(c.id) && (failed.footprint.spent.has(c.id) || c.status === 'exited'))
    .map((container) => container.service);
}

async function rollbackFailed(session: Session, failed: FailedDeploy, cause: unknown): Promise<RolloutError> {
  await failed.journal.append('rollback-failed').catch(() => undefined);
  const running = await listProjectContainers(session.host, failed.project)
    .then((containers) => formatDigests(runningDigests(containers)).replaceAll('\n', ', ') || 'nothing')
    .catch(() => 'unknown: the server cannot be reached');
  return new RolloutError({
    code: 'ROLLBACK_FAILED',
    message: `${session.host.name}: the deploy failed and the way back failed too: ${describeThrown(cause)} Running now: ${running}.`,
    hint: `Look at the server: docker compose -p ${failed.project} ps. Journal: .deploy/journal/${failed.journal.deployId}.jsonl.`,
    evidence: isDeployError(cause) ? cause.evidence : [],
    cause,
  });
}
