import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import { composeFromModel } from '@deploy-actions/kit/compose/compose-cli';
import { parseContainers, type Container } from '@deploy-actions/kit/compose/container';
import { listContainersPart, listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { inspectImagesPart, parseStoredImages, type StoredImages } from '@deploy-actions/kit/compose/local-images';
import { ComposeError, type ComposeModel } from '@deploy-actions/kit/compose/model';
import { programPart, runBatch } from '@deploy-actions/kit/host/batch';
import { lastLines } from '@deploy-actions/kit/host/host';
import type { Journal } from '@deploy-actions/kit/state/journal';
import { bake, refuseLapsed } from './container-wait.ts';
import { findMoved } from './dragged-dependencies.ts';
import type { Footprint } from './footprint.ts';
import { justSeen, type RolloutContext } from './rollout-context.ts';
import { noWishes, planRollout, type PlanWishes, type RolloutPlan, type ServicePlan } from './rollout-plan.ts';
import { createRoute } from './route/create-route.ts';
import { renewNetworks } from './network-renewal.ts';
import { rollService } from './service-rollout.ts';
import type { Session } from './session.ts';
import { dependencyClosure } from './strategy.ts';

/** What is, next to what is wanted. */
export interface Observation {
  /** By the session's clock. */
  readonly seenAt: number;
  readonly containers: readonly Container[];
  /** Compose's hash of every service of the model, by name: what a container created from it is labelled with. */
  readonly wantedHashes: Readonly<Record<string, string>>;
  /** The model's images as they are on the server, by reference. */
  readonly images: StoredImages;
}

/**
 * Looks at a project: hashes of the RESOLVED model (asked of the files, Compose 2.26 leaves `env_file` out of the hash
 * it prints, but not out of the label; ADR 0005), containers, images. Compose computes while Docker is asked.
 * @throws ComposeError COMPOSE_INVALID
 */
export async function observe(session: Session, model: ComposeModel): Promise<Observation> {
  const { host, inputs } = session;
  const refs = [...new Set(Object.values(model.services).flatMap(({ image }) => (image === undefined ? [] : [image])))];
  const asked = runBatch(host, [
    programPart('docker compose config --hash', composeFromModel(model, inputs.settings, ['config', '--hash', '*']), {
      stdin: model.text,
      fail: ({ stderr }) =>
        new ComposeError({
          code: 'COMPOSE_INVALID',
          message: `${host.name}: docker compose config --hash failed: ${lastLines(stderr, 2).join(' ')}`,
        }),
    }),
  ]);
  const seen = runBatch(host, [listContainersPart(model.name), inspectImagesPart(refs)]);
  const [[hashes], [containers, images]] = await Promise.all([asked, seen]);
  const pairs = (hashes?.stdout ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([name, hash]) => (name === undefined || hash === undefined ? [] : [[name, hash] as const]));
  return {
    seenAt: session.clock.now(),
    containers: parseContainers(containers?.stdout ?? ''),
    wantedHashes: Object.fromEntries(pairs),
    images: parseStoredImages(refs, images?.stdout ?? ''),
  };
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

/**
 * Executes a plan: each service as soon as those it depends on are done, so that independent ones roll side by side.
 * At the first failure the others stop at their next safe point; throws that failure, leaving things as they are.
 * @returns the project's containers afterwards
 */
export async function executePlan(session: Session, execution: Execution): Promise<readonly Container[]> {
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
  if (failures.length > 0) throw failures[0];
  execution.signal.throwIfAborted();
  await bake(context, execution.bakeMs ?? 0);
  // What was proved first may have failed while the rest rolled.
  const containers = justSeen(context) ?? (await listProjectContainers(session.host, model.name));
  await refuseLapsed(context, undefined, containers);
  return containers;
}
