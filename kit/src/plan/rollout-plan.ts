import type { Container } from '../compose/container.ts';
import type { ComposeModel, ServiceModel } from '../compose/model.ts';
import type { NetworkRenewal } from './network-renewal.ts';
import { findDragged } from './dragged-dependencies.ts';
import { chooseStrategy, oneShotServices, orderServices, type Strategy } from './strategy.ts';
import type { PlanNote } from './plan-note.ts';
import type { WorkerPolicy } from './worker.ts';

export type Action =
  /** Runs as wanted. */
  | 'unchanged'
  /** New beside old, proved, then old away. */
  | 'start-first'
  /** Old away, then new: a moment without. */
  | 'stop-first'
  /** A worker, by its policy. */
  | 'restart'
  /** Nothing of it runs yet. */
  | 'create'
  /** Only the number of replicas changes. */
  | 'scale'
  /** It left the compose files: its containers go once everything else serves. */
  | 'remove'
  /** Not the rollout's. */
  | 'skip';

/** What will happen to one service, and why. */
export interface ServicePlan {
  readonly service: string;
  readonly action: Action;
  readonly reason: string;
  readonly replicas: number;
  readonly image: string;
  /** What a tag in `image` stands for on the server; absent for a digest, and for an image that is not there yet. */
  readonly digest?: string;
  /** Running containers that already are what is wanted. */
  readonly fresh: readonly string[];
  /** Running containers to be replaced, or removed. */
  readonly stale: readonly string[];
  /** Ended containers in the way of Compose's counting, removed first. */
  readonly leftovers: readonly string[];
  /** How a worker is restarted; set for `restart` alone. */
  readonly worker?: WorkerPolicy;
  /** `in-place`: recreated with its own volumes. `rolling`: as many away at a time as `parallelism` says, then new. */
  readonly stopFirst?: 'in-place' | 'rolling';
}

/** The whole rollout as data, in the order in which it happens. */
export interface RolloutPlan {
  readonly project: string;
  readonly services: readonly ServicePlan[];
  /** Running services that the compose files no longer have and that stay: left alone, and said. */
  readonly orphans: readonly string[];
  /** What it means for this server (assessment/); absent until the server was looked at. */
  readonly notes?: readonly PlanNote[];
  /** Independent services do not roll side by side: together they would not fit into memory. */
  readonly isOneByOne?: boolean;
  /** Networks that are made anew first. */
  readonly renewal?: NetworkRenewal;
}

export interface Observed {
  readonly containers: readonly Container[];
  /** Compose's hash of each service as it should be. */
  readonly wantedHashes: Readonly<Record<string, string>>;
  /** Containers that count as wanted whatever their hash says: a rollback keeps what ran before. */
  readonly keep: ReadonlySet<string>;
  /** Containers that were taken out of service already (pre-stop ran): replaced, whatever their hash says. */
  readonly spent: ReadonlySet<string>;
  /** Services whose image reference names another image on the server than the one they run. */
  readonly moved?: ReadonlySet<string>;
}

/** What the inputs ask of a plan; absent on the way back, which restores and does nothing else. */
export interface PlanWishes {
  /** Services whose running containers are replaced even where nothing changed. */
  readonly recreate: 'all' | ReadonlySet<string>;
  /** Services that a release of this folder recorded: one of these that left the files is removed. Empty: all are kept. */
  readonly removable: ReadonlySet<string>;
  readonly maxSurge: number;
}

export const noWishes: PlanWishes = { recreate: new Set(), removable: new Set(), maxSurge: 1 };

const endedStates: ReadonlySet<string> = new Set(['exited', 'dead', 'created', 'removing']);

/** True for a container that is not serving and will not by itself. */
export function hasEnded(container: Container): boolean {
  return endedStates.has(container.status);
}

/**
 * Desired model and observed containers → plan. Pure, and convergent: planning again after a crash plans the rest.
 * @throws ConfigurationError for labels of a worker that cannot be
 */
export function planRollout(model: ComposeModel, observed: Observed, wishes: PlanWishes = noWishes): RolloutPlan {
  const plan = drawPlan(model, observed, wishes, new Map());
  const dragged = findDragged(plan.services, model, observed);
  return dragged.size === 0 ? plan : drawPlan(model, observed, wishes, dragged);
}

