import { describeThrown, isDeployError, type DeployError } from '@deploy-actions/kit/action/errors';
import { resolveModel, type ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { runBatch } from '@deploy-actions/kit/host/batch';
import { execOrThrow } from '@deploy-actions/kit/host/host';
import type { Journal } from '@deploy-actions/kit/state/journal';
import type { Ledger } from '@deploy-actions/kit/state/release';
import { undoActivationPart } from '@deploy-actions/kit/state/staged-tree';
import { poll, type Look } from '@deploy-actions/kit/time/poll';
import { pinsToRestore } from './adoption.ts';
import { judgeContainer } from './container-health.ts';
import { RolloutError } from './errors.ts';
import type { Footprint } from './footprint.ts';
import { formatDigests, runningDigests } from './report.ts';
import { hasEnded, noWishes } from '@deploy-actions/kit/plan/rollout-plan';
import { executePlan, makePlan, observe, type Observation } from './rollout.ts';
import type { Session } from './session.ts';

/** How long a container that somebody restarted may take before it does not count as serving. */
const othersBootMs = 60_000;

/** A deploy that must be undone. */
export interface FailedDeploy {
  readonly project: string;
  readonly journal: Journal;
  readonly footprint: Footprint;
  readonly ledger: Ledger;
  /** The staged tree that was made live, or may have been. */
  readonly activated: string | undefined;
  /** What it failed with; undefined for one whose runner died. */
  readonly cause: DeployError | undefined;
}

/**
 * Takes everything back: files first, then every service this deploy touched, by the same engine with the pins of the
 * current release. What still runs from before is kept as it is. It does not stop half-way when the step is cancelled:
 * the signal is a new one.
 * @throws RolloutError ROLLBACK_FAILED saying exactly what runs
 */
export async function takeWayBack(session: Session, failed: FailedDeploy): Promise<void> {
  const { journal } = failed;
  try {
    await journal.append('rollback-started');
    if (failed.activated !== undefined) {
      session.log('putting the previous files back');
      await undoFiles(session, failed.activated);
    }
    if (failed.cause?.code === 'CONCURRENT_CHANGE') await stepAside(session, failed);
    else if (hasNothingToRestore(failed))
      await removeContainers(session, [...failed.footprint.created.values()].flat());
    else await restoreServices(session, failed);
    await journal.append('rollback-done');
  } catch (thrown) {
    throw await rollbackFailed(session, failed, thrown);
  }
}

/** Puts the files of before back, for a deploy and for an explicit rollback that did not reach its end. */
export async function undoFiles(session: Session, releaseId: string): Promise<void> {
  const { deployPath } = session.inputs.settings;
  // A tree whose release failed must not go live with a later rollout that has nothing staged of its own.
  await runBatch(session.host, [
    undoActivationPart(session.host, deployPath, releaseId),
    { purpose: 'drop the staged files', source: 'rm -rf "$1/.deploy/staged/$2"', args: [deployPath, releaseId] },
  ]);
}

/**
 * Before the first release, with no stack of a person's recorded: the files of before resolve to nothing, so the way back
 * is to remove what this deploy made. What ran (a database that action-migrate started) was not touched. Pure.
 */
export function hasNothingToRestore({ footprint, ledger }: Pick<FailedDeploy, 'footprint' | 'ledger'>): boolean {
  if (ledger.current !== undefined) return false;
  if (footprint.before.size === 0) return true;
  return footprint.touched.size === 0 && !ledger.releases.some(({ isAdopted }) => isAdopted === true);
}

/** A first deploy that failed leaves no container of its own behind; volumes stay. */
async function removeContainers(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  session.log(`removing ${ids.length} new container(s)`);
  await execOrThrow(session.host, ['docker', 'rm', '--force', ...ids], { timeoutMs: 60_000 });
}

/**
 * Somebody else changes the project: nothing of theirs is touched. New containers of this deploy go where enough others
 * serve without them, and stay where they are all there is.
 */
async function stepAside(session: Session, failed: FailedDeploy): Promise<void> {
  const containers = await waitForOthers(session, failed);
  const needless = chooseSurplus(containers, failed.footprint);
  await removeContainers(
    session,
    needless.map(({ id }) => id),
  );
  const left = await listProjectContainers(session.host, failed.project);
  const [lost] = [...failed.footprint.created.keys(), ...failed.footprint.touched].filter(
    (service) => !left.some((container) => container.service === service && container.status === 'running'),
  );
  if (lost !== undefined)
    throw new RolloutError({
      code: 'CONCURRENT_CHANGE',
      message: `nothing of service ${lost} runs after that change.`,
    });
}

/** What somebody restarted boots first: the look that decides is the one after that, as long as it may take. */
async function waitForOthers(session: Session, { project, footprint }: FailedDeploy): Promise<readonly Container[]> {
  const made = new Set([...footprint.created.values()].flat());
  const services = new Set(footprint.created.keys());
  const isBooting = (container: Container): boolean =>
    services.has(container.service) && !made.has(container.id) && judgeContainer(container).kind === 'waiting';
  let containers: readonly Container[] = [];
  const look = async (): Promise<Look<readonly Container[]>> => {
    containers = await listProjectContainers(session.host, project);
    const booting = containers.filter(
      (container) => !container.isOneOff && !hasEnded(container) && isBooting(container),
    );
    if (booting.length === 0) return { done: true, value: containers };
    return { done: false, seen: booting.map(({ name }) => name).join(', ') };
  };
  await poll(look, { clock: session.clock, intervalMs: 500, deadlineMs: othersBootMs });
  return containers;
}

/**
 * New containers of services that enough others serve: well, and not merely started. Those stay that are all there is.
 * Pure.
 */
export function chooseSurplus(
  containers: readonly Container[],
  { created, before }: Pick<Footprint, 'created' | 'before'>,
): readonly Container[] {
  return [...created].flatMap(([service, ids]) => {
    const own = containers.filter((container) => container.service === service && !container.isOneOff);
    const others = own.filter((container) => !ids.includes(container.id) && judgeContainer(container).kind === 'ready');
    const wanted = own.filter(({ id }) => before.has(id)).length;
    return others.length > 0 && others.length >= wanted ? own.filter(({ id }) => ids.includes(id)) : [];
  });
}

async function restoreServices(session: Session, failed: FailedDeploy): Promise<void> {
  const { footprint, ledger, journal } = failed;
  const { settings } = session.inputs;
  const scope: ComposeScope = {
    host: session.host,
    settings,
    baseDir: settings.deployPath,
    pins: pinsToRestore(ledger),
  };
  const model = await resolveModel(scope);
  const { maxSurge } = session.inputs.wishes;
  const observation = await observe(session, model);
  const touched = new Set([...footprint.created.keys(), ...footprint.touched, ...endedBefore(observation, footprint)]);
  const gone = [...touched].filter((service) => model.services[service] === undefined);
  await removeContainers(
    session,
    gone.flatMap((service) => footprint.created.get(service) ?? []),
  );
  const plan = makePlan(model, observation, footprint, footprint.before, { ...noWishes, maxSurge });
  const services = plan.services.filter(({ service }) => touched.has(service));
  const { signal } = new AbortController();
  const { renewal } = footprint;
  const wayBack = { ...plan, services, ...(renewal === undefined ? {} : { renewal }) };
  const executed = await executePlan(session, { scope, model, plan: wayBack, observation, footprint, journal, signal });
  await executed.settled;
}

/** Services of which a container from before has ended: this deploy may have stopped it on its way. */
function endedBefore({ containers }: Observation, { before }: Footprint): readonly string[] {
  return containers
    .filter(({ id, status }) => before.has(id) && status === 'exited')
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
