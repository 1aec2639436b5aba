import type { ComposeModel, ServiceModel } from '@deploy-actions/kit/compose/model';

/** Label of a service that is restarted in place, because two of it side by side would do work twice. */
export const roleLabel = 'deploy-actions.role';

/** How a changed service gets from old to new, and why. */
export interface Strategy {
  readonly kind: 'start-first' | 'stop-first';
  readonly reason: string;
}

/** Decides from the resolved model alone. Two copies side by side are the rule; what forbids them is named. */
export function chooseStrategy(service: ServiceModel, model: ComposeModel): Strategy {
  const obstacle = findObstacle(service, model);
  return obstacle === undefined
    ? { kind: 'start-first', reason: 'two copies can run side by side' }
    : { kind: 'stop-first', reason: obstacle };
}

function findObstacle(service: ServiceModel, model: ComposeModel): string | undefined {
  const { containerName, networkMode } = service;
  if (service.labels[roleLabel] === 'worker') return `worker (label ${roleLabel})`;
  if (containerName !== undefined) return `container_name ${containerName} can exist once`;
  const port = service.ports.find(
    ({ published }) => published !== undefined && !published.includes('-') && published !== '0',
  );
  if (port?.published !== undefined) return `publishes the fixed port ${port.published}`;
  if (networkMode !== undefined && /^(host|service:|container:)/.test(networkMode))
    return `network_mode ${networkMode}`;
  const network = service.networks.find(({ hasStaticAddress }) => hasStaticAddress);
  if (network !== undefined) return `has a static address in network ${network.name}`;
  const dependent = Object.values(model.services).find((other) => other.networkMode === `service:${service.name}`);
  if (dependent !== undefined) return `${dependent.name} shares its network`;
  const volume = service.volumes.find(({ type, isReadOnly }) => type === 'volume' && !isReadOnly);
  // The rule of a single replica that owns its data: two writers on one volume corrupt it (uncloud's heuristic).
  if (volume !== undefined && service.replicas === 1)
    return `one replica writes to the volume ${volume.source ?? volume.target}`;
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
