/** Names by which a proxy's configuration may mean a service, and the names of its containers. */
export interface UpstreamNames {
  readonly project: string;
  readonly service: string;
  /** What the service is called in DNS: its name and aliases. */
  readonly names: readonly string[];
}

/** A changed configuration, or why there is none. `dynamic`: upstreams are asked of DNS at run time. */
export type Pointed =
  | { readonly kind: 'changed'; readonly text: string }
  | { readonly kind: 'same' }
  | { readonly kind: 'unused' }
  | { readonly kind: 'dynamic' };

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Points every upstream of a service in Caddy's JSON at the given containers; none: back at the service itself, as the
 * user's Caddyfile has it. Works on a configuration that points at containers of an earlier step, too.
 */
export function pointUpstreams(config: string, upstream: UpstreamNames, containers: readonly string[]): Pointed {
  const parsed: unknown = JSON.parse(config);
  const seen = { dynamic: false, used: false };
  const pointed = walk(parsed, upstream, containers, seen);
  if (!seen.used) return { kind: seen.dynamic ? 'dynamic' : 'unused' };
  const text = JSON.stringify(pointed);
  return text === JSON.stringify(parsed) ? { kind: 'same' } : { kind: 'changed', text };
}

function walk(
  value: unknown,
  upstream: UpstreamNames,
  containers: readonly string[],
  seen: { dynamic: boolean; used: boolean },
): unknown {
  if (Array.isArray(value)) return value.map((entry) => walk(entry, upstream, containers, seen));
  if (!isEntry(value)) return value;
  const dynamic = value['dynamic_upstreams'];
  if (isEntry(dynamic) && upstream.names.includes(String(dynamic['name']))) seen.dynamic = true;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      if (key !== 'upstreams' || !Array.isArray(child)) return [key, walk(child, upstream, containers, seen)];
      const entries = expand(child, upstream, containers);
      if (entries.isUsed) seen.used = true;
      return [key, entries.list];
    }),
  );
}

/** One upstream for each container; entries that become equal are one. */
function expand(
  list: readonly unknown[],
  upstream: UpstreamNames,
  containers: readonly string[],
): { readonly list: readonly unknown[]; readonly isUsed: boolean } {
  const targets = containers.length === 0 ? [upstream.service] : containers;
  let isUsed = false;
  const expanded = list.flatMap((entry) => {
    const dial = isEntry(entry) ? entry['dial'] : undefined;
    if (!isEntry(entry) || typeof dial !== 'string') return [entry];
    const host = dial.slice(0, dial.lastIndexOf(':'));
    const isAtRest = upstream.names.includes(host);
    if (!isAtRest && !isContainerOf(host, upstream)) return [entry];
    isUsed = true;
    if (isAtRest && containers.length === 0) return [entry];
    return targets.map((target) => ({ ...entry, dial: `${target}${dial.slice(dial.lastIndexOf(':'))}` }));
  });
  const texts = expanded.map((entry) => JSON.stringify(entry));
  return { list: expanded.filter((_, index) => texts.indexOf(texts[index] ?? '') === index), isUsed };
}

/** Compose's own names: `project-service-3`; in projects of Compose 1 `project_service_3`. */
function isContainerOf(host: string, { project, service }: UpstreamNames): boolean {
  return ['-', '_'].some((separator) => {
    const prefix = `${project}${separator}${service}${separator}`;
    return host.startsWith(prefix) && /^\d+$/.test(host.slice(prefix.length));
  });
}
