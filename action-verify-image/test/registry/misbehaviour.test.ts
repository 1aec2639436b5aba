import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runAction } from '../scenario.ts';
import {
  buildImage,
  content,
  grantedToken,
  ociManifest,
  openScriptedRegistry,
  refuse,
  type ScriptedRegistry,
} from '../scripted-registry.ts';

const password = 'not-to-be-seen';
const credentials = { username: 'ci', password };
let registry: ScriptedRegistry;
let elsewhere: ScriptedRegistry;

beforeEach(async () => {
  registry = await openScriptedRegistry();
  elsewhere = await openScriptedRegistry();
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

const image = buildImage();
const byTag = /manifests\/v1\.0\.0$/;
const verify = async (inputs: Record<string, string> = {}) => {
  const ran = await runAction({
    images: `api=${registry.host}/acme/api:v1.0.0`,
    'wait-timeout': '0',
    'registry-username': credentials.username,
    'registry-password': password,
    ...inputs,
  });
  // Whatever a registry does, no secret gets out, and not by the evidence either.
  const shown = [ran.runner.rawText(), ran.error?.message, ran.error?.hint, ...(ran.error?.evidence ?? [])].join('\n');
  expect(shown).not.toContain(password);
  expect(shown).not.toContain(grantedToken);
  return ran;
};
const code = async (inputs?: Record<string, string>) => (await verify(inputs)).error?.code;
const authorizations = (of: ScriptedRegistry) => of.seen.map(({ authorization }) => authorization?.split(' ')[0]);

describe('content', () => {
  beforeEach(() => {
    registry.serveImage(image, 'v1.0.0');
  });

  it('is refused when a body differs from its header', async () => {
    registry.on(byTag, (_request, response) => {
      response.setHeader('content-type', ociManifest);
      response.setHeader('docker-content-digest', image.config.digest);
      response.end(image.manifest.bytes);
    });
    expect(await code()).toBe('DIGEST_HEADER_MISMATCH');
  });

  it('is refused when it was tampered with, asked for by digest', async () => {
    registry.on(/manifests\/sha256/, (_request, response) => {
      response.setHeader('content-type', ociManifest);
      response.end(buildImage({ mark: 'evil' }).manifest.bytes);
    });
    expect(await code({ images: `${registry.host}/acme/api@${image.manifest.digest}` })).toBe('DIGEST_MISMATCH');
  });

  it('is refused when the config blob was tampered with', async () => {
    registry.on(/blobs/, (_request, response) => response.end(buildImage({ mark: 'evil' }).config.bytes));
    expect(await code()).toBe('DIGEST_MISMATCH');
  });

  it('is taken without a digest header, for its body is hashed', async () => {
    registry.on(byTag, (_request, response) => {
      response.setHeader('content-type', ociManifest);
      response.end(image.manifest.bytes);
    });
    expect((await verify()).runner.outputs.get('digest')).toBe(image.manifest.digest);
  });

  it.each([
    [
      'schema 1',
      { schemaVersion: 1, fsLayers: [] },
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      'SCHEMA1',
    ],
    ['a login page', '<html>sign in</html>', 'text/html', 'ANSWER_INVALID'],
    ['truncated JSON', '{"schemaVersion":2,"mediaType":"appl', ociManifest, 'ANSWER_INVALID'],
    ['JSON that is no object', '[1]', ociManifest, 'ANSWER_INVALID'],
    [
      'an index by header, a manifest by body',
      { schemaVersion: 2, mediaType: ociManifest, config: {}, layers: [] },
      'application/vnd.oci.image.index.v1+json',
      'ANSWER_INVALID',
    ],
    ['a manifest and an index at once', { schemaVersion: 2, manifests: [], layers: [] }, ociManifest, 'ANSWER_INVALID'],
    [
      'a descriptor without digest',
      { schemaVersion: 2, config: { size: 1 }, layers: [] },
      ociManifest,
      'ANSWER_INVALID',
    ],
  ])('is refused when it is %s', async (_case, document, mediaType, expected) => {
    registry.serve(content(document, mediaType));
    registry.on(byTag, (_request, response) => {
      const item = content(document, mediaType);
      response.setHeader('content-type', mediaType);
      response.setHeader('docker-content-digest', item.digest);
      response.end(item.bytes);
    });
    expect(await code()).toBe(expected);
  });

  it('is refused beyond 8 MiB, by its announced length', async () => {
    registry.on(byTag, (_request, response) => response.end(Buffer.alloc(10 * 1024 * 1024)));
    expect(await code()).toBe('TOO_LARGE');
  });

  it('is refused beyond 8 MiB, counted when no length is announced', async () => {
    let sentBytes = 0;
    registry.on(byTag, (_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      const pump = (): void => {
        while (sentBytes < 1024 * chunk.length && !response.destroyed && response.write(chunk))
          sentBytes += chunk.length;
        if (!response.destroyed) response.once('drain', pump);
      };
      pump();
    });
    expect(await code()).toBe('TOO_LARGE');
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it('is not unpacked: a gzip bomb is refused at its packed size', async () => {
    registry.on(byTag, (_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.setHeader('content-type', ociManifest);
      response.end(gzipSync(Buffer.alloc(50 * 1024 * 1024)));
    });
    expect(await code()).toBe('ANSWER_INVALID');
  });
});

describe('a registry in trouble', () => {
  it.each([429, 500, 502, 503, 504])('is asked again after %i', async (status) => {
    registry.serveImage(image);
    let tries = 0;
    registry.on(byTag, (_request, response) => {
      if (++tries < 3) {
        refuse(response, status, 'UNAVAILABLE');
        return;
      }
      response.setHeader('content-type', ociManifest);
      response.end(image.manifest.bytes);
    });
    expect(await code()).toBeUndefined();
  });

  it('is given up after the retries', async () => {
    registry.on(byTag, (_request, response) => refuse(response, 503, 'UNAVAILABLE'));
    expect(await code({ retries: '2' })).toBe('REGISTRY_DOWN');
    expect(registry.seen).toHaveLength(3);
  });

  it('is not asked again before Retry-After, and not at all when that is too far away', async () => {
    registry.on(byTag, (_request, response) =>
      refuse(response, 429, 'TOOMANYREQUESTS', { 'retry-after': '3600', 'ratelimit-remaining': '0;w=21600' }),
    );
    const { error } = await verify();
    expect(error).toMatchObject({ code: 'RATE_LIMITED' });
    expect(error?.message).toContain('0 requests left, Retry-After: 3600');
    expect(registry.seen).toHaveLength(1);
  });

  it('that drips its answer is given up after the timeout', async () => {
    registry.on(byTag, (_request, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const { error } = await verify({ timeout: '200ms', retries: '0' });
    expect(error).toMatchObject({ code: 'REGISTRY_DOWN' });
    expect(error?.message).toContain('no whole answer within 0.2s');
  });

  it('that hangs up is asked again', async () => {
    registry.on(byTag, (_request, response) => response.destroy());
    expect(await code({ retries: '1' })).toBe('REGISTRY_DOWN');
    expect(registry.seen).toHaveLength(2);
  });

  it('that cuts its answer short is asked again, and the part is not taken for the whole', async () => {
    registry.on(byTag, (_request, response) => {
      response.setHeader('content-length', image.manifest.bytes.length);
      response.write(image.manifest.bytes.subarray(0, 40), () => response.destroy());
    });
    expect(await code({ retries: '0' })).toBe('REGISTRY_DOWN');
  });

  it('that is not there is named', async () => {
    const { error } = await verify({ images: '127.0.0.1:1/acme/api:v1.0.0', retries: '0' });
    expect(error).toMatchObject({ code: 'REGISTRY_DOWN' });
    expect(error?.message).toContain('127.0.0.1:1 could not be reached: connect ECONNREFUSED');
  });
});

describe('access', () => {
  it('by Basic is answered with the credentials, only after they were asked for', async () => {
    registry.serveImage(image, 'v1.0.0');
    registry.require('basic', credentials);
    expect(await code()).toBeUndefined();
    expect(authorizations(registry)).toEqual([undefined, 'Basic', 'Basic']);
  });

  it('by Basic without credentials is AUTH_MISSING', async () => {
    registry.require('basic', credentials);
    expect(await code({ 'registry-username': '', 'registry-password': '' })).toBe('AUTH_MISSING');
    expect(registry.seen).toHaveLength(1);
  });

  it('by Basic with a wrong password is AUTH_REJECTED, asked once', async () => {
    registry.require('basic', { username: 'ci', password: 'another' });
    expect(await code()).toBe('AUTH_REJECTED');
    expect(authorizations(registry)).toEqual([undefined, 'Basic']);
  });

  it('by token asks for pulling this repository only, in four requests', async () => {
    registry.serveImage(image, 'v1.0.0');
    registry.require('bearer', credentials);
    expect(await code()).toBeUndefined();
    expect(authorizations(registry)).toEqual([undefined, 'Basic', 'Bearer', 'Bearer']);
    const query = registry.seen[1]?.query;
    expect([query?.getAll('scope'), query?.get('service')]).toEqual([['repository:acme/api:pull'], 'lab, registry']);
  });

  it('by token meets a registry once for many images', async () => {
    const tags = ['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.0.3', 'v1.0.4'];
    for (const tag of tags) registry.serveImage(buildImage({ mark: tag }), tag);
    registry.require('bearer', credentials);
    const images = tags.map((tag) => `${registry.host}/acme/api:${tag}`).join('\n');
    expect(await code({ images })).toBeUndefined();
    expect(authorizations(registry).filter((scheme) => scheme === undefined)).toHaveLength(1);
    expect(authorizations(registry).filter((scheme) => scheme === 'Basic')).toHaveLength(1);
  });

  it('masks the token and the encoded password before they are used', async () => {
    registry.serveImage(image, 'v1.0.0');
    registry.require('bearer', credentials);
    const { runner } = await verify();
    const encoded = Buffer.from(`ci:${password}`).toString('base64');
    expect(runner.masks).toEqual(expect.arrayContaining([password, encoded, grantedToken]));
  });

  it.each(['basic', 'bearer'] as const)('by %s is not shown, even when the registry says it back', async (kind) => {
    registry.require(kind, credentials);
    registry.on(byTag, (request, response) => {
      const challenge = kind === 'basic' ? 'Basic realm="lab"' : `Bearer realm="http://${registry.host}/token"`;
      const { authorization } = request.headers;
      if (authorization === undefined) {
        refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
        return;
      }
      response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message: authorization }] }));
    });
    const { error } = await verify();
    expect(error?.evidence.join()).toMatch(/DENIED (Basic|Bearer) \*\*\*/);
  });

  it('takes access_token where token is not given', async () => {
    registry.serveImage(image, 'v1.0.0');
    registry.require('bearer', credentials);
    registry.on(/^\/token$/, (_request, response) => response.end(JSON.stringify({ access_token: grantedToken })));
    expect(await code()).toBeUndefined();
  });

  it.each([
    ['nothing', '{}'],
    ['HTML', '<html>'],
    ['a header injection', JSON.stringify({ token: 'a\r\nx: y' })],
  ])('refuses %s for a token', async (_case, body) => {
    registry.require('bearer', credentials);
    registry.on(/^\/token$/, (_request, response) => response.end(body));
    expect(await code()).toBe('ANSWER_INVALID');
  });

  it('refused at the token endpoint is never reported as missing', async () => {
    registry.require('bearer', { username: 'ci', password: 'another' });
    expect(await code()).toBe('AUTH_REJECTED');
    const anonymous = await verify({ 'registry-username': '', 'registry-password': '' });
    expect(anonymous.error).toMatchObject({ code: 'DENIED_OR_MISSING' });
    expect(anonymous.error?.message).toContain('private or absent');
  });

  it('refused in spite of a token is never reported as missing, and is not asked for again', async () => {
    registry.require('bearer', credentials);
    registry.on(byTag, (request, response) => {
      const challenge = `Bearer realm="http://${registry.host}/token",error="insufficient_scope"`;
      refuse(response, request.headers.authorization === undefined ? 401 : 403, 'DENIED', {
        'www-authenticate': challenge,
      });
    });
    expect(await code({ 'wait-timeout': '60s' })).toBe('DENIED_OR_MISSING');
    expect(registry.seen).toHaveLength(3);
  });

  it.each(['', ',error="invalid_token"'])('ends when a registry answers 401 for ever (%j)', async (error) => {
    registry.require('bearer');
    registry.on(/^\/v2\//, (_request, response) =>
      refuse(response, 401, 'UNAUTHORIZED', {
        'www-authenticate': `Bearer realm="http://${registry.host}/token"${error}`,
      }),
    );
    expect(await code()).toBe('DENIED_OR_MISSING');
    expect(registry.seen.length).toBeLessThanOrEqual(6);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254/latest/meta-data',
    'https://[fe80::1]/token',
    'https://10.0.0.1/token',
    'http://example.com/token',
    'https://user:pass@example.com/token',
    'file:///etc/passwd',
    'not a url',
  ])('sends no credentials to the realm %s', async (realm) => {
    registry.on(byTag, (_request, response) =>
      refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="${realm}"` }),
    );
    expect(await code({ retries: '0' })).toBe('REALM_REFUSED');
    expect(registry.seen).toHaveLength(1);
  });

  it('does not follow a redirect with credentials to another token server', async () => {
    registry.require('bearer', credentials);
    registry.on(/^\/token$/, (_request, response) => {
      response.writeHead(302, { location: `http://${elsewhere.host}/token` }).end();
    });
    expect(await code()).toBe('REALM_REFUSED');
    expect(elsewhere.seen).toHaveLength(0);
  });

  it('is kept from another registry of the same run', async () => {
    registry.serveImage(image, 'v1.0.0');
    elsewhere.require('basic', credentials);
    const images = `${registry.host}/acme/api:v1.0.0\n${elsewhere.host}/acme/api:v1.0.0`;
    expect(await code({ images, registry: registry.host })).toBe('AUTH_MISSING');
    expect(authorizations(elsewhere)).toEqual([undefined]);
  });
});

