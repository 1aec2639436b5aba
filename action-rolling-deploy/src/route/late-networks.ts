import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { ServiceModel } from '@deploy-actions/kit/compose/model';
import type { Proxy } from './proxies.ts';
import type { Attachment, ServiceFacts } from './route-facts.ts';

/** Networks that a new container joins only once it is healthy, comma separated; `none` for no such network. */
export const routedNetworkLabel = 'deploy-actions.routed-network';

/** Which networks are joined late, or why none is (ADR 0006). */
export interface LateNetworks {
  readonly networks: readonly Attachment[];
  /** Set where a proxy would see a booting container because of this. */
  readonly obstacle: string | undefined;
}

const none = (obstacle?: string): LateNetworks => ({ networks: [], obstacle });

/**
 * A network is joined late when the service shares it with a proxy, has another network to reach what it needs while it
 * boots, and nobody but the proxy would be out of its reach meanwhile.
 * @throws ConfigurationError for a label that names a network the service is not on, or leaves it none
 */
export function findLateNetworks(
  service: ServiceModel,
  facts: ReadonlyMap<string, ServiceFacts>,
  proxies: readonly Proxy[],
): LateNetworks {
  const own = facts.get(service.name)?.attachments ?? [];
  const label = service.labels[routedNetworkLabel];
  if (label !== undefined) return labelledNetworks(service, own, label);
  const networksOf = (name: string): ReadonlySet<string> =>
    new Set(facts.get(name)?.attachments.map(({ network }) => network) ?? []);
  const front = proxies.map((proxy) => networksOf(proxy.service));
  const shared = own.filter(({ network }) => front.some((networks) => networks.has(network)));
  if (shared.length === 0) return none();
  const kept = own.filter((attachment) => !shared.includes(attachment));
  const names = shared.map(({ network }) => network).join(', ');
  if (kept.length === 0) return none(`its only network is the proxy’s (${names})`);
  const fixed = shared.find((attachment) => !attachment.isPlain || attachment.isExternal);
  if (fixed !== undefined)
    return none(
      fixed.isExternal
        ? `network ${fixed.network} is external, and who else is on it is unknown`
        : `network ${fixed.network} has settings of its own for this service (address, priority or driver options)`,
    );
  if (service.ports.length > 0) return none('it publishes ports itself');
  const proxyNames = new Set(proxies.map((proxy) => proxy.service));
  const cutOff = [...facts.keys()].find(
    (other) =>
      other !== service.name &&
      !proxyNames.has(other) &&
      shared.some(({ network }) => networksOf(other).has(network)) &&
      !kept.some(({ network }) => networksOf(other).has(network)),
  );
  if (cutOff !== undefined) return none(`it may need ${cutOff}, which it reaches through ${names} only`);
  return { networks: shared, obstacle: undefined };
}

function labelledNetworks(service: ServiceModel, own: readonly Attachment[], label: string): LateNetworks {
  if (label.trim() === 'none') return none();
  const wanted = label.split(',').map((name) => name.trim());
  const chosen = own.filter(({ network }) => wanted.includes(network));
  const unknown = wanted.find((name) => !chosen.some(({ network }) => network === name));
  const fixed = chosen.find(({ isPlain }) => !isPlain);
  const problem =
    unknown !== undefined
      ? `it is not on a network ${JSON.stringify(unknown)}`
      : chosen.length === own.length
        ? 'it would have no network left to boot on'
        : fixed !== undefined
          ? `network ${fixed.network} has settings of its own for it (address, priority or driver options), which joining late would lose`
          : undefined;
  if (problem === undefined) return { networks: chosen, obstacle: undefined };
  throw new ConfigurationError(
    `label ${routedNetworkLabel} of service ${service.name}: ${JSON.stringify(label)}: ${problem}.`,
    'Nothing was changed. Give keys of `networks:` as the compose files have them, comma separated, or `none`.',
  );
}
