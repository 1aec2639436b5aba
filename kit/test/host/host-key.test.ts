import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fingerprintOf,
  judgeHostKey,
  keyTypeAttempts,
  knownHostsLine,
  parseFingerprint,
  type HostKeyPolicy,
} from '../../src/host/host-key.ts';
import { offeredAlgorithms } from '../../src/host/ssh-algorithms.ts';
import { hostKeyPair, publicBlob } from './ssh-server.ts';

const mine = publicBlob(hostKeyPair.private);
const other = Buffer.concat([mine.subarray(0, -1), Buffer.from([(mine.at(-1) ?? 0) ^ 1])]);
const policy = (given: Partial<HostKeyPolicy>): HostKeyPolicy => ({
  pins: [],
  fingerprints: [],
  revoked: [],
  ...given,
});

describe('the host key policy', () => {
  it.each([
    ['trusts a pinned key', policy({ pins: [{ type: 'ssh-ed25519', key: mine }] }), mine, 'trusted'],
    ['trusts a key by its fingerprint', policy({ fingerprints: [fingerprintOf(mine)] }), mine, 'trusted'],
    [
      'does not trust a key that differs in one bit',
      policy({ pins: [{ type: 'ssh-ed25519', key: mine }], fingerprints: [fingerprintOf(mine)] }),
      other,
      'unknown',
    ],
    ['trusts nothing without pins', policy({}), mine, 'unknown'],
    [
      'lets a revocation win over a pin',
      policy({ pins: [{ type: 'ssh-ed25519', key: mine }], revoked: [mine] }),
      mine,
      'revoked',
    ],
  ] as const)('%s', (_, given, offered, verdict) => {
    expect(judgeHostKey(given, offered)).toBe(verdict);
  });

  it('asks only for the pinned types, and never for SHA-1 signatures', () => {
    const [types = []] = keyTypeAttempts(policy({ pins: [{ type: 'ssh-rsa', key: mine }] }));
    expect(types).toEqual(['ssh-rsa']);
    expect(offeredAlgorithms(types).serverHostKey).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  });

  it('tries one type after the other for a fingerprint', () => {
    expect(keyTypeAttempts(policy({ fingerprints: [fingerprintOf(mine)] }))).toEqual([
      ['ssh-ed25519'],
      ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
      ['ssh-rsa'],
    ]);
  });

  it('writes the line as known_hosts has it', () => {
    expect(knownHostsLine('Web1', 2222, mine)).toBe(`[web1]:2222 ssh-ed25519 ${mine.toString('base64')}`);
  });

  it('reads back every fingerprint that it makes, and nothing that is shorter, MD5 or bare', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const fingerprint = fingerprintOf(Buffer.from(bytes));
        expect(parseFingerprint(fingerprint)).toBe(fingerprint);
        expect(parseFingerprint(`${fingerprint}=`)).toBe(fingerprint);
        expect(parseFingerprint(fingerprint.slice(0, -1))).toBeUndefined();
        expect(parseFingerprint(fingerprint.slice('SHA256:'.length))).toBeUndefined();
      }),
    );
    expect(parseFingerprint('MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48')).toBeUndefined();
  });
});
