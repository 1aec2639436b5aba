import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addressKind, isLoopbackHost } from '../../src/registry/address.ts';
import { parseChallenges } from '../../src/registry/challenge.ts';
import { endpointOf, normaliseRegistry } from '../../src/registry/endpoint.ts';
import { parseImageConfig } from '../../src/registry/image-config.ts';
import { parseManifest } from '../../src/registry/manifest.ts';
import { formatPlatform, parsePlatform } from '../../src/registry/platform.ts';
import { parseRegistryErrors } from '../../src/registry/registry-errors.ts';
import { nextTry, parseRetryAfter } from '../../src/registry/retry.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const digest = `sha256:${'ab'.repeat(32)}`;

describe('parseChallenges', () => {
  const read = (header: string) =>
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

  it.each([
    [
      'GHCR',
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:acme/api:pull"',
      [['bearer', { realm: 'https://ghcr.io/token', service: 'ghcr.io', scope: 'repository:acme/api:pull' }]],
    ],
    [
      'several actions in one scope',
      'Bearer realm="https://a/t",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://a/t', scope: 'repository:a/b:pull,push' }]],
    ],
    [
      'two challenges',
      'Basic realm="ECR, east", Bearer realm="https://a/t" , service=plain',
      [
        ['basic', { realm: 'ECR, east' }],
        ['bearer', { realm: 'https://a/t', service: 'plain' }],
      ],
    ],
    [
      'a scheme without parameters first',
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'token68',
      'NTLM TlRMTVNTUAAC==, basic REALM = "x"',
      [
        ['ntlm', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['escaped quotes', 'Basic realm="say \\"hi\\""', [['basic', { realm: 'say "hi"' }]]],
    ['the first of two realms', 'Bearer realm="https://a/", realm="https://b/"', [['bearer', { realm: 'https://a/' }]]],
    ['nothing', '', []],
    ['garbage', '"""', []],
    ['a parameter without a scheme', 'realm="x"', []],
    ['an open quote', 'Basic realm="x', [['basic', {}]]],
  ])('reads %s', (_case, header, expected) => {
    expect(read(header).slice(0, 2)).toEqual(expected);
  });

  it('ends on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('B', 'a', '=', '"', ',', ' ', '\\', '/', 'é') }), (text) => {
        expect(parseChallenges(text).length).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

describe('addressKind', () => {
  it.each([
    ['140.82.112.3', 'public'],
    ['2606:50c0:8000::153', 'public'],
    ['127.0.0.1', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['::ffff:a9fe:a9fe', 'link-local'],
    ['fe80::1', 'link-local'],
    ['255.255.255.255', 'link-local'],
    ['10.1.2.3', 'private'],
    ['172.31.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.0.1', 'private'],
    ['100.100.100.200', 'private'],
    ['fd00:ec2::254', 'private'],
    ['64:ff9b::a9fe:a9fe', 'private'],
    ['ghcr.io', undefined],
  ])('takes %s for %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });

  it('knows the names of the machine itself', () => {
    expect(
      ['localhost', 'LOCALHOST', 'a.localhost', '[::1]', '127.1.2.3', 'localhost.example.com'].map(isLoopbackHost),
    ).toEqual([true, true, true, true, true, false]);
  });
});

describe('endpointOf', () => {
  const options = { insecureRegistries: ['10.0.0.5:5000'], hasOwnCa: false };

  it.each([
    ['ghcr.io', 'https://ghcr.io', 'https://ghcr.io/token'],
    ['docker.io', 'https://registry-1.docker.io', 'https://auth.docker.io/token'],
    ['registry.example.com:8443', 'https://registry.example.com:8443', undefined],
    ['10.0.0.5:5000', 'http://10.0.0.5:5000', undefined],
    ['10.0.0.5:5001', 'https://10.0.0.5:5001', undefined],
    ['localhost:5000', 'http://localhost:5000', undefined],
    ['[::1]:5000', 'http://[::1]:5000', undefined],
  ])('reaches %s at %s', (registry, origin, realm) => {
    const endpoint = endpointOf(registry, options);
    expect(endpoint.origin.origin).toBe(origin);
    expect(endpoint.tokenSource?.realm.href).toBe(realm);
  });

  it('speaks TLS to a loopback registry when a CA was given', () => {
    expect(endpointOf('localhost:5000', { ...options, hasOwnCa: true }).origin.protocol).toBe('https:');
  });

  it('compares hosts by one spelling', () => {
    expect(['https://index.docker.io/v1/', 'Docker.io', 'GHCR.io/acme'].map(normaliseRegistry)).toEqual([
      'docker.io',
      'docker.io',
      'ghcr.io',
    ]);
  });
});

describe('parsePlatform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['Linux/x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux', undefined],
    ['linux/', undefined],
    ['a/b/c/d', undefined],
  ])('reads %s as %s', (text, expected) => {
    const platform = parsePlatform(text);
    expect(platform && formatPlatform(platform)).toBe(expected);
  });
});

describe('parseManifest', () => {
  it('reads an index of BuildKit without its attestations', () => {
    const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1234 };
    const index = parseManifest(
      bytes(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.index.v1+json',
          manifests: [
            { ...entry, platform: { architecture: 'arm64', os: 'linux', variant: 'v8' } },
            {
              ...entry,
              platform: { architecture: 'unknown', os: 'unknown' },
              annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
            },
          ],
        }),
      ),
      'application/vnd.oci.image.index.v1+json; charset=utf-8',
    );
    expect(index).toMatchObject({
      kind: 'index',
      entries: [{ digest, platform: { architecture: 'arm64', variant: '' } }],
    });
  });

  it('takes the type from the header when the body has none, and adds up the sizes', () => {
    const body = JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: 'c', digest, size: 10 },
      layers: [
        { digest, size: 20 },
        { digest, size: 30 },
      ],
    });
    expect(parseManifest(bytes(body), 'application/vnd.oci.image.manifest.v1+json')).toMatchObject({
      kind: 'manifest',
      sizeBytes: 60,
    });
  });

  it.each([
    ['', 'text/plain'],
    ['null', 'application/json'],
    ['{"manifests":[]}', 'application/json'],
    [
      '{"schemaVersion":2,"config":{"digest":"sha256:x","size":1},"layers":[]}',
      'application/vnd.oci.image.manifest.v1+json',
    ],
    ['{"schemaVersion":2,"manifests":[{"digest":"../x","size":1}]}', 'application/vnd.oci.image.index.v1+json'],
  ])('takes %j for no manifest', (body, type) => {
    expect(parseManifest(bytes(body), type).kind).toBe('invalid');
  });
});

