import { DeployError, describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import { resolveModel, type ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { preflight } from '@deploy-actions/kit/compose/preflight';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { HostError } from '@deploy-actions/kit/host/host';
import { openJournal, type Journal } from '@deploy-actions/kit/state/journal';
import {
  nextReleaseNumber,
  writeRelease,
  type Ledger,
  type RecordedPin,
  type Release,
} from '@deploy-actions/kit/state/release';
import { activateStagedTree, buildStagedView, type StagedTree } from '@deploy-actions/kit/state/staged-tree';
import { commitRelease, readMigration } from './commit.ts';
import { RolloutError } from './errors.ts';
import { pullImages } from './images.ts';
import { runningDigests, type Report } from './report.ts';
import { changedServices, type RolloutPlan } from './rollout-plan.ts';
import { executePlan, makePlan, newFootprint, type Footprint } from './rollout.ts';
import type { Session } from './session.ts';
import { logPlan } from './summary.ts';
import { startTimings, type Timings } from './timings.ts';
import { takeWayBack } from './way-back.ts';

/** What shall run: the pins, and the file set to make live with them. */
export interface Intent {
  readonly pins: readonly RecordedPin[];
  /** The pins that this step's inputs name; each must change something in the model. */
  readonly given: readonly RecordedPin[];
  readonly staged: StagedTree | undefined;
}

/** A deploy that has been looked at, and not begun. */
export interface Prepared {
  readonly deployId: string;
  readonly ledger: Ledger;
  readonly intent: Intent;
  readonly scope: ComposeScope;
  readonly model: ComposeModel;
  readonly plan: RolloutPlan;
  /** The server's, `linux/amd64`. */
  readonly platform: string;
  readonly before: readonly Container[];
  readonly footprint: Footprint;
  readonly timings: Timings;
}

/** Looks at everything and changes nothing: the plan, made from the files as they will be. */
export async function prepare(session: Session, ledger: Ledger, intent: Intent): Promise<Prepared> {
  const { host, inputs, clock } = session;
  const { settings } = inputs;
  const timings = startTimings(clock);
  const baseDir =
    intent.staged === undefined
      ? settings.deployPath
      : await buildStagedView(host, settings.deployPath, intent.staged.releaseId);
  const scope: ComposeScope = { host, settings, baseDir, pins: intent.pins };
  const { model, versions } = await preflight(scope, intent.given);
  const before = await listProjectContainers(host, model.name);
  const footprint = newFootprint(before.map((container) => container.id));
  const plan = await makePlan(session, model, before, footprint);
  refuseUnsupported(model, plan);
  timings.mark('plan');
  session.log(`${host.name}: Docker ${versions.engine}, Compose ${versions.compose}, project ${model.name}`);
  logPlan(session.log, plan);
  return {
    deployId: newDeployId(clock.date()),
    platform: versions.platform,
    ledger,
    intent,
    scope,
    model,
    plan,
    before,
    footprint,
    timings,
  };
}

/** Nothing is touched when a service to be changed needs what `docker start` does not do (ADR 0005). */
function refuseUnsupported(model: ComposeModel, plan: RolloutPlan): void {
  for (const { service } of changedServices(plan)) {
    const extra = model.services[service]?.startExtra;
    if (extra === undefined) continue;
    throw new RolloutError({
      code: 'UNSUPPORTED',
      message: `service ${service} uses ${extra}, which only Compose's own start does. Nothing was changed.`,
      hint: 'Put the text into a file and name it with `file:`, or do the hook in the image’s entry point.',
    });
  }
}

/** Sorts by time: the newest journal is the last deploy. The random part is for people who compare servers. */
function newDeployId(date: Date): string {
  const stamp = date.toISOString().replaceAll(/[-:.]/g, '');
  return `${stamp}-${Math.random().toString(16).slice(2, 8).padEnd(6, '0')}`;
}

/**
 * Pull, swap files, roll, commit; at any failure everything goes back. Never throws for a deploy that failed: the
 * report says what happened and carries the failure.
 */
export async function deploy(session: Session, prepared: Prepared): Promise<Report> {
  const { plan, intent, timings, model } = prepared;
  const changed = changedServices(plan);
  if (changed.length === 0 && intent.staged === undefined && isSamePins(prepared)) return noop(session, prepared);
  await pullImages(session, prepared.scope, model, changed, prepared.platform);
  timings.mark('pull');
  const journal = openJournal(session.host, session.inputs.settings.deployPath, prepared.deployId);
  try {
    await roll(session, prepared, journal);
  } catch (thrown) {
    return wayBack(session, prepared, journal, asDeployError(thrown));
  }
  return report(session, prepared, 'deployed', undefined);
}

function isSamePins({ intent, ledger }: Prepared): boolean {
  const text = (pins: readonly RecordedPin[]): string =>
    pins
      .map((pin) => `${pin.kind} ${pin.name}=${pin.ref}`)
      .sort()
      .join('\n');
  return ledger.current !== undefined && text(ledger.current.pins) === text(intent.pins);
}

async function roll(session: Session, prepared: Prepared, journal: Journal): Promise<void> {
  const { intent, footprint, ledger, timings } = prepared;
  const { deployPath } = session.inputs.settings;
  await journal.append('begin', {
    project: prepared.model.name,
    before: [...footprint.before],
    staged: intent.staged?.releaseId ?? null,
    previous: ledger.current?.number ?? null,
  });
  if (intent.staged !== undefined) {
    await journal.append('files-swapped', { releaseId: intent.staged.releaseId });
    const files = await activateStagedTree(session.host, deployPath, intent.staged.releaseId);
    session.log(`files: ${files.changed.length} changed, ${files.deleted.length} deleted, now live`);
  }
  const scope: ComposeScope = { ...prepared.scope, baseDir: deployPath };
  // Looked at again once the files are live: they, and not a view of them, are what the containers are made from.
  const isView = intent.staged !== undefined;
  const model = isView ? await resolveModel(scope) : prepared.model;
  const plan = isView ? await makePlan(session, model, prepared.before, footprint) : prepared.plan;
  await executePlan(session, scope, model, plan, footprint, journal, session.signal);
  timings.mark('roll');
  session.signal.throwIfAborted();
  await commit(session, prepared, model, journal);
  timings.mark('commit');
}

async function commit(session: Session, prepared: Prepared, model: ComposeModel, journal: Journal): Promise<void> {
  const { settings } = session.inputs;
  const { intent } = prepared;
  const migration = await readMigration(session);
  const running = runningDigests(await listProjectContainers(session.host, model.name));
  await commitRelease(session, journal, {
    activated: intent.staged?.releaseId,
    block: {
      composeFiles: model.composeFiles,
      projectName: settings.projectName,
      profiles: settings.profiles,
      pins: intent.pins,
    },
    release: {
      ...recordOf(session, prepared, 'ok', running),
      ...(migration === undefined ? {} : { migration }),
    },
  });
}

function recordOf(
  session: Session,
  prepared: Prepared,
  result: Release['result'],
  digests: Readonly<Record<string, string>>,
): Release {
  const { owner, clock } = session;
  const { intent, ledger, timings } = prepared;
  const filesRelease = intent.staged?.releaseId ?? ledger.current?.filesRelease;
  return {
    number: nextReleaseNumber(ledger),
    result,
    pins: intent.pins,
    digests,
    ...(filesRelease === undefined ? {} : { filesRelease }),
    composeHash: '',
    commit: owner.commit,
    runUrl: owner.runUrl,
    actor: owner.actor,
    startedAt: timings.startedAt.toISOString(),
    finishedAt: clock.date().toISOString(),
  };
}

/** After a lost connection nobody knows; else the way back, and the record of a release that did not make it. */
async function wayBack(session: Session, prepared: Prepared, journal: Journal, failure: DeployError): Promise<Report> {
  if (failure instanceof HostError && failure.code === 'CONNECTION_LOST')
    return report(session, prepared, 'unknown', failure);
  for (const line of failure.evidence) session.log(`  ${line}`);
  session.log(`FAILED: ${failure.message}`);
  const { timings, intent, ledger } = prepared;
  timings.mark('roll');
  try {
    await takeWayBack(session, {
      journal,
      ledger,
      project: prepared.model.name,
      footprint: prepared.footprint,
      activated: intent.staged?.releaseId,
    });
  } catch (thrown) {
    return report(session, prepared, 'rollback_failed', asDeployError(thrown));
  }
  timings.mark('rollback');
  const record = recordOf(session, prepared, 'rolled_back', {});
  const error = { code: failure.code, message: failure.message };
  await writeRelease(session.host, session.inputs.settings.deployPath, { ...record, error }, false);
  return report(session, prepared, 'rolled_back', failure);
}

function asDeployError(thrown: unknown): DeployError {
  if (isDeployError(thrown)) return thrown;
  return new DeployError({ code: 'BUG', message: `unexpected error: ${describeThrown(thrown)}`, cause: thrown });
}

function noop(session: Session, prepared: Prepared): Promise<Report> {
  session.log('Nothing to do: everything runs as wanted.');
  return report(session, prepared, 'noop', undefined);
}

/** The report states what `docker inspect` shows now, not what was intended (I6 of docs/architecture.md). */
async function report(
  session: Session,
  prepared: Prepared,
  outcome: Report['outcome'],
  failure: DeployError | undefined,
): Promise<Report> {
  const { ledger, plan, before, timings, model } = prepared;
  const containers = outcome === 'unknown' ? [] : await listProjectContainers(session.host, model.name);
  const digests = runningDigests(containers);
  const current = ledger.current?.number;
  const serving = Object.keys(digests).length === 0 ? 'nothing' : `release ${current ?? 'before the first'}`;
  const sentences: Record<Report['outcome'], string> = {
    planned: 'Nothing was changed.',
    refused: 'Nothing was changed.',
    noop: `Release ${current ?? 'none'} serves, unchanged.`,
    deployed: `Release ${nextReleaseNumber(ledger)} serves.`,
    rolled_back: `Rolled back: ${serving} runs as before. Fix the image and deploy again.`,
    rollback_failed: 'The way back failed: look at the server now.',
    unknown: `The connection was lost: what runs is unknown. The post step or the next run finds out and settles it.`,
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
    previousDigests: runningDigests(before),
    timings: timings.all(),
    nowServing: sentences[outcome],
  };
}

/** The report of `mode: plan`. */
export function planned(session: Session, prepared: Prepared): Promise<Report> {
  return report(session, prepared, 'planned', undefined);
}
