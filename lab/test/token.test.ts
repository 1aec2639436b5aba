import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCertificate } from '../src/certificate.ts';
import { decideToken, parseScopes, signToken } from '../src/token.ts';
import type { TokenSettings } from '../src/token.ts';

const settings: TokenSettings = {
  host: '127.0.0.1',
  port: 0,
  issuer: 'lab-issuer',
  ...createCertificate('lab-issuer'),
  users: [
    { username: 'pusher', password: 'a:b', canPush: true },
    { username: 'puller', password: 'secret', canPush: false },
  ],
  publicPrefixes: ['public/'],
};

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

describe('the token server', () => {
  it('reads repeated scopes and scopes joined by a space alike', () => {
    const joined = parseScopes(['repository:lab/app:pull,push repository:lab/worker:pull']);
    expect(joined).toEqual(parseScopes(['repository:lab/app:pull,push', 'repository:lab/worker:pull']));
    expect(joined[0]).toEqual({ type: 'repository', name: 'lab/app', actions: ['pull', 'push'] });
  });

  it('grants the push account what it asks for, a colon in its password notwithstanding', () => {
    const decision = decideToken(settings, basic('pusher', 'a:b'), ['repository:lab/app:pull,push']);
    expect(decision).toMatchObject({ kind: 'granted', access: [{ name: 'lab/app', actions: ['pull', 'push'] }] });
  });

  it('grants the read-only account only pull', () => {
    const decision = decideToken(settings, basic('puller', 'secret'), ['repository:lab/app:pull,push']);
    expect(decision).toMatchObject({ kind: 'granted', access: [{ name: 'lab/app', actions: ['pull'] }] });
  });

  it('denies a wrong password', () => {
    expect(decideToken(settings, basic('puller', 'wrong'), [])).toMatchObject({
      kind: 'refused',
      status: 403,
      code: 'DENIED',
    });
  });

  it('denies nobody a public repository and anonymous callers a private one', () => {
    expect(decideToken(settings, undefined, ['repository:public/app:pull'])).toMatchObject({ kind: 'granted' });
    expect(decideToken(settings, undefined, ['repository:lab/app:pull'])).toMatchObject({
      kind: 'refused',
      status: 401,
    });
    const mixed = ['repository:public/app:pull', 'repository:lab/app:pull'];
    expect(decideToken(settings, undefined, mixed)).toMatchObject({ kind: 'refused', status: 401 });
  });

  it('never lets an anonymous caller push to a public repository', () => {
    const decision = decideToken(settings, undefined, ['repository:public/app:pull,push']);
    expect(decision).toMatchObject({ access: [{ actions: ['pull'] }] });
  });

  it('signs tokens that the certificate in their header verifies', () => {
    const token = signToken(settings, 'lab-registry', 'puller', [], 1_700_000_000);
    const [header = '', claims = '', signature = ''] = token.split('.');
    const { x5c } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { x5c: [string] };
    const key = new X509Certificate(Buffer.from(x5c[0], 'base64')).publicKey;
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: 'lab-issuer',
      aud: 'lab-registry',
      exp: 1_700_000_300,
    });
  });
});

describe('createCertificate', () => {
  it('makes a self-signed certificate of the key that comes with it', () => {
    const { certificatePem, privateKeyPem } = createCertificate('lab-issuer');
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.subject).toBe('CN=lab-issuer');
    expect(certificate.verify(createPublicKey(privateKeyPem))).toBe(true);
    expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now());
    expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now() + 3650 * 86_000_000);
  });
});