describe('parseImageConfig', () => {
  it('reads platform, commit and time', () => {
    const config = {
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      config: { Labels: { 'org.opencontainers.image.revision': ' abc ' } },
    };
    expect(parseImageConfig(bytes(JSON.stringify(config)))).toEqual({
      platform: { os: 'linux', architecture: 'amd64', variant: '' },
      labels: new Map([['org.opencontainers.image.revision', ' abc ']]),
      revision: 'abc',
      created: '2026-01-02T03:04:05Z',
    });
  });

  it.each(['{}', '[]', '', '{"os":"linux"}'])('takes %j for no config', (body) => {
    expect(parseImageConfig(bytes(body))).toBeUndefined();
  });

  it('has no commit when labels are null or of another type', () => {
    for (const labels of ['null', '[]', '{"org.opencontainers.image.revision":7}']) {
      const body = `{"os":"linux","architecture":"amd64","config":{"Labels":${labels}}}`;
      expect(parseImageConfig(bytes(body))?.revision).toBeUndefined();
    }
  });
});

describe('parseRegistryErrors', () => {
  it('reads codes and messages, made safe for one log line', () => {
    const body = '{"errors":[{"code":"DENIED","message":"a\\n::error::b"}]}';
    expect(parseRegistryErrors(bytes(body))).toEqual([{ code: 'DENIED', message: 'a ::error::b' }]);
  });

  it.each(['<html>', '{"errors":"x"}', '{"details":[]}', ''])('finds none in %j', (body) => {
    expect(parseRegistryErrors(bytes(body))).toEqual([]);
  });
});

describe('nextTry', () => {
  const now = new Date('2026-01-02T03:04:05Z');
  const answer = (status: number, retryAfter?: string) => ({
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: new Uint8Array(),
    peer: undefined,
  });
  const policy = { retries: 3, deadlineMs: 60_000 };

  it('waits longer each time', () => {
    expect([1, 2, 3].map((tries) => nextTry(answer(503), tries, 0, policy, now))).toEqual(
      [500, 1000, 2000].map((ms) => ({ kind: 'wait', ms })),
    );
    expect(nextTry(answer(503), 4, 0, policy, now)).toEqual({ kind: 'give-up' });
  });

  it('waits as long as it is told, within the deadline', () => {
    expect(nextTry(answer(429, '7'), 1, 0, policy, now)).toEqual({ kind: 'wait', ms: 7000 });
    expect(nextTry(answer(429, '7'), 1, 55_000, policy, now)).toEqual({ kind: 'give-up' });
  });

  it('does not try again what will not change', () => {
    for (const status of [200, 401, 403, 404])
      expect(nextTry(answer(status), 1, 0, policy, now)).toEqual({ kind: 'done' });
  });

  it.each([
    ['120', 120_000],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['-1', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('reads Retry-After %j as %j ms', (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
  });
});
