import type { Container } from '@deploy-actions/kit/compose/container';
import type { ComposeModel, ServiceModel } from '@deploy-actions/kit/compose/model';
import { chooseStrategy, oneShotServices, orderServices } from './strategy.ts';

export type Action = 'unchanged' | 'start-first' | 'stop-first' | 'create' | 'scale' | 'skip';

/** What will happen to one service, and why. */
export interface ServicePlan {
  readonly service: string;
  readonly action: Action;
  readonly reason: string;
  readonly replicas: number;
  readonly image: string;
  /** Running containers that already are what is wanted. */
  readonly fresh: readonly string[];
  /** Running containers to be replaced. */
  readonly stale: readonly string[];
  /** Ended containers of an older configuration: in the way of Compose's counting, removed first. */
  readonly leftovers: readonly string[];
}

/** The whole rollout as data, in the order in which it happens. */
export interface RolloutPlan {
  readonly project: string;
  readonly services: readonly ServicePlan[];
  /** Running services that the compose files no longer have: left alone, and said. */
  readonly orphans: readonly string[];
}

export interface Observed {
  readonly containers: readonly Container[];
  /** Compose's hash of each service as it should be. */
  readonly wantedHashes: Readonly<Record<string, string>>;
  /** Containers that count as wanted whatever their hash says: a rollback keeps what ran before. */
  readonly keep: ReadonlySet<string>;
  /** Containers that were taken out of service already (pre-stop ran): replaced, whatever their hash says. */
  readonly spent: ReadonlySet<string>;
}

const endedStates: ReadonlySet<string> = new Set(['exited', 'dead', 'created', 'removing']);

/** True for a container that is not serving and will not by itself. */
export function hasEnded(container: Container): boolean {
  return endedStates.has(container.status);
}

/** Desired model and observed containers → plan. Pure, and convergent: planning again after a crash plans the rest. */
export function planRollout(model: ComposeModel, observed: Observed): RolloutPlan {
  const oneShots = oneShotServices(model);
  const known = new Set(Object.keys(model.services));
  const orphans = observed.containers.filter(
    (container) => !container.isOneOff && !hasEnded(container) && !known.has(container.service),
  );
  return {
    project: model.name,
    services: orderServices(model).map((service) => planService(service, model, observed, oneShots)),
    orphans: [...new Set(orphans.map((container) => container.service))],
  };
}

function planService(
  service: ServiceModel,
  model: ComposeModel,
  observed: Observed,
  oneShots: ReadonlySet<string>,
): ServicePlan {
  const own = observed.containers.filter((container) => container.service === service.name && !container.isOneOff);
  const isFresh = (container: Container): boolean =>
    !observed.spent.has(container.id) &&
    (observed.keep.has(container.id) || container.configHash === observed.wantedHashes[service.name]);
  const running = own.filter((container) => !hasEnded(container));
  const fresh = running.filter(isFresh);
  const stale = running.filter((container) => !isFresh(container));
  const leftovers = own.filter((container) => hasEnded(container) && !isFresh(container));
  const ids = (containers: readonly Container[]): readonly string[] => containers.map((container) => container.id);
  const plan = (action: Action, reason: string): ServicePlan => ({
    service: service.name,
    action,
    reason,
    replicas: service.replicas,
    image: service.image ?? '',
    fresh: ids(fresh),
    stale: ids(stale),
    leftovers: ids(leftovers),
  });
  if (oneShots.has(service.name)) return plan('skip', 'runs once and ends; action-migrate runs such services');
  if (service.replicas === 0) return plan('skip', 'the compose files ask for no replica');
  if (running.length === 0) return plan('create', own.length === 0 ? 'does not exist yet' : 'does not run');
  if (stale.length > 0) {
    const strategy = chooseStrategy(service, model);
    return plan(strategy.kind, `configuration or image changed; ${strategy.reason}`);
  }
  if (fresh.length !== service.replicas) return plan('scale', `${fresh.length} of ${service.replicas} replicas run`);
  return plan('unchanged', 'runs as wanted');
}

/** One move of a start-first rollout. */
export type Move =
  | { readonly kind: 'add'; readonly count: number }
  | { readonly kind: 'retire'; readonly which: 'stale' | 'fresh' }
  | { readonly kind: 'done' };

/**
 * The next move for a service with these numbers of healthy containers. At most `maxSurge` more than wanted run at
 * once, and nothing is retired while the wanted number of new ones is not there (I1 of docs/architecture.md).
 */
export function nextMove(fresh: number, stale: number, replicas: number, maxSurge = 1): Move {
  const room = replicas + maxSurge - fresh - stale;
  if (fresh < replicas && room > 0) return { kind: 'add', count: Math.min(replicas - fresh, room) };
  if (stale > 0) return { kind: 'retire', which: 'stale' };
  if (fresh > replicas) return { kind: 'retire', which: 'fresh' };
  return { kind: 'done' };
}

/** The services that this plan changes. */
export function changedServices(plan: RolloutPlan): readonly ServicePlan[] {
  return plan.services.filter(
    ({ action, leftovers }) => (action !== 'unchanged' && action !== 'skip') || leftovers.length > 0,
  );
}
