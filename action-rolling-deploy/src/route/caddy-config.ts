/** Names by which a proxy's configuration may mean a service, and the names of its containers. */
export interface UpstreamNames {
  readonly project: string;
  readonly service: string;
  /** What the service is called in DNS: its name and aliases. */
  readonly names: readonly string[];
}

/** A changed configuration, or why there is none. `dynamic`: upstreams are asked of DNS at run time. */
export type Pointed =
  | {
      readonly kind: 'changed';
      readonly text: string;
      /** `host:port` that the configuration no longer sends to. */
      readonly left: readonly string[];
    }
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
  const seen: Seen = { dynamic: false, before: new Set(), after: new Set() };
  const pointed = walk(parsed, upstream, containers, seen);
  if (seen.before.size === 0) return { kind: seen.dynamic ? 'dynamic' : 'unused' };
  const text = JSON.stringify(pointed);
  if (text === JSON.stringify(parsed)) return { kind: 'same' };
  return { kind: 'changed', text, left: [...seen.before].filter((dial) => !seen.after.has(dial)) };
}

/** What a walk came across: dials of the service before and after, and whether DNS is asked at run time. */
interface Seen {
  dynamic: boolean;
  readonly before: Set<string>;
  readonly after: Set<string>;
}

function walk(value: unknown, upstream: UpstreamNames, containers: readonly string[], seen: Seen): unknown {
  if (Array.isArray(value)) return value.map((entry) => walk(entry, upstream, containers, seen));
  if (!isEntry(value)) return value;
  const dynamic = value['dynamic_upstreams'];
  if (isEntry(dynamic) && upstream.names.includes(String(dynamic['name']))) seen.dynamic = true;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      if (key !== 'upstreams' || !Array.isArray(child)) return [key, walk(child, upstream, containers, seen)];
      return [key, expand(child, upstream, containers, seen)];
    }),
  );
}

/** One upstream for each container; entries that become equal are one. */
function expand(
  list: readonly unknown[],
  upstream: UpstreamNames,
  containers: readonly string[],
  seen: Seen,
): readonly unknown[] {
  const targets = containers.length === 0 ? [upstream.service] : containers;
  const expanded = list.flatMap((entry) => {
    const dial = isEntry(entry) ? entry['dial'] : undefined;
    if (!isEntry(entry) || typeof dial !== 'string') return [entry];
    const host = dial.slice(0, dial.lastIndexOf(':'));
    const isAtRest = upstream.names.includes(host);
    if (!isAtRest && !isContainerOf(host, upstream)) return [entry];
    const dials =
      isAtRest && containers.length === 0
        ? [dial]
        : targets.map((target) => `${target}${dial.slice(dial.lastIndexOf(':'))}`);
    seen.before.add(dial);
    for (const next of dials) seen.after.add(next);
    return dials.map((next) => ({ ...entry, dial: next }));
  });
  const texts = expanded.map((entry) => JSON.stringify(entry));
  return expanded.filter((_, index) => texts.indexOf(texts[index] ?? '') === index);
}

/** Compose's own names: `project-service-3`; in projects of Compose 1 `project_service_3`. */
function isContainerOf(host: string, { project, service }: UpstreamNames): boolean {
  return ['-', '_'].some((separator) => {
    const prefix = `${project}${separator}${service}${separator}`;
    return host.startsWith(prefix) && /^\d+$/.test(host.slice(prefix.length));
  });
}
