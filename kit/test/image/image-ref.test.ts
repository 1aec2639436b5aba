import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ConfigurationError } from '../../src/action/errors.ts';
import { digestOf, parseDigest } from '../../src/image/digest.ts';
import { formatImageRef, imageName, parseImageRef, pinImage } from '../../src/image/image-ref.ts';

const sha = `sha256:${'ab'.repeat(32)}`;
const parse = (text: string) => parseImageRef(text, 'input `images`');
const parts = (text: string) => {
  const { registry, repository, tag, digest } = parse(text);
  return [registry, repository, tag, digest];
};

describe('parseImageRef', () => {
  it.each([
    ['nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['nginx:1.27.2', 'docker.io', 'library/nginx', '1.27.2', undefined],
    ['acme/api:v1', 'docker.io', 'acme/api', 'v1', undefined],
    ['docker.io/nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['index.docker.io/nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['docker.io/acme/api', 'docker.io', 'acme/api', undefined, undefined],
    ['ghcr.io/acme/api:v1', 'ghcr.io', 'acme/api', 'v1', undefined],
    ['ghcr.io/api', 'ghcr.io', 'api', undefined, undefined],
    ['localhost/api', 'localhost', 'api', undefined, undefined],
    ['localhost:5000/api:dev', 'localhost:5000', 'api', 'dev', undefined],
    ['localhost:5000', 'docker.io', 'library/localhost', '5000', undefined],
    ['HOST/api', 'HOST', 'api', undefined, undefined],
    ['host/api', 'docker.io', 'host/api', undefined, undefined],
    ['10.0.0.1:5000/a/b/c', '10.0.0.1:5000', 'a/b/c', undefined, undefined],
    ['[::1]:5000/api:v1', '[::1]:5000', 'api', 'v1', undefined],
    ['[2001:db8::1]/api', '[2001:db8::1]', 'api', undefined, undefined],
    [`ghcr.io/acme/api@${sha}`, 'ghcr.io', 'acme/api', undefined, sha],
    [`ghcr.io/acme/api:v1@${sha}`, 'ghcr.io', 'acme/api', 'v1', sha],
    ['a__b/c--d/e.f:_x', 'docker.io', 'a__b/c--d/e.f', '_x', undefined],
  ])('reads %s as Docker does', (text, registry, repository, tag, digest) => {
    expect(parts(text)).toEqual([registry, repository, tag, digest]);
  });

  it.each([
    ['', 'it is empty'],
    ['a b', 'white space'],
    ['https://ghcr.io/acme/api', 'URL scheme'],
    ['ab'.repeat(32), 'image id'],
    ['acme/API', 'lower case'],
    ['../x', 'not a registry host'],
    ['acme//api', 'not a repository name'],
    ['acme/api/', 'not a repository name'],
    ['acme/api:', 'not a tag'],
    ['acme/api:-x', 'not a tag'],
    [`acme/api:${'x'.repeat(129)}`, 'not a tag'],
    ['acme/api@sha256:abc', 'not a digest'],
    [`acme/api@${sha.toUpperCase()}`, 'not a digest'],
    [`acme/api@md5:${'a'.repeat(32)}`, 'not a digest'],
    [`acme/api@${sha}@${sha}`, 'more than one @'],
    ['-host.io/api', 'not a registry host'],
    ['[::1/api', 'not a registry host'],
    ['host.io:port/api', 'not a registry host'],
    ['a___b', 'not a repository name'],
    [`ghcr.io/${'a'.repeat(256)}`, 'longer than 255'],
  ])('refuses %j and quotes it', (text, reason) => {
    expect(() => parse(text)).toThrow(ConfigurationError);
    expect(() => parse(text)).toThrow(reason);
    expect(() => parse(text)).toThrow(JSON.stringify(text));
  });

  it('reads back what it writes, for any valid reference', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const registry = fc.oneof(
      fc.constantFrom('ghcr.io', 'localhost', 'localhost:5000', '[::1]:5000', 'docker.io', 'Host'),
      fc.tuple(word, fc.integer({ min: 1, max: 65535 })).map(([host, port]) => `${host}:${port}`),
    );
    const path = fc.array(word, { minLength: 2, maxLength: 4 }).map((list) => list.join('/'));
    const tag = fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined });
    const digest = fc.option(
      fc.uint8Array({ maxLength: 4 }).map((bytes) => digestOf(bytes)),
      { nil: undefined },
    );
    fc.assert(
      fc.property(registry, path, tag, digest, (host, name, label, hash) => {
        const text = `${host}/${name}${label === undefined ? '' : `:${label}`}${hash === undefined ? '' : `@${hash}`}`;
        const ref = parse(text);
        expect([ref.registry, ref.repository, ref.tag, ref.digest]).toEqual([host, name, label, hash]);
        expect(formatImageRef(ref)).toBe(text);
      }),
    );
  });

  it('never throws anything but a ConfigurationError', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '@', '.', '[', ']', '-', '_', 'A', '5', ' ', '\n') }),
        (text) => {
          try {
            parse(text);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(ConfigurationError);
          }
        },
      ),
    );
  });
});

describe('pinImage', () => {
  it('drops the tag and keeps the registry', () => {
    const pinned = pinImage(parse('nginx:1.27.2'), digestOf(new Uint8Array()));
    expect(formatImageRef(pinned)).toBe(`docker.io/library/nginx@${digestOf(new Uint8Array())}`);
    expect(imageName(pinned)).toBe('docker.io/library/nginx');
  });
});

describe('parseDigest', () => {
  it('accepts sha512 too', () => {
    expect(parseDigest(digestOf(new Uint8Array(), 'sha512'))).toMatch(/^sha512:[0-9a-f]{128}$/);
  });

  it('hashes the bytes', () => {
    expect(digestOf(new TextEncoder().encode('abc'))).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
