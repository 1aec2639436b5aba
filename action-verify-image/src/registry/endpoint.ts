import { isLoopbackHost } from './address.ts';

/** Where a bearer token is fetched, and for which service. */
export interface TokenSource {
  readonly realm: URL;
  readonly service: string | undefined;
}

/** How a registry named in image references is reached. */
export interface Endpoint {
  /** As in the reference: `ghcr.io`, `docker.io`, `localhost:5000`. */
  readonly registry: string;
  readonly origin: URL;
  /** Known beforehand: saves the round trip of the 401. */
  readonly tokenSource: TokenSource | undefined;
}

export interface EndpointOptions {
  /** `host:port` that may be reached without TLS. */
  readonly insecureRegistries: readonly string[];
  /** With a CA of their own, loopback registries speak TLS too. */
  readonly hasOwnCa: boolean;
}

interface KnownRegistry {
  readonly host: string;
  readonly realm: string;
  readonly service: string;
}

const knownRegistries: ReadonlyMap<string, KnownRegistry> = new Map([
  ['ghcr.io', { host: 'ghcr.io', realm: 'https://ghcr.io/token', service: 'ghcr.io' }],
  ['docker.io', { host: 'registry-1.docker.io', realm: 'https://auth.docker.io/token', service: 'registry.docker.io' }],
]);

/** A registry host in the form in which hosts are compared: lower case, no scheme, no path, Docker Hub by one name. */
export function normaliseRegistry(text: string): string {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '');
  return ['index.docker.io', 'registry-1.docker.io', 'hub.docker.com'].includes(host) ? 'docker.io' : host;
}

/** May this host be spoken to without TLS? Loopback always, others only when listed. */
export function isPlainAllowed(url: URL, options: EndpointOptions): boolean {
  const hosts = [url.host, `${url.hostname}:${url.port || '80'}`];
  return isLoopbackHost(url.hostname) || options.insecureRegistries.some((host) => hosts.includes(host));
}

export function endpointOf(registry: string, options: EndpointOptions): Endpoint {
  const known = knownRegistries.get(normaliseRegistry(registry));
  if (known !== undefined) {
    const tokenSource = { realm: new URL(known.realm), service: known.service };
    return { registry, origin: new URL(`https://${known.host}`), tokenSource };
  }
  const plain = new URL(`http://${registry}`);
  const isListed = options.insecureRegistries.includes(normaliseRegistry(registry));
  const isPlain = isListed || (isLoopbackHost(plain.hostname) && !options.hasOwnCa);
  return { registry, origin: isPlain ? plain : new URL(`https://${registry}`), tokenSource: undefined };
}
