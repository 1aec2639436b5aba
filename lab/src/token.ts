import { createPrivateKey, randomUUID, sign } from 'node:crypto';

export interface TokenAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export interface TokenUser {
  readonly username: string;
  readonly password: string;
  readonly canPush: boolean;
}

/** What the token server is told at its start. */
export interface TokenSettings {
  readonly host: string;
  readonly port: number;
  readonly issuer: string;
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  readonly users: readonly TokenUser[];
  /** Repositories below these names are readable without an account, as public packages are. */
  readonly publicPrefixes: readonly string[];
}

export type TokenDecision =
  | { readonly kind: 'granted'; readonly subject: string; readonly access: readonly TokenAccess[] }
  | { readonly kind: 'refused'; readonly status: 401 | 403; readonly code: string; readonly message: string };

/** Every scope of a token request: the parameter is repeated, or holds several separated by spaces. */
export function parseScopes(scopes: readonly string[]): readonly TokenAccess[] {
  return scopes
    .flatMap((scope) => scope.split(' '))
    .flatMap((scope) => {
      const match = /^([a-z]+):(.+):([a-z*,]+)$/.exec(scope);
      return match === null
        ? []
        : [{ type: match[1] ?? '', name: match[2] ?? '', actions: (match[3] ?? '').split(',') }];
    });
}

/**
 * Who gets what, as GHCR decides: a wrong password is 403 DENIED, an anonymous wish for a private repository 401, and an
 * account that may not do all it asks for gets a token for the rest.
 */
export function decideToken(
  settings: TokenSettings,
  authorization: string | undefined,
  scopes: readonly string[],
): TokenDecision {
  const wanted = parseScopes(scopes);
  if (authorization === undefined) return decideAnonymous(settings, wanted);
  const [username, password] = parseBasic(authorization);
  const user = settings.users.find((candidate) => candidate.username === username && candidate.password === password);
  if (user === undefined) return { kind: 'refused', status: 403, code: 'DENIED', message: 'denied' };
  const allowed = user.canPush ? ['pull', 'push', 'delete'] : ['pull'];
  return { kind: 'granted', subject: user.username, access: restrict(wanted, allowed) };
}

/** The signed token (RS256, certificate in `x5c`) that a docker registry accepts. Times in seconds. */
export function signToken(
  settings: TokenSettings,
  service: string,
  subject: string,
  access: readonly TokenAccess[],
  now: number,
): string {
  const chain = settings.certificatePem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const header = { typ: 'JWT', alg: 'RS256', x5c: [chain] };
  const claims = {
    iss: settings.issuer,
    aud: service,
    sub: subject,
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const body = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${body}.${sign('sha256', Buffer.from(body), createPrivateKey(settings.privateKeyPem)).toString('base64url')}`;
}

function decideAnonymous(settings: TokenSettings, wanted: readonly TokenAccess[]): TokenDecision {
  const isPublic = ({ name }: TokenAccess): boolean =>
    settings.publicPrefixes.some((prefix) => name.startsWith(prefix));
  if (wanted.length > 0 && wanted.every(isPublic))
    return { kind: 'granted', subject: '', access: restrict(wanted, ['pull']) };
  return { kind: 'refused', status: 401, code: 'UNAUTHORIZED', message: 'authentication required' };
}

function restrict(wanted: readonly TokenAccess[], allowed: readonly string[]): readonly TokenAccess[] {
  return wanted.map((access) => ({ ...access, actions: access.actions.filter((action) => allowed.includes(action)) }));
}

function parseBasic(authorization: string): readonly [string, string] {
  const [scheme = '', encoded = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic') return ['', ''];
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return [text.slice(0, colon), text.slice(colon + 1)];
}
