import type { NetworkRenewal } from '@deploy-actions/kit/plan/network-renewal';

/** What a rollout knows of the containers before it and of its own doings; the journal brings it back after a crash. */
export interface Footprint {
  readonly before: ReadonlySet<string>;
  /** Containers that may exist: those seen at the start and those this deploy made. Grows with each creation. */
  readonly known: Set<string>;
  /** Containers this deploy made, by service: the only new ones it may remove. */
  readonly created: Map<string, readonly string[]>;
  /** Containers that were told to go (pre-stop command, proxy, SIGTERM): they are no way back. */
  readonly spent: Set<string>;
  /** Services of which a container from before was told to go. */
  readonly touched: Set<string>;
  /** Networks this deploy removed or was about to: the way back makes them anew too. */
  renewal?: NetworkRenewal;
}

/** The footprint of a deploy that begins now. */
export function newFootprint(before: readonly string[]): Footprint {
  return { before: new Set(before), known: new Set(before), created: new Map(), spent: new Set(), touched: new Set() };
}

/** Remembers what a creation made. */
export function addCreated(footprint: Footprint, service: string, ids: readonly string[]): void {
  for (const id of ids) footprint.known.add(id);
  footprint.created.set(service, [...(footprint.created.get(service) ?? []), ...ids]);
}

/** Remembers that a container was told to go. */
export function addSpent(footprint: Footprint, service: string, id: string): void {
  footprint.spent.add(id);
  footprint.touched.add(service);
}

/** Remembers that networks are made anew: the way back does so too, for all services in them. */
export function addRenewal(footprint: Footprint, { networks, services }: NetworkRenewal): void {
  const before = footprint.renewal;
  const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];
  footprint.renewal = {
    networks: union(before?.networks ?? [], networks),
    services: union(before?.services ?? [], services),
  };
  for (const service of services) footprint.touched.add(service);
}
