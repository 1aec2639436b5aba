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

/** Where the proxies' configurations are kept; HAProxy's is the demo's. */
const files = {
  haproxy: new URL('../../demo/app/proxy/haproxy.cfg', import.meta.url),
  nginx: new URL('proxies/nginx.conf', import.meta.url),
  caddy: new URL('proxies/Caddyfile', import.meta.url),
} as const satisfies Readonly<Record<Proxy, URL>>;

/** In the container that goes, so that an active check sees it go; the engine waits until it has surely been seen. */
const drain = { 'deploy-actions.pre-stop': 'touch /tmp/drain', 'deploy-actions.drain-wait': '2s' } as const;

/** Reads the recipe of a proxy. */
export async function readRecipe(proxy: Proxy): Promise<Recipe> {
  const text = await readFile(fileURLToPath(files[proxy]), 'utf8');
  const base = { proxy, inputs: {}, labels: {} };
  switch (proxy) {
    case 'haproxy':
      return {
        ...base,
        service: ["ports: ['${HTTP_PORT}:8080']", "volumes: ['./proxy:/etc/haproxy:ro']"],
        files: { 'proxy/haproxy.cfg': text },
        labels: drain,
      };
    case 'nginx':
      return {
        ...base,
        service: ["ports: ['${HTTP_PORT}:80']", "volumes: ['./proxy:/etc/nginx/conf.d:ro']"],
        files: { 'proxy/app.conf': text },
      };
    case 'caddy':
      return {
        ...base,
        service: ["ports: ['${HTTP_PORT}:80']", "volumes: ['./proxy:/etc/caddy:ro']"],
        files: { 'proxy/Caddyfile': text },
      };
  }
}

/** The proxy's image by digest, from the registry that needs no login. Throws where the lab has not built it. */
export function proxyImage(lab: Lab, proxy: Proxy): string {
  const image = lab.images[proxy];
  if (image === undefined) throw new RangeError(`the lab has no image of ${proxy}: npm run lab -- up --proxies`);
  return lab.reference('anonymous', image.repository, image.digest);
}
