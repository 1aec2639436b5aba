import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { observeProject, type ProjectObservation } from '@deploy-actions/kit/plan/observation';
import type { Journal } from '@deploy-actions/kit/state/journal';
import { bake, refuseLapsed } from './container-wait.ts';
import { findMoved } from '@deploy-actions/kit/plan/dragged-dependencies';
import type { Footprint } from './footprint.ts';
import { justSeen, type RolloutContext } from './rollout-context.ts';
import {
  noWishes,
  planRollout,
  type PlanWishes,
  type RolloutPlan,
  type ServicePlan,
} from '@deploy-actions/kit/plan/rollout-plan';
import { createRoute } from './route/create-route.ts';
import { renewNetworks } from './network-renewal.ts';
import { rollService } from './service-rollout.ts';
import type { Session } from './session.ts';
import { dependencyClosure } from '@deploy-actions/kit/plan/strategy';

/** What is, next to what is wanted, and when it was seen. */
export interface Observation extends ProjectObservation {
  /** By the session's clock. */
  readonly seenAt: number;
}

/**
 * Looks at a project.
 * @throws ComposeError COMPOSE_INVALID
 */
export async function observe({ host, inputs, clock }: Session, model: ComposeModel): Promise<Observation> {
  const observed = await observeProject(host, inputs.settings, model);
  return { seenAt: clock.now(), ...observed };
}

/**
 * Plan of a model against what runs.
 * @throws ConfigurationError for labels of a worker that cannot be
 */
export function makePlan(
  model: ComposeModel,
  { containers, wantedHashes, images }: Observation,
  footprint: Footprint,
  keep: ReadonlySet<string> = new Set(),
  wishes: PlanWishes = noWishes,
): RolloutPlan {
  const moved = findMoved(model, containers, images);
  return planRollout(model, { containers, wantedHashes, keep, spent: footprint.spent, moved }, wishes);
}

/** What {@link executePlan} needs. */
export interface Execution {
  readonly scope: ComposeScope;
  readonly model: ComposeModel;
  readonly plan: RolloutPlan;
  readonly observation: Observation;
  readonly footprint: Footprint;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  /** How long everything is watched at the end; a way back takes no time for that. */
  readonly bakeMs?: number;
}

/** A plan that was executed. */
export interface Executed {
  /** The project's containers afterwards. */
  readonly containers: readonly Container[];
  /** The proxies are as their configuration says: nobody has to wait for that but the end of the step. Never rejects. */
  readonly settled: Promise<void>;
}

/**
 * Executes a plan: each service as soon as those it depends on are done, so that independent ones roll side by side.
 * At the first failure the others stop at their next safe point; throws that failure, leaving things as they are.
 */
export async function executePlan(session: Session, execution: Execution): Promise<Executed> {
  const { model, plan, observation } = execution;
  const failing = new AbortController();
  const context: RolloutContext = {
    host: session.host,
    scope: execution.scope,
    model,
    journal: execution.journal,
    signal: AbortSignal.any([execution.signal, failing.signal]),
    clock: session.clock,
    log: session.log,
    footprint: execution.footprint,
    route: createRoute({
      host: session.host,
      model,
      settings: session.inputs.routing,
      log: session.log,
      footprint: execution.footprint,
    }),
    images: observation.images,
    wantedHashes: observation.wantedHashes,
    project: {
      containers: observation.containers,
      begun: 0,
      underWay: 0,
      latest: { containers: observation.containers, at: observation.seenAt },
    },
    creation: { last: Promise.resolve() },
    proved: new Map(),
    options: {
      healthTimeoutMs: session.inputs.healthTimeout,
      minHealthyMs: session.inputs.minHealthy,
      ...session.inputs.wishes,
    },
  };
  const failures: unknown[] = [];
  const rolling = new Map<string, Promise<void>>();
  const roll = async (service: ServicePlan, previous: Promise<void> | undefined): Promise<void> => {
    if (plan.isOneByOne === true) await previous;
    await Promise.all(dependencyClosure(model, service.service).map((name) => rolling.get(name) ?? Promise.resolve()));
    if (context.signal.aborted) return;
    try {
      await rollService(context, service);
    } catch (thrown) {
      failures.push(thrown);
      failing.abort(thrown);
    }
  };
  const services = await renewNetworks(context, plan);
  for (const service of services) rolling.set(service.service, roll(service, [...rolling.values()].at(-1)));
  await Promise.all(rolling.values());
  try {
    if (failures.length > 0) throw failures[0];
    return { containers: await proveTogether(context, execution), settled: context.route.settled() };
  } catch (thrown) {
    // The way back tells the same proxies something else.
    await context.route.settled();
    throw thrown;
  }
}

/** What was proved first may have failed while the rest rolled. */
async function proveTogether(context: RolloutContext, { signal, bakeMs }: Execution): Promise<readonly Container[]> {
  signal.throwIfAborted();
  await bake(context, bakeMs ?? 0);
  const containers = justSeen(context) ?? (await listProjectContainers(context.host, context.model.name));
  await refuseLapsed(context, undefined, containers);
  return containers;
}
