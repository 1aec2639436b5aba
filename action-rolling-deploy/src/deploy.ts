import { DeployError, describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import { resolveModel, type ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { runBatch } from '@deploy-actions/kit/host/batch';
import { openJournal, type Journal } from '@deploy-actions/kit/state/journal';
import {
  auditPart,
  nextReleaseNumber,
  writeReleasePart,
  type RecordedPin,
  type Release,
} from '@deploy-actions/kit/state/release';
import { activateStagedTree } from '@deploy-actions/kit/state/staged-tree';
import { recordAdopted } from './adoption.ts';
import { commitRelease } from './commit.ts';
import { describeRunning } from '@deploy-actions/kit/plan/image-policy';
import { abandonRollback } from './failed-rollback.ts';
import { readRunIdentity } from './fencing.ts';
import { planRenewal } from '@deploy-actions/kit/plan/network-renewal';
import { cleanImages } from './image-retention.ts';
import { pullImages } from './images.ts';
import type { Prepared } from './prepare.ts';
import { recordRelease } from './release-record.ts';
import type { Report } from './report.ts';
import { rejectedReleases } from './rollback-target.ts';
import { changedServices, type RolloutPlan } from '@deploy-actions/kit/plan/rollout-plan';
import { executePlan, makePlan, observe, type Observation } from './rollout.ts';
import type { Session } from './session.ts';
import { takeWayBack } from './way-back.ts';

/**
 * Pull, swap files, roll, commit; at any failure everything goes back. Never throws for a deploy that failed: the
 * report says what happened and carries the failure.
 */
export async function deploy(session: Session, prepared: Prepared): Promise<Report> {
  const { plan, intent, timings, model } = prepared;
  const changed = changedServices(plan);
  if (changed.length === 0 && intent.staged === undefined && isSamePins(prepared)) return noop(session, prepared);
  const { scope, observation, platform } = prepared;
  const images = await pullImages(session, scope, model, changed, platform, observation.images);
  const ready = await recordAdopted(session, { ...prepared, observation: { ...observation, images } });
  timings.mark('pull');
  // From here on something is touched, whatever ends the step; the report overwrites it.
  session.runner.output('outcome', 'unknown');
  const journal = openJournal(session.host, session.inputs.settings.deployPath, prepared.deployId);
  let containers: readonly Container[];
  try {
    containers = await roll(session, ready, journal);
  } catch (thrown) {
    return wayBack(session, ready, journal, causeOf(session, thrown));
  }
  await cleanImages(session, {
    ledger: ready.ledger,
    retain: session.inputs.retain,
    current: [...intent.pins.map(({ ref }) => ref), ...Object.values(describeRunning(containers, images))],
  });
  return report(session, ready, 'deployed', undefined, containers);
}

function isSamePins({ intent, ledger }: Prepared): boolean {
  const text = (pins: readonly RecordedPin[]): string =>
    pins
      .map((pin) => `${pin.kind} ${pin.name}=${pin.ref}`)
      .sort()
      .join('\n');
  return ledger.current !== undefined && text(ledger.current.pins) === text(intent.pins);
}

/** @returns the project's containers after the commit */
async function roll(session: Session, prepared: Prepared, journal: Journal): Promise<readonly Container[]> {
  const { intent, footprint, ledger, timings } = prepared;
  const { deployPath } = session.inputs.settings;
  await journal.append('begin', {
    project: prepared.model.name,
    before: [...footprint.before],
    staged: intent.staged?.releaseId ?? null,
    previous: ledger.current?.number ?? null,
    restores: intent.restores?.number ?? null,
  });
  if (intent.staged !== undefined) {
    await journal.append('files-swapped', { releaseId: intent.staged.releaseId });
    const files = await activateStagedTree(session.host, deployPath, intent.staged.releaseId);
    session.log(`files: ${files.changed.length} changed, ${files.deleted.length} deleted, now live`);
  }
  const scope: ComposeScope = { ...prepared.scope, baseDir: deployPath };
  const { model, plan, observation } = await planLive(session, prepared, scope);
  const { signal } = session;
  const { bakeMs } = session.inputs;
  const execution = { scope, model, plan, observation, footprint, journal, signal, bakeMs };
  const { containers, settled } = await executePlan(session, execution);
  timings.mark('roll');
  const removed = plan.services.filter(({ action }) => action === 'remove');
  const staying = containers.filter(({ service }) => !removed.some((orphan) => orphan.service === service));
  const after = await commitRelease(session, journal, model.name, {
    block: {
      composeFiles: model.composeFiles,
      projectName: session.inputs.settings.projectName,
      profiles: session.inputs.settings.profiles,
      pins: intent.pins,
    },
    release: {
      ...recordOf(session, prepared, 'ok', staying),
      digests: describeRunning(staying, observation.images),
      ...(prepared.migration === undefined ? {} : { migration: prepared.migration }),
    },
    ...(intent.restores === undefined ? {} : { rejected: rejectedReleases(ledger) }),
    orphans: removed.flatMap(({ stale, leftovers }) => [...stale, ...leftovers]),
  }).finally(() => settled);
  timings.mark('commit');
  return after ?? staying;
}

/** Looked at again once staged files are live: they, and not a view of them, are what the containers are made from. */
async function planLive(
  session: Session,
  prepared: Prepared,
  scope: ComposeScope,
): Promise<{ readonly model: ComposeModel; readonly plan: RolloutPlan; readonly observation: Observation }> {
  const { intent, footprint, observation } = prepared;
  if (intent.staged === undefined) return prepared;
  const model = await resolveModel(scope);
  const seen = await observe(session, model);
  const images = new Map([...observation.images, ...seen.images]);
  return {
    model,
    plan: {
      ...planRenewal(makePlan(model, seen, footprint, undefined, prepared.wishes), prepared.plan.renewal),
      isOneByOne: prepared.plan.isOneByOne === true,
    },
    observation: { ...seen, images },
  };
}

function recordOf(
  session: Session,
  { intent, ledger, timings }: Prepared,
  result: Release['result'],
  containers: readonly Container[],
): Release {
  return recordRelease(
    {
      ledger,
      owner: session.owner,
      run: readRunIdentity(session.runner),
      pins: intent.pins,
      filesRelease: intent.staged?.releaseId,
      restores: intent.restores,
      startedAt: timings.startedAt.toISOString(),
      finishedAt: session.clock.date().toISOString(),
    },
    result,
    containers,
  );
}

/**
 * After a lost connection nobody knows, after a lost lease it is the next holder's to settle, and a commit that began is
 * finished; else the way back, and the record of a release that did not make it. A rollback that failed is not rolled back.
 */
async function wayBack(session: Session, prepared: Prepared, journal: Journal, failure: DeployError): Promise<Report> {
  if (['CONNECTION_LOST', 'LEASE_LOST', 'COMMIT_UNFINISHED'].includes(failure.code))
    return report(session, prepared, 'unknown', failure);
  for (const line of failure.evidence) session.log(`  ${line}`);
  session.log(`FAILED: ${failure.message}`);
  const { timings, intent, ledger, footprint } = prepared;
  timings.mark('roll');
  const failed = { journal, ledger, project: prepared.model.name, footprint, activated: intent.staged?.releaseId };
  const isCancelled = failure.code === 'CANCELLED';
  try {
    if (intent.restores !== undefined && !isCancelled)
      throw await abandonRollback(session, { ...failed, cause: failure });
    await takeWayBack(session, { ...failed, cause: failure });
  } catch (thrown) {
    await recordFailure(session, prepared, 'failed', asDeployError(thrown));
    return report(session, prepared, 'rollback_failed', asDeployError(thrown));
  }
  timings.mark('rollback');
  await recordFailure(session, prepared, 'rolled_back', failure);
  return report(session, prepared, isCancelled ? 'cancelled' : 'rolled_back', failure);
}

/** A record that cannot be written must not hide what it would have told. */
async function recordFailure(
  session: Session,
  prepared: Prepared,
  result: 'rolled_back' | 'failed',
  { code, message }: DeployError,
): Promise<void> {
  const record = { ...recordOf(session, prepared, result, []), error: { code, message } };
  const { deployPath } = session.inputs.settings;
  const { actor, runUrl, commit } = session.owner;
  const what = result === 'failed' ? 'way back failed' : 'went back';
  const line = { at: record.finishedAt, what, release: record.number, actor, runUrl, commit, error: code };
  await runBatch(session.host, [writeReleasePart(deployPath, record, false), auditPart(deployPath, line)]).catch(
    (thrown: unknown) => {
      session.log(`the record of this deploy could not be written: ${describeThrown(thrown)}`);
    },
  );
}

/** What was cut short because the lease is lost is not cancelled: it is the next holder's. */
function causeOf({ signal }: Session, thrown: unknown): DeployError {
  const reason: unknown = signal.reason;
  return signal.aborted && isDeployError(reason) && reason.code === 'LEASE_LOST' ? reason : asDeployError(thrown);
}

function asDeployError(thrown: unknown): DeployError {
  if (isDeployError(thrown)) return thrown;
  return new DeployError({ code: 'BUG', message: `unexpected error: ${describeThrown(thrown)}`, cause: thrown });
}

function noop(session: Session, prepared: Prepared): Promise<Report> {
  session.log('Nothing to do: everything runs as wanted.');
  return report(session, prepared, 'noop', undefined, prepared.observation.containers);
}

/** The report states what `docker inspect` shows now, not what was intended (I6 of docs/architecture.md). */
async function report(
  session: Session,
  prepared: Prepared,
  outcome: Report['outcome'],
  failure: DeployError | undefined,
  seen?: readonly Container[],
): Promise<Report> {
  const { ledger, plan, observation, timings, model } = prepared;
  const found = outcome === 'unknown' ? [] : (seen ?? (await lookAgain(session, model.name)));
  const containers = found ?? [];
  session.log(`${session.host.commandCount} remote commands so far`);
  const digests = describeRunning(containers, observation.images);
  const current = ledger.current?.number;
  const isEmpty = found !== undefined && Object.keys(digests).length === 0;
  const serving = isEmpty ? 'nothing' : `release ${current ?? 'before the first'}`;
  const sentences: Record<Report['outcome'], string> = {
    planned: 'Nothing was changed.',
    refused: 'Nothing was changed.',
    noop: `Release ${current ?? 'none'} serves, unchanged.`,
    deployed: `Release ${nextReleaseNumber(ledger)} serves.`,
    rolled_back: `Rolled back: ${serving} runs as before. Fix the image and deploy again.`,
    cancelled: `Cancelled: ${serving} runs as before.`,
    recovered: `Release ${current ?? 'none'} serves.`,
    rollback_failed: 'The way back failed: look at the server now.',
    unknown: describeUnknown(failure),
  };
  return {
    outcome,
    failure,
    deployId: prepared.deployId,
    host: session.host.name,
    project: model.name,
    release: outcome === 'deployed' ? nextReleaseNumber(ledger) : current,
    previousRelease: current,
    plan,
    changed: changedServices(plan).map(({ service }) => service),
    digests,
    previousDigests: describeRunning(observation.containers, observation.images),
    timings: timings.all(),
    nowServing: found === undefined ? `${sentences[outcome]} ${notSeen}` : sentences[outcome],
  };
}

const notSeen = 'The server did not say what runs now; the last look before was good.';

/** What the engine has proved stands, whether or not the server answers once more: undefined where it does not. */
async function lookAgain({ host, log }: Session, project: string): Promise<readonly Container[] | undefined> {
  try {
    return await listProjectContainers(host, project);
  } catch (thrown) {
    log(`what runs could not be listed for the report: ${describeThrown(thrown)}`);
    return undefined;
  }
}

function describeUnknown(failure: DeployError | undefined): string {
  switch (failure?.code) {
    case 'LEASE_LOST':
      return 'Another run took over: what runs is unknown here. That run settles what this one had begun.';
    case 'COMMIT_UNFINISHED':
      return 'The new release serves. The post step or the next run finishes recording it.';
    default:
      return 'The connection was lost: what runs is unknown. The post step or the next run finds out and settles it; `mode: status` shows it.';
  }
}

/** The report of `mode: plan`. */
export function planned(session: Session, prepared: Prepared): Promise<Report> {
  return report(session, prepared, 'planned', undefined, prepared.observation.containers);
}