function drawPlan(
  model: ComposeModel,
  observed: Observed,
  wishes: PlanWishes,
  dragged: ReadonlyMap<string, string>,
): RolloutPlan {
  const oneShots = oneShotServices(model);
  const plans: ServicePlan[] = [];
  const replaced = new Set<string>();
  for (const service of orderServices(model)) {
    const leader = service.dependsOn.find((dependency) => dependency.mustFollow && replaced.has(dependency.service));
    const plan = planService(service, {
      model,
      observed,
      wishes,
      isOneShot: oneShots.has(service.name),
      leader: leader?.service,
      dragger: dragged.get(service.name),
    });
    if (givesNewContainers.has(plan.action)) replaced.add(service.name);
    plans.push(plan);
  }
  const { orphans, removed } = planOrphans(model, observed, wishes);
  return { project: model.name, services: [...plans, ...removed], orphans };
}

/** After these, what shares a namespace with the service, or says `restart: true`, must be made anew. */
const givesNewContainers: ReadonlySet<Action> = new Set<Action>(['start-first', 'stop-first', 'restart', 'create']);

interface Circumstances {
  readonly model: ComposeModel;
  readonly observed: Observed;
  readonly wishes: PlanWishes;
  readonly isOneShot: boolean;
  /** The replaced service that this one follows. */
  readonly leader: string | undefined;
  /** The service with which Compose would make this one anew. */
  readonly dragger: string | undefined;
}

function planService(service: ServiceModel, circumstances: Circumstances): ServicePlan {
  const { model, observed, wishes, isOneShot, leader, dragger } = circumstances;
  const own = observed.containers.filter((container) => container.service === service.name && !container.isOneOff);
  const isWanted = (container: Container): boolean =>
    !observed.spent.has(container.id) &&
    (observed.keep.has(container.id) || container.configHash === observed.wantedHashes[service.name]);
  const isRenewed = wishes.recreate === 'all' || wishes.recreate.has(service.name) || (leader ?? dragger) !== undefined;
  const running = own.filter((container) => !hasEnded(container));
  const fresh = running.filter((container) => !isRenewed && isWanted(container));
  const stale = running.filter((container) => isRenewed || !isWanted(container));
  const ended = own.filter(hasEnded);
  const plan = (action: Action, reason: string, more: Partial<ServicePlan> = {}): ServicePlan => ({
    service: service.name,
    action,
    reason,
    replicas: service.replicas,
    image: service.image ?? '',
    fresh: ids(fresh),
    stale: ids(stale),
    leftovers: ids(ended.filter((container) => !isWanted(container))),
    ...more,
  });
  if (isOneShot) return plan('skip', 'runs once and ends; action-migrate runs such services');
  if (service.replicas === 0) return plan('skip', 'the compose files ask for no replica');
  if (running.length === 0) {
    // Labels that cannot be are said at the first deploy, not at the one that needs them.
    chooseStrategy(service, model);
    return planHeirs(service, model, ended, isWanted, plan) ?? plan('create', describeAbsence(own));
  }
  // Beside running ones, Compose counts an ended one as a replica: it would be started in place of a new one, and a
  // person's `up -d` would take a running one away. Replaced in place it is still needed: its volumes move over.
  const isKept = (container: Container): boolean =>
    observed.keep.has(container.id) && !observed.spent.has(container.id);
  const leftovers = { leftovers: ids(ended.filter((container) => !isKept(container))) };
  if (stale.length > 0) {
    const anonymousVolumes = stale.flatMap((container) => container.anonymousVolumes ?? []);
    const isSilent = stale.every(
      ({ health, exposedPorts }) => health === undefined && (exposedPorts ?? []).length === 0,
    );
    const strategy = chooseStrategy(service, model, { maxSurge: wishes.maxSurge, anonymousVolumes, isSilent });
    const reason = `${describeChange(stale, isWanted, circumstances)}; ${strategy.reason}`;
    const order = stopOrder(strategy, service, anonymousVolumes);
    return plan(strategy.kind, reason, {
      ...(order === 'in-place' ? {} : leftovers),
      ...(order === undefined ? {} : { stopFirst: order }),
      ...(strategy.kind === 'restart' ? { worker: strategy.worker } : {}),
    });
  }
  if (fresh.length !== service.replicas)
    return plan('scale', `${fresh.length} of ${service.replicas} replicas run`, leftovers);
  return plan('unchanged', 'runs as wanted', leftovers);
}

