import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}

/**
 * A self-signed X.509 v3 certificate (RSA 2048, SHA-256, ten years). A registry trusts bearer tokens signed by its key.
 * Node can sign but not write certificates; the few DER structures of RFC 5280 that are needed are written here.
 */
export function createCertificate(commonName: string): Certificate {
  const { privateKey: privateKeyPem } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const key = createPrivateKey(privateKeyPem);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const algorithm = sequence(identifier('2a864886f70d01010b'), encode(0x05, Buffer.alloc(0)));
  const name = sequence(encode(0x31, sequence(identifier('550403'), encode(0x0c, Buffer.from(commonName)))));
  const validity = sequence(utcTime(-1), utcTime(10 * 365));
  const version = encode(0xa0, encode(0x02, Buffer.from([2])));
  const serial = encode(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const body = sequence(version, serial, algorithm, name, validity, name, publicKey);
  const signature = encode(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, key)]));
  const der = sequence(body, algorithm, signature);
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    privateKeyPem,
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return encode(0x30, Buffer.concat(parts));
}

function identifier(hex: string): Buffer {
  return encode(0x06, Buffer.from(hex, 'hex'));
}

function utcTime(daysFromNow: number): Buffer {
  const text = new Date(Date.now() + daysFromNow * 86_400_000).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return encode(0x17, Buffer.from(`${text}Z`));
}

/** Tag, length (short or long form), value. */
function encode(tag: number, value: Buffer): Buffer {
  if (value.length < 128) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const hex = value.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, value]);
}
