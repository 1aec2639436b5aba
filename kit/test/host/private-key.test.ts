import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readPrivateKey } from '../../src/host/private-key.ts';
import { makeEd25519Pair } from './key-pairs.ts';
import { makeSecurityKey } from './security-key.ts';

const plain = makeEd25519Pair();
const locked = makeEd25519Pair('open sesame');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const ed = generateKeyPairSync('ed25519').privateKey;
const pkcs8 = { format: 'pem', type: 'pkcs8' } as const;
const lockedPkcs8 = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;
const rsaPem = rsa.export({ format: 'pem', type: 'pkcs1' }).toString();
const lockedPem = rsa
  .export({ format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
  .toString();

/** Proves that the key really signs: the library's own check of its signature. */
function expectSigns(text: string, passphrase?: string): string {
  const key = readPrivateKey(text, passphrase);
  const signature = key.parsed.sign(Buffer.from('data'));
  expect(key.parsed.verify(Buffer.from('data'), signature)).toBe(true);
  expect(key.publicLine.startsWith(`${key.type} AAAA`)).toBe(true);
  return key.type;
}

describe('a private key', () => {
  it.each([
    ['OpenSSH ed25519', plain.private, undefined, 'ssh-ed25519'],
    ['OpenSSH ed25519 with passphrase', locked.private, 'open sesame', 'ssh-ed25519'],
    ['a passphrase that is not needed', plain.private, 'whatever', 'ssh-ed25519'],
    ['PEM RSA', rsaPem, undefined, 'ssh-rsa'],
    ['PEM RSA with passphrase', lockedPem, 'open sesame', 'ssh-rsa'],
    ['PEM EC', ec.export({ format: 'pem', type: 'sec1' }).toString(), undefined, 'ecdsa-sha2-nistp256'],
    ['PKCS#8 RSA', rsa.export(pkcs8).toString(), undefined, 'ssh-rsa'],
    ['PKCS#8 EC', ec.export(pkcs8).toString(), undefined, 'ecdsa-sha2-nistp256'],
    ['PKCS#8 ed25519', ed.export(pkcs8).toString(), undefined, 'ssh-ed25519'],
    ['PKCS#8 RSA with passphrase', rsa.export(lockedPkcs8).toString(), 'open sesame', 'ssh-rsa'],
    ['PKCS#8 ed25519 with passphrase', ed.export(lockedPkcs8).toString(), 'open sesame', 'ssh-ed25519'],
  ])('is read: %s', (_, text, passphrase, type) => {
    expect(expectSigns(text, passphrase)).toBe(type);
  });

  it.each<readonly [string, (text: string) => string]>([
    ['byte order mark', (text) => `\uFEFF${text}`],
    ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['only CR', (text) => text.replaceAll('\n', '\r')],
    ['no final newline', (text) => text.trimEnd()],
    ['empty lines around', (text) => `\n\n${text}\n\n`],
    ['empty lines between', (text) => text.replaceAll('\n', '\n\n')],
    ['indentation', (text) => text.replaceAll(/^/gm, '    ')],
    ['trailing blanks', (text) => text.replaceAll('\n', '  \n')],
    ['literal \\n', (text) => text.replaceAll('\n', '\\n')],
    ['literal \\r\\n', (text) => text.replaceAll('\n', '\\r\\n')],
    ['literal \\n in quotes', (text) => `"${text.replaceAll('\n', '\\n')}"`],
    ['blanks for line ends', (text) => text.replaceAll('\n', ' ')],
    ['base64 of the file', (text) => Buffer.from(text).toString('base64')],
    ['folded base64 of the file', (text) => Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\n')],
  ])('is repaired: %s', (_, damage) => {
    expect(expectSigns(damage(plain.private))).toBe('ssh-ed25519');
    expect(expectSigns(damage(rsa.export(pkcs8).toString()))).toBe('ssh-rsa');
  });

  it.each([
    ['a public key', plain.public, undefined, /is a public key/, /without `.pub`/],
    [
      'a PEM public key',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      undefined,
      /is a public key/,
      /private one/,
    ],
    ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none', undefined, /PuTTY/, /puttygen/],
    [
      'a user certificate',
      `ssh-ed25519-cert-v01@openssh.com ${'A'.repeat(40)}`,
      undefined,
      /user certificate/,
      /private key/,
    ],
    [
      'an X.509 certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      undefined,
      /X\.509/,
      undefined,
    ],
    ['a key without its end', plain.private.slice(0, 200), undefined, /cut off/, /whole key file/],
    ['a key with a damaged middle', plain.private.replace(/\n.{30}/, '\n'), undefined, /damaged/, undefined],
    ['some other text', 'hunter2hunter2', undefined, /does not begin with/, /whole key file/],
    ['a passphrase that is missing', locked.private, undefined, /is encrypted/, /ssh-passphrase/],
    ['a wrong passphrase', locked.private, 'wrong', /does not fit/, undefined],
    ['a missing passphrase, PEM', lockedPem, undefined, /is encrypted/, /ssh-passphrase/],
    ['a wrong passphrase, PEM', lockedPem, 'wrong', /does not fit/, undefined],
    ['a missing passphrase, PKCS#8', rsa.export(lockedPkcs8).toString(), undefined, /is encrypted/, /ssh-passphrase/],
    ['a wrong passphrase, PKCS#8', rsa.export(lockedPkcs8).toString(), 'wrong', /does not fit/, undefined],
    ['a DSA key', '-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----', undefined, /DSA/, /ed25519/],
    [
      'the handle of a security key',
      makeSecurityKey().handleFile,
      undefined,
      /security key \(sk-ssh-ed25519/,
      /openssh/,
    ],
    ['an Ed448 key', generateKeyPairSync('ed448').privateKey.export(pkcs8).toString(), undefined, /ed448/, /ed25519/],
  ])('is refused by name, without quoting it: %s', (_, text, passphrase, message, hint) => {
    const refused = (): unknown => {
      try {
        return readPrivateKey(text, passphrase);
      } catch (thrown) {
        return thrown;
      }
    };
    const error = refused();
    expect(error).toMatchObject({ code: 'SSH_KEY_INVALID', message: expect.stringMatching(message) as string });
    if (hint !== undefined) expect(error).toMatchObject({ hint: expect.stringMatching(hint) as string });
    const said = `${String(error)} ${JSON.stringify(error)}`;
    for (const line of text.split('\n').filter((each) => /^[A-Za-z0-9+/=]{20,}$/.test(each)))
      expect(said).not.toContain(line);
    expect(said).not.toContain('hunter2');
  });
});