/**
 * Ended containers that are not the wanted ones, and have anonymous volumes: removed first they would leave a new one
 * with empty volumes. So they are replaced in place, as if they ran.
 */
function planHeirs(
  service: ServiceModel,
  model: ComposeModel,
  ended: readonly Container[],
  isWanted: (container: Container) => boolean,
  plan: (action: Action, reason: string, more: Partial<ServicePlan>) => ServicePlan,
): ServicePlan | undefined {
  const anonymousVolumes = ended.flatMap((container) => container.anonymousVolumes ?? []);
  if (anonymousVolumes.length === 0 || ended.some(isWanted)) return undefined;
  const strategy = chooseStrategy(service, model, { maxSurge: 1, anonymousVolumes, isSilent: false });
  if (stopOrder(strategy, service, anonymousVolumes) !== 'in-place') return undefined;
  return plan(strategy.kind, `${describeAbsence(ended)}; ${strategy.reason}`, {
    leftovers: [],
    stopFirst: 'in-place',
    ...(strategy.kind === 'restart' ? { worker: strategy.worker } : {}),
  });
}

function describeAbsence(own: readonly Container[]): string {
  return own.length === 0 ? 'does not exist yet' : 'does not run';
}

function describeChange(
  stale: readonly Container[],
  isWanted: (container: Container) => boolean,
  { leader, dragger }: Circumstances,
): string {
  if (!stale.every(isWanted)) return 'configuration or image changed';
  if (dragger !== undefined) return `its tag was moved, and Compose makes it anew together with ${dragger}`;
  return leader === undefined ? 'asked for by `recreate`' : `follows ${leader} (depends_on with restart: true)`;
}

/** A service of one container is recreated in place, and so is one whose volumes only Compose can carry over. */
function stopOrder(
  strategy: Strategy,
  service: ServiceModel,
  anonymousVolumes: readonly string[],
): 'in-place' | 'rolling' | undefined {
  if (strategy.kind === 'start-first') return undefined;
  if (strategy.kind === 'restart' && strategy.worker.kind === 'overlap') return undefined;
  const ownsVolumes =
    anonymousVolumes.length > 0 ||
    service.volumes.some(({ type, source }) => type === 'volume' && source === undefined);
  return service.replicas === 1 || ownsVolumes ? 'in-place' : 'rolling';
}

/** What runs and is in no compose file any more: removed where a release of ours made it and the user asked, else kept. */
function planOrphans(
  model: ComposeModel,
  observed: Observed,
  wishes: PlanWishes,
): { readonly orphans: readonly string[]; readonly removed: readonly ServicePlan[] } {
  const strangers = observed.containers.filter(
    ({ isOneOff, service }) => !isOneOff && model.services[service] === undefined,
  );
  const running = strangers.filter((container) => !hasEnded(container));
  const names = [...new Set(running.map(({ service }) => service))];
  const removed = names.filter((name) => wishes.removable.has(name));
  return {
    orphans: names.filter((name) => !wishes.removable.has(name)),
    removed: removed.map((name) => ({
      service: name,
      action: 'remove',
      reason: 'left the compose files; goes once everything else serves',
      replicas: 0,
      image: running.find(({ service }) => service === name)?.image ?? '',
      fresh: [],
      stale: ids(running.filter(({ service }) => service === name)),
      leftovers: ids(strangers.filter((container) => container.service === name && hasEnded(container))),
    })),
  };
}

function ids(containers: readonly Container[]): readonly string[] {
  return containers.map((container) => container.id);
}

/** The services that this plan changes. */
export function changedServices(plan: RolloutPlan): readonly ServicePlan[] {
  return plan.services.filter(
    ({ action, leftovers }) => (action !== 'unchanged' && action !== 'skip') || leftovers.length > 0,
  );
}
