import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { findKnownHost, knownHostName, matchesNames, parseKnownHosts } from '../../src/host/known-hosts.ts';
import { publicBlob } from './ssh-server.ts';
import { makeEd25519Pair } from './key-pairs.ts';

const ed25519 = publicBlob(makeEd25519Pair().private);
const rsa = publicBlob(ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).private);
const key = `ssh-ed25519 ${ed25519.toString('base64')}`;
const rsaKey = `ssh-rsa ${rsa.toString('base64')}`;

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

const pinsOf = (text: string, host: string, port = 22): readonly string[] =>
  findKnownHost(parseKnownHosts(text, 'test'), host, port).pins.map((pin) => pin.type);

describe('known_hosts', () => {
  it.each([
    ['a plain name', `web1 ${key}`, 'web1', 22, 1],
    ['a name in other case', `Web1.Example.ORG ${key}`, 'web1.example.org', 22, 1],
    ['an address', `192.0.2.7 ${key}`, '192.0.2.7', 22, 1],
    ['an IPv6 address with port', `[2001:db8::1]:2222 ${key}`, '2001:db8::1', 2222, 1],
    ['a list', `a,web1,b ${key}`, 'web1', 22, 1],
    ['a port', `[web1]:2222 ${key}`, 'web1', 2222, 1],
    ['another port', `[web1]:2222 ${key}`, 'web1', 22, 0],
    ['no port where one is needed', `web1 ${key}`, 'web1', 2222, 0],
    ['a wildcard', `*.example.org ${key}`, 'web1.example.org', 22, 1],
    ['a wildcard for one character', `web? ${key}`, 'web1', 22, 1],
    ['a wildcard that does not fit', `*.example.org ${key}`, 'example.org', 22, 0],
    ['a negation that wins', `*.example.org,!web1.example.org ${key}`, 'web1.example.org', 22, 0],
    ['a negation of another', `*.example.org,!web2.example.org ${key}`, 'web1.example.org', 22, 1],
    ['only a negation', `!web2 ${key}`, 'web1', 22, 0],
    ['a hashed name', `${hashed('web1')} ${key}`, 'web1', 22, 1],
    ['a hashed name with port', `${hashed('[web1]:2222')} ${key}`, 'web1', 2222, 1],
    ['another hashed name', `${hashed('web2')} ${key}`, 'web1', 22, 0],
    ['CRLF, comments and empty lines', `\uFEFF# c\r\n\r\nweb1 ${key} comment here\r\n`, 'web1', 22, 1],
    ['tabs between the fields', `web1\t${key.replace(' ', '\t')}`, 'web1', 22, 1],
    ['a name with dots as it is, not as a pattern', `web.1 ${key}`, 'webx1', 22, 0],
  ])('matches a line with %s', (_, text, host, port, count) => {
    expect(pinsOf(text, host, port)).toHaveLength(count);
  });

  it('collects the keys of all matching lines', () => {
    expect(pinsOf(`web1 ${rsaKey}\nother ${key}\n${hashed('web1')} ${key}`, 'web1')).toEqual([
      'ssh-rsa',
      'ssh-ed25519',
    ]);
  });

  it('tells revoked keys and certificate authorities from pins', () => {
    const known = findKnownHost(
      parseKnownHosts(`@revoked * ${key}\n@cert-authority *.org ${rsaKey}`, 'test'),
      'web1.org',
      22,
    );
    expect(known).toEqual({ pins: [], revoked: [ed25519], authorities: [rsa], unusableTypes: [] });
  });

  it('names key types that cannot be checked', () => {
    const type = 'sk-ssh-ed25519@openssh.com';
    const blob = Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), Buffer.alloc(40)]);
    const known = findKnownHost(parseKnownHosts(`web1 ${type} ${blob.toString('base64')}`, 'test'), 'web1', 22);
    expect(known.unusableTypes).toEqual([type]);
  });

  it.each([
    ['fewer than three fields', 'web1 ssh-ed25519'],
    ['unknown marker', `@trusted web1 ${key}`],
    ['does not hold a key', `web1 ssh-rsa ${ed25519.toString('base64')}`],
    ['does not hold a key', 'web1 ssh-ed25519 AAAA...'],
    ['does not hold a key', 'web1 1024 35 1234567890'],
    ['hashed name', `|1|abc ${key}`],
  ])('refuses a line that cannot be read: %s', (why, line) => {
    expect(() => parseKnownHosts(`# first\n${line}`, 'input `known-hosts`')).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(`known-hosts.: line 2 .*${why}`) as string,
      }),
    );
  });

  it('matches patterns exactly as a regular expression made of them would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (glob, name) => {
        const expression = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesNames(glob, name)).toBe(new RegExp(`^${expression}$`, 's').test(name));
        expect(matchesNames(`*,!${glob}`, name)).toBe(!matchesNames(glob, name));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds a hashed name exactly for the host and port that were hashed', () => {
    const host = fc.domain();
    fc.assert(
      fc.property(host, host, fc.integer({ min: 1, max: 65535 }), (mine, other, port) => {
        const names = hashed(knownHostName(mine, port));
        expect(matchesNames(names, knownHostName(mine, port))).toBe(true);
        expect(matchesNames(names, knownHostName(other, port))).toBe(mine.toLowerCase() === other.toLowerCase());
      }),
    );
  });

  it('never throws anything but a configuration error, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('@', '|', '1', ' ', '\n', 'a', '=', ',', '!', '*', '\t', key),
          maxLength: 30,
        }),
        (text) => {
          try {
            findKnownHost(parseKnownHosts(text, 'test'), 'a', 22);
          } catch (thrown) {
            expect(thrown).toMatchObject({ code: 'INPUT_INVALID' });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
