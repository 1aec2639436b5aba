import { parseImageRef } from '@deploy-actions/kit/image/image-ref';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { describe, expect, it } from 'vitest';

import type { Credentials } from '../../src/credentials/credentials.ts';
import type { Answer, Exchange, Http } from '../../src/registry/http.ts';
import { openRegistry, type Registry } from '../../src/registry/registry.ts';
import { buildImage, type Content } from '../scripted-registry.ts';

const image = buildImage();
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A network in which every registry wants a token and has the one image; what was sent, in order. */
function fakeNetwork(realmOf: (host: string) => string): Http & { readonly sent: readonly Exchange[] } {
  const sent: Exchange[] = [];
  const answer = (status: number, body: Uint8Array, headers: Answer['headers'] = {}): Answer => ({
    status,
    body,
    headers,
    peer: 'public',
  });
  const serve = ({ bytes, mediaType }: Content): Answer => answer(200, bytes, { 'content-type': mediaType });
  return {
    sent,
    send: async (exchange) => {
      sent.push(exchange);
      const { url, headers } = exchange;
      if (!url.pathname.startsWith('/v2/')) return answer(200, bytesOf('{"token":"granted"}'));
      const challenge = `Bearer realm="${realmOf(url.host)}",service="them"`;
      if (headers['authorization'] !== 'Bearer granted') {
        return answer(401, bytesOf(''), { 'www-authenticate': challenge });
      }
      return serve(url.pathname.includes('/manifests/') ? image.manifest : image.config);
    },
    count: () => sent.length,
    close: () => undefined,
  };
}

function open(http: Http, credentials?: Credentials): Registry {
  return openRegistry({
    http,
    clock: fakeClock(),
    timeoutMs: 1000,
    retries: 0,
    insecureRegistries: [],
    hasOwnCa: false,
    credentialsFor: async () => credentials,
    onSecret: () => undefined,
    redact: (text) => text,
  });
}

async function prove(registry: Registry, text: string): Promise<void> {
  const ref = parseImageRef(text, 'image');
  const { document } = await registry.manifest(ref, ref.tag ?? '');
  if (document.kind === 'manifest') await registry.blob(ref, document.config);
}

const shown = ({ sent }: { readonly sent: readonly Exchange[] }) =>
  sent.map(({ url }) => `${url.host}${url.pathname.replace(/sha256:.*/, 'sha256')}`);

describe('a registry whose token server is known', () => {
  it.each([
    ['ghcr.io/acme/api:1.0.0', 'ghcr.io', 'ghcr.io/token', 'acme/api'],
    ['acme/api:1.0.0', 'registry-1.docker.io', 'auth.docker.io/token', 'acme/api'],
    ['nginx:1.0.0', 'registry-1.docker.io', 'auth.docker.io/token', 'library/nginx'],
  ])('is asked for %s with three requests, the token first', async (text, host, realm, repository) => {
    const network = fakeNetwork(() => 'https://elsewhere.example/token');
    await prove(open(network, { kind: 'password', username: 'ci', password: 'secret', source: 'test' }), text);
    expect(shown(network)).toEqual([
      realm,
      `${host}/v2/${repository}/manifests/1.0.0`,
      `${host}/v2/${repository}/blobs/sha256`,
    ]);
    const [token, manifest] = network.sent;
    expect(token?.url.searchParams.get('scope')).toBe(`repository:${repository}:pull`);
    expect(token?.headers['authorization']).toMatch(/^Basic /);
    expect(manifest?.headers['authorization']).toBe('Bearer granted');
  });
});

describe('a registry that is not known', () => {
  it('is asked with four requests at first, and with three once it was met', async () => {
    const network = fakeNetwork((host) => `https://${host}/token`);
    const registry = open(network);
    await prove(registry, 'registry.example/acme/api:1.0.0');
    expect(network.count()).toBe(4);
    await prove(registry, 'registry.example/acme/web:1.0.0');
    expect(network.count()).toBe(4 + 3);
    await prove(registry, 'registry.example/acme/web:1.0.1');
    expect(network.count()).toBe(4 + 3 + 2);
  });

  it('that was met does not speak for another one', async () => {
    const network = fakeNetwork((host) => `https://${host}/token`);
    const registry = open(network);
    await prove(registry, 'registry.example/acme/api:1.0.0');
    await prove(registry, 'other.example/acme/api:1.0.0');
    expect(shown(network).slice(4)).toEqual([
      'other.example/v2/acme/api/manifests/1.0.0',
      'other.example/token',
      'other.example/v2/acme/api/manifests/1.0.0',
      'other.example/v2/acme/api/blobs/sha256',
    ]);
  });
});
