import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { ComposeModel, ServiceModel } from '@deploy-actions/kit/compose/model';
import { dependencyClosure } from '@deploy-actions/kit/plan/strategy';

/** Names the service of the project that is this service's proxy, where its image does not tell. */
export const proxyLabel = 'deploy-actions.proxy';

/**
 * What kind of proxy an image is. `labels`: it configures itself from Docker's events, and cannot be told (Traefik,
 * nginx-proxy, caddy-docker-proxy). `unknown`: it stands in front, but its image says nothing.
 */
export type ProxyKind = 'haproxy' | 'nginx' | 'caddy' | 'labels' | 'unknown';

/** A service of the project that stands in front of another one. */
export interface Proxy {
  readonly service: string;
  readonly kind: ProxyKind;
}

/** The kind that an image's name tells; undefined for one that is not known as a proxy's. */
export function proxyKindOf(image: string): Exclude<ProxyKind, 'unknown'> | undefined {
  const repository = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  if (/traefik|nginx-proxy|docker-proxy|docker-gen/.test(repository)) return 'labels';
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const match = /(?:^|[-_.])(haproxy|nginx|openresty|caddy)/.exec(name)?.[1];
  if (match === 'openresty') return 'nginx';
  return match === 'haproxy' || match === 'nginx' || match === 'caddy' ? match : undefined;
}

/**
 * The proxies in front of a service: named by its label, else services that share a network with it, publish ports,
 * and whose image is known, or, where there is none such, that publish 80 or 443 or depend on it. What the service itself
 * depends on is never its proxy: a database that publishes its port for people is not.
 * @throws ConfigurationError when the label names no service
 */
export function findProxies(service: ServiceModel, model: ComposeModel): readonly Proxy[] {
  const named = service.labels[proxyLabel];
  if (named !== undefined) return [namedProxy(service, model, named)];
  const needed = new Set(dependencyClosure(model, service.name));
  const networks = new Set(service.networks.map(({ name }) => name));
  const inFront = Object.values(model.services).filter(
    (other) =>
      other.name !== service.name &&
      other.ports.length > 0 &&
      !needed.has(other.name) &&
      other.networks.some(({ name }) => networks.has(name)),
  );
  const known = inFront.flatMap((other) => {
    const kind = proxyKindOf(other.image ?? '');
    return kind === undefined ? [] : [{ service: other.name, kind }];
  });
  if (known.length > 0) return known;
  const isWebPort = ({ published, target }: ServiceModel['ports'][number]): boolean =>
    [80, 443].includes(target) || ['80', '443'].includes(published ?? '');
  return inFront
    .filter(
      (other) =>
        other.ports.some(isWebPort) || other.dependsOn.some((dependency) => dependency.service === service.name),
    )
    .map((other) => ({ service: other.name, kind: 'unknown' as const }));
}

function namedProxy(service: ServiceModel, model: ComposeModel, named: string): Proxy {
  const proxy = model.services[named];
  if (proxy === undefined)
    throw new ConfigurationError(
      `label ${proxyLabel} of service ${service.name}: ${JSON.stringify(named)} is no service of the project.`,
      'Nothing was changed. Name the service of the proxy as the compose files do.',
    );
  return { service: named, kind: proxyKindOf(proxy.image ?? '') ?? 'unknown' };
}
