import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import type { Journal } from '@deploy-actions/kit/state/journal';
import type { RolloutContext } from './rollout-context.ts';
import { changedServices, planRollout, type RolloutPlan } from './rollout-plan.ts';
import { rollService } from './service-rollout.ts';
import { readWantedHashes, type Session } from './session.ts';

/** What a rollout knows of the containers before it and of its own doings; survives in the journal. */
export interface Footprint {
  readonly before: ReadonlySet<string>;
  readonly created: Map<string, readonly string[]>;
  readonly known: Set<string>;
  readonly spent: Set<string>;
}

/** The footprint of a deploy that begins now. */
export function newFootprint(before: readonly string[]): Footprint {
  return { before: new Set(before), known: new Set(before), created: new Map(), spent: new Set() };
}

/** Plan of a model against what runs. */
export async function makePlan(
  session: Session,
  model: ComposeModel,
  containers: readonly Container[],
  footprint: Footprint,
  keep: ReadonlySet<string> = new Set(),
): Promise<RolloutPlan> {
  const wantedHashes = await readWantedHashes(session.host, session.inputs.settings, model);
  return planRollout(model, { containers, wantedHashes, keep, spent: footprint.spent });
}

/** Executes a plan, service by service in dependency order. Throws at the first failure, leaving things as they are. */
export async function executePlan(
  session: Session,
  scope: ComposeScope,
  model: ComposeModel,
  plan: RolloutPlan,
  footprint: Footprint,
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  const context: RolloutContext = {
    host: session.host,
    scope,
    model,
    journal,
    signal,
    clock: session.clock,
    log: session.log,
    known: footprint.known,
    created: footprint.created,
    spent: footprint.spent,
    options: {
      healthTimeoutMs: session.inputs.healthTimeout,
      minHealthyMs: session.inputs.minHealthy,
    },
  };
  for (const service of changedServices(plan)) {
    signal.throwIfAborted();
    await rollService(context, service);
  }
}
