import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { digestOf, type Digest } from '@deploy-actions/kit/image/digest';

/** One piece of content as a registry serves it. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly mediaType: string;
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';

export function content(document: unknown, mediaType: string): Content {
  const bytes = new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
  return { bytes, digest: digestOf(bytes), mediaType };
}

export interface BuiltImage {
  readonly manifest: Content;
  readonly config: Content;
}

export function buildImage(
  options: {
    platform?: string;
    revision?: string;
    labels?: Readonly<Record<string, string>>;
    created?: string;
    configType?: string;
    mark?: string;
  } = {},
): BuiltImage {
  const [os = '', architecture = '', variant] = (options.platform ?? 'linux/amd64').split('/');
  const revision = options.revision === undefined ? {} : { 'org.opencontainers.image.revision': options.revision };
  const labels = { ...revision, ...options.labels };
  const config = content(
    {
      os,
      architecture,
      variant,
      created: options.created ?? '2026-01-02T03:04:05Z',
      mark: options.mark,
      config: { Labels: labels },
    },
    options.configType ?? ociConfig,
  );
  const layer = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: digestOf(new Uint8Array()),
    size: 2_000_000,
  };
  const manifest = content(
    { schemaVersion: 2, mediaType: ociManifest, config: descriptor(config), layers: [layer] },
    ociManifest,
  );
  return { manifest, config };
}

export function descriptor({ mediaType, digest, bytes }: Content): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest, size: bytes.length };
}

export function buildIndex(
  entries: readonly { readonly content: Content; readonly platform?: string; readonly annotations?: object }[],
): Content {
  const manifests = entries.map((entry) => {
    const [os, architecture, variant] = entry.platform?.split('/') ?? [];
    const platform = entry.platform === undefined ? {} : { platform: { os, architecture, variant } };
    return { ...descriptor(entry.content), ...platform, annotations: entry.annotations };
  });
  return content({ schemaVersion: 2, mediaType: ociIndex, manifests }, ociIndex);
}

/** What was asked, in order. */
export interface Seen {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

export interface ScriptedRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly seen: readonly Seen[];
  /** Serves content under its digest and, for a manifest, under a tag of `acme/api`. */
  serve(item: Content, tag?: string): void;
  serveImage(image: BuiltImage, tag?: string): void;
  /** Takes over each path that matches; the latest one given wins. Returning `false` leaves it to the rest. */
  on(pattern: RegExp, handler: Handler): void;
  /** From now on everything below /v2/ wants this. */
  require(kind: 'basic' | 'bearer', credentials?: { readonly username: string; readonly password: string }): void;
}

export const grantedToken = 'granted-token-0123456789';

/** A registry in this process, which does what it is told to: right by default, wrong on purpose. */
export async function openScriptedRegistry(tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<ScriptedRegistry> {
  const seen: Seen[] = [];
  const stored = new Map<string, Content>();
  const handlers: { pattern: RegExp; handler: Handler }[] = [];
  let guard: (request: IncomingMessage, response: ServerResponse) => boolean = () => true;

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://registry');
    const { authorization, accept } = request.headers;
    seen.push({ path: url.pathname, query: url.searchParams, authorization, accept });
    const special = handlers.findLast(({ pattern }) => pattern.test(url.pathname));
    if (special !== undefined) {
      void special.handler(request, response, url);
      return;
    }
    if (!guard(request, response)) return;
    serveStored(stored.get(url.pathname), response);
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;

  const registry: ScriptedRegistry = {
    host,
    seen,
    serve: (item, tag) => {
      const isManifest = /manifest|index/.test(item.mediaType);
      stored.set(`/v2/acme/api/${isManifest ? 'manifests' : 'blobs'}/${item.digest}`, item);
      if (tag !== undefined) stored.set(`/v2/acme/api/manifests/${tag}`, item);
    },
    serveImage: ({ manifest, config }, tag) => {
      registry.serve(manifest, tag);
      registry.serve(config);
    },
    on: (pattern, handler) => {
      handlers.push({ pattern, handler });
    },
    require: (kind, credentials) => {
      const basic = basicOf(credentials);
      guard = (request, response) => {
        const wanted = kind === 'basic' ? basic : `Bearer ${grantedToken}`;
        if (request.headers.authorization === wanted) return true;
        const challenge =
          kind === 'basic'
            ? 'Basic realm="lab"'
            : `Bearer realm="http://${host}/token",service="lab, registry",scope="ignored"`;
        refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
        return false;
      };
      if (kind === 'bearer') {
        registry.on(/^\/token$/, (request, response) => {
          const isAllowed = credentials === undefined || request.headers.authorization === basic;
          if (!isAllowed) {
            refuse(response, request.headers.authorization === undefined ? 403 : 401, 'DENIED');
            return;
          }
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ token: grantedToken, expires_in: 300 }));
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return registry;
}

function basicOf(credentials: { readonly username: string; readonly password: string } | undefined): string {
  return `Basic ${Buffer.from(`${credentials?.username}:${credentials?.password}`).toString('base64')}`;
}

function serveStored(item: Content | undefined, response: ServerResponse): void {
  if (item === undefined) {
    refuse(response, 404, 'MANIFEST_UNKNOWN');
    return;
  }
  response.setHeader('content-type', item.mediaType);
  response.setHeader('docker-content-digest', item.digest);
  response.end(item.bytes);
}

export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message: `scripted ${code}` }] }));
}
