import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/src/index.ts';

export const PROXIES = ['haproxy', 'nginx', 'caddy'] as const;
export type Proxy = (typeof PROXIES)[number];

/** How a project with this proxy is set up: what docs/proxies.md tells to write. */
export interface Recipe {
  readonly proxy: Proxy;
  /** Lines below `services.proxy` of the compose file, at no indent. */
  readonly service: readonly string[];
  /** Path below deploy-path → content. */
  readonly files: Readonly<Record<string, string>>;
  /** Labels of the app's service. */
  readonly labels: Readonly<Record<string, string>>;
  /** Inputs of action-rolling-deploy beside the images. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Who deploys behind the proxy: nginx has a configuration that can be told, and one that helps itself. */
export type Deployer = 'ours' | 'peer';

async function readConfiguration(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`proxies/${name}`, import.meta.url)), 'utf8');
}

/** Reads the recipe of a proxy: for us the one of docs/proxies.md, for a peer the best that is known for it. */
export async function readRecipe(proxy: Proxy, deployer: Deployer): Promise<Recipe> {
  const base = { proxy, inputs: {}, labels: {} };
  switch (proxy) {
    case 'haproxy':
      return {
        ...base,
        service: ["ports: ['${HTTP_PORT}:8080']", "volumes: ['./proxy:/etc/haproxy:ro']"],
        files: { 'proxy/haproxy.cfg': await readConfiguration('haproxy.cfg') },
      };
    case 'nginx':
      return {
        ...base,
        service: [
          "ports: ['${HTTP_PORT}:80']",
          "volumes: ['./proxy:/etc/nginx/conf.d:ro']",
          // nginx does not start while it cannot look the name up.
          ...(deployer === 'ours' ? ['depends_on: [app]'] : []),
        ],
        files: {
          'proxy/app.conf': await readConfiguration(deployer === 'ours' ? 'nginx.conf' : 'nginx-by-dns.conf'),
        },
      };
    case 'caddy':
      return {
        ...base,
        service: ["ports: ['${HTTP_PORT}:80']", "volumes: ['./proxy:/etc/caddy:ro']"],
        files: { 'proxy/Caddyfile': await readConfiguration('Caddyfile') },
      };
  }
}

/** The proxy's image by digest, from the registry that needs no login. Throws where the lab has not built it. */
export function proxyImage(lab: Lab, proxy: Proxy): string {
  const image = lab.images[proxy];
  if (image === undefined) throw new RangeError(`the lab has no image of ${proxy}: npm run lab -- up --proxies`);
  return lab.reference('anonymous', image.repository, image.digest);
}

/** Each proxy's own words for its version. */
const versionLine = /^(?:HA-?Proxy version |nginx version: |v?\d+(?:\.\d+)+(?: |$))/;

/** The line in which a proxy says its version; empty where there is none. What Docker says of a pull before is not it. Pure. */
export function findProxyVersion(output: string): string {
  return (
    output
      .split('\n')
      .map((line) => line.trim())
      .find((line) => versionLine.test(line)) ?? ''
  );
}