describe('redirects', () => {
  const redirectBlobs = (location: (digest: string) => string, status = 307) =>
    registry.on(/blobs/, (_request, response, url) => {
      response.writeHead(status, { location: location(url.pathname.split('/').at(-1) ?? '') }).end();
    });

  beforeEach(() => {
    registry.serveImage(image, 'v1.0.0');
  });

  it('to another host are followed without the credentials', async () => {
    registry.require('basic', credentials);
    redirectBlobs((digest) => `http://${elsewhere.host}/v2/acme/api/blobs/${digest}?X-Amz-Signature=presigned`);
    elsewhere.serveImage(image);
    const { error, runner } = await verify();
    expect(error).toBeUndefined();
    expect(authorizations(elsewhere)).toEqual([undefined]);
    expect(runner.rawText()).not.toContain('presigned');
  });

  it('to another host that asks for credentials gets none', async () => {
    registry.require('basic', credentials);
    redirectBlobs((digest) => `http://${elsewhere.host}/v2/acme/api/blobs/${digest}?X-Amz-Signature=presigned`);
    elsewhere.require('basic', credentials);
    const { error } = await verify();
    expect(error).toMatchObject({ code: 'ANSWER_INVALID' });
    expect(error?.evidence.join()).not.toContain('presigned');
    expect(authorizations(elsewhere)).toEqual([undefined]);
  });

  it('to another host do not let that host name a token server', async () => {
    redirectBlobs((digest) => `http://${elsewhere.host}/v2/acme/api/blobs/${digest}`);
    elsewhere.require('bearer', credentials);
    expect(await code()).toBe('ANSWER_INVALID');
    expect(elsewhere.seen.map(({ path }) => path)).not.toContain('/token');
  });

  it('that never end are ended', async () => {
    redirectBlobs((digest) => `/v2/acme/api/blobs/${digest}`);
    expect(await code()).toBe('REDIRECT_REFUSED');
    expect(registry.seen.length).toBeLessThanOrEqual(8);
  });

  it.each([
    'https://169.254.169.254/x',
    'http://169.254.169.254/x',
    'http://example.com/x',
    'file:///etc/passwd',
    'https://u:p@example.com/',
  ])('to %s are refused', async (location) => {
    redirectBlobs(() => location);
    expect(await code({ retries: '0' })).toMatch(/^(REDIRECT|REALM)_REFUSED$/);
  });
});
