import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { preflight } from '@deploy-actions/kit/compose/preflight';
import { nextDeployId } from '@deploy-actions/kit/state/journal';
import type { Ledger, RecordedMigration, RecordedPin, Release } from '@deploy-actions/kit/state/release';
import { buildStagedView, type StagedTree } from '@deploy-actions/kit/state/staged-tree';
import { refuseByNotes } from '@deploy-actions/kit/plan/refusal';
import { assessServer } from './assessment/assessment.ts';
import { refuseUnsupported } from '@deploy-actions/kit/plan/engine-needs';
import { nameDigests, noteImages } from '@deploy-actions/kit/plan/image-policy';
import { newFootprint, type Footprint } from './footprint.ts';
import { changedServices, type PlanWishes, type RolloutPlan } from '@deploy-actions/kit/plan/rollout-plan';
import { makePlan, observe, type Observation } from './rollout.ts';
import { noteRoutes } from './route/route-notes.ts';
import { refuseUnknownHooks } from './route/route-settings.ts';
import type { ServerState } from './server-state.ts';
import type { Session } from './session.ts';
import { logPlan } from './summary.ts';
import { startTimings, type Timings } from './timings.ts';
import { planWishes } from './wishes.ts';

/** What shall run: the pins, and the file set to make live with them. */
export interface Intent {
  readonly pins: readonly RecordedPin[];
  /** The pins that this step's inputs name; each must change something in the model. */
  readonly given: readonly RecordedPin[];
  readonly staged: StagedTree | undefined;
  /** The release that a rollback brings back. */
  readonly restores?: Release;
  /** Containers that a rollback which died left without proof, or had told to go: they are replaced. */
  readonly spent?: ReadonlySet<string>;
}

/** A deploy that has been looked at, and not begun. */
export interface Prepared {
  readonly deployId: string;
  readonly ledger: Ledger;
  readonly intent: Intent;
  readonly scope: ComposeScope;
  readonly model: ComposeModel;
  readonly plan: RolloutPlan;
  readonly wishes: PlanWishes;
  /** The server's, `linux/amd64`. */
  readonly platform: string;
  /** The project before the deploy. */
  readonly observation: Observation;
  readonly footprint: Footprint;
  readonly migration: RecordedMigration | undefined;
  readonly timings: Timings;
}

/** Looks at everything and changes nothing: the plan, made from the files as they will be. */
export async function prepare(session: Session, state: ServerState, intent: Intent): Promise<Prepared> {
  const { host, inputs, clock } = session;
  const { settings } = inputs;
  const timings = startTimings(clock);
  const baseDir =
    intent.staged === undefined
      ? settings.deployPath
      : await buildStagedView(host, settings.deployPath, intent.staged.releaseId);
  const wanted: ComposeScope = { host, settings, baseDir, pins: intent.pins };
  const { model, versions, pins } = await preflight(wanted, intent.given, session.docker());
  const observation = await observe(session, model);
  const footprint = newFootprint(observation.containers.map((container) => container.id));
  for (const id of intent.spent ?? []) footprint.spent.add(id);
  const isRollback = inputs.mode === 'rollback' || intent.restores !== undefined;
  const wishes = planWishes(inputs.wishes, isRollback, state.ledger, model);
  if (!isRollback) refuseUnknownHooks(inputs.routing, model);
  const drawn = makePlan(model, observation, footprint, undefined, wishes);
  const { plan: assessed, notes: serverNotes } = await assessServer(
    session,
    model,
    drawn,
    observation,
    wishes.maxSurge,
  );
  const { containers, images } = observation;
  const plan = { ...assessed, services: nameDigests(assessed.services, images) };
  refuseUnsupported(model, plan, versions.engine);
  const notes = [
    ...noteImages({
      model,
      changed: changedServices(plan),
      unchanged: plan.services.filter(({ action }) => action === 'unchanged'),
      containers,
      images,
      // What a rollback restores was accepted once.
      allowsMutableTags: isRollback || inputs.wishes.allowsMutableTags,
      healthcheck: isRollback ? 'ignore' : inputs.wishes.healthcheck,
    }),
    ...serverNotes,
    ...noteRoutes(model, inputs.routing, changedServices(plan)),
  ];
  timings.mark('plan');
  session.log(`${host.name}: Docker ${versions.engine}, Compose ${versions.compose}, project ${model.name}`);
  logPlan(session.log, { ...plan, notes });
  if (inputs.mode !== 'plan') await refuseByNotes(session.host, notes);
  return {
    deployId: nextDeployId(state.lastDeployId, clock.date()),
    platform: versions.platform,
    ledger: state.ledger,
    migration: state.migration,
    intent: { ...intent, pins },
    scope: { ...wanted, pins },
    model,
    plan: { ...plan, notes },
    wishes,
    observation,
    footprint,
    timings,
  };
}
