import type { ComposeModel, ServiceModel } from '../compose/model.ts';
import { findWorkerReason, readWorkerPolicy, type WorkerPolicy } from './worker.ts';

/** How a changed service gets from old to new, and why. */
export type Strategy =
  | { readonly kind: 'start-first' | 'stop-first'; readonly reason: string }
  | { readonly kind: 'restart'; readonly reason: string; readonly worker: WorkerPolicy };

/** What decides beside the service and its model. */
export interface StrategyFacts {
  /** Containers above the wanted number that may run for a while. */
  readonly maxSurge: number;
  /** Paths at which its running containers have anonymous volumes; the image may declare some that the files do not name. */
  readonly anonymousVolumes: readonly string[];
  /** Its running containers say no port and have no health check. */
  readonly isSilent: boolean;
}

const noFacts: StrategyFacts = { maxSurge: 1, anonymousVolumes: [], isSilent: false };

/** What forbids two side by side. A `guess` may be overruled by `deploy.update_config.order: start-first`, a fact not. */
interface Obstacle {
  readonly reason: string;
  readonly isGuess: boolean;
}

/**
 * Decides how a service is replaced. Two copies side by side are the rule; what forbids them is named.
 * @throws ConfigurationError for labels of a worker that cannot be
 */
export function chooseStrategy(service: ServiceModel, model: ComposeModel, facts = noFacts): Strategy {
  const obstacle = findFact(service, model, facts) ?? findGuess(service, facts);
  const isOverruled = obstacle?.isGuess === true && service.updateOrder === 'start-first';
  const standing = isOverruled ? undefined : obstacle;
  const worker = findWorkerReason(service, model, facts.isSilent);
  // The policy is the user's own word: it overrules a guess as `order` does.
  if (worker !== undefined)
    return restart(worker, readWorkerPolicy(service), obstacle?.isGuess === true ? undefined : obstacle);
  if (standing !== undefined) return { kind: 'stop-first', reason: standing.reason };
  if (service.updateOrder === 'stop-first')
    return { kind: 'stop-first', reason: 'deploy.update_config.order: stop-first' };
  return {
    kind: 'start-first',
    reason: isOverruled
      ? `deploy.update_config.order: start-first (although: ${obstacle.reason})`
      : 'two copies can run side by side',
  };
}

function restart(why: string, worker: WorkerPolicy, obstacle: Obstacle | undefined): Strategy {
  if (worker.kind !== 'overlap' || obstacle === undefined)
    return { kind: 'restart', reason: `${why}, ${worker.kind}`, worker };
  return {
    kind: 'restart',
    reason: `${why}, stop-first: two cannot overlap (${obstacle.reason})`,
    worker: { kind: 'stop-first' },
  };
}

function findFact(service: ServiceModel, model: ComposeModel, facts: StrategyFacts): Obstacle | undefined {
  const { containerName, networkMode } = service;
  const fact = (reason: string): Obstacle => ({ reason, isGuess: false });
  if (containerName !== undefined) return fact(`container_name ${containerName} can exist once`);
  const port = findTightPort(service, facts.maxSurge);
  if (port !== undefined) return fact(port);
  if (networkMode !== undefined && /^(service:|container:)/.test(networkMode))
    return fact(`network_mode ${networkMode}`);
  const network = service.networks.find(({ hasStaticAddress }) => hasStaticAddress);
  if (network !== undefined) return fact(`has a static address in network ${network.name}`);
  const guest = findGuest(service.name, model);
  return guest === undefined ? undefined : fact(guest);
}

/** A host port taken by every copy, or a range that is too short for all of them and the surge. */
function findTightPort({ ports, replicas }: ServiceModel, maxSurge: number): string | undefined {
  for (const { published } of ports) {
    if (published === undefined || published === '0') continue;
    const [first, last] = published.split('-').map(Number);
    if (last === undefined) return `publishes the fixed port ${published}`;
    const width = last - (first ?? last) + 1;
    if (width < replicas + maxSurge)
      return `the port range ${published} has ${width} ports, and ${replicas + maxSurge} are needed for a moment`;
  }
  return undefined;
}

/** Another service that lives in this one's containers: it can only be in one of two. */
function findGuest(name: string, model: ComposeModel): string | undefined {
  const host = `service:${name}`;
  for (const other of Object.values(model.services)) {
    if (other.networkMode === host) return `${other.name} shares its network`;
    if (other.ipcMode === host) return `${other.name} shares its ipc namespace`;
    if (other.pidMode === host) return `${other.name} shares its process namespace`;
    if (other.volumesFrom.includes(name)) return `${other.name} mounts its volumes (volumes_from)`;
  }
  return undefined;
}

function findGuess(service: ServiceModel, facts: StrategyFacts): Obstacle | undefined {
  const guess = (reason: string): Obstacle => ({ reason, isGuess: true });
  if (service.networkMode === 'host') return guess('network_mode host');
  const [device] = service.devices;
  if (device !== undefined) return guess(`uses the device ${device}`);
  const writable = service.volumes.filter(({ type, isReadOnly }) => type === 'volume' && !isReadOnly);
  const declared = writable.find(({ source }) => source === undefined)?.target;
  const anonymous = declared ?? facts.anonymousVolumes[0];
  if (anonymous !== undefined)
    return guess(`has the anonymous volume ${anonymous}, which a second container would not get`);
  // The rule of a single replica that owns its data: two writers on one volume corrupt it (uncloud's heuristic).
  const named = writable.find(({ source }) => source !== undefined);
  if (named !== undefined && service.replicas === 1)
    return guess(`one replica writes to the volume ${named.source ?? named.target}`);
  return undefined;
}

/** Services in the order of `depends_on`, dependencies first; Compose has refused cycles already. */
export function orderServices(model: ComposeModel): readonly ServiceModel[] {
  const ordered = new Map<string, ServiceModel>();
  const visit = (name: string): void => {
    const service = model.services[name];
    if (service === undefined || ordered.has(name)) return;
    for (const dependency of service.dependsOn) visit(dependency.service);
    ordered.set(name, service);
  };
  for (const name of Object.keys(model.services)) visit(name);
  return [...ordered.values()];
}

/** The services a service needs, directly or through others; without itself. */
export function dependencyClosure(model: ComposeModel, name: string): readonly string[] {
  const seen = new Set<string>();
  const visit = (current: string): void => {
    for (const { service } of model.services[current]?.dependsOn ?? []) {
      if (seen.has(service) || service === name) continue;
      seen.add(service);
      visit(service);
    }
  };
  visit(name);
  return [...seen];
}

/** One-shot services: others wait for them to end with 0. They are action-migrate's, not the rollout's. */
export function oneShotServices(model: ComposeModel): ReadonlySet<string> {
  const dependencies = Object.values(model.services).flatMap((service) => service.dependsOn);
  return new Set(
    dependencies
      .filter(({ condition }) => condition === 'service_completed_successfully')
      .map(({ service }) => service),
  );
}
