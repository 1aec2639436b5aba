import type { Credentials } from '../credentials/credentials.ts';
import { tokenUsername } from '../credentials/credentials.ts';
import { verifyError, type VerifyError } from '../failures.ts';
import type { AddressKind } from './address.ts';
import { parseChallenges } from './challenge.ts';
import type { Endpoint, TokenSource } from './endpoint.ts';
import type { Answer, Exchange } from './http.ts';
import { parseJson } from './json.ts';
import { judgeTokenRefusal } from './refusals.ts';
import { describeAnswer } from './registry-errors.ts';
import { reasonToRefuse, sendPatiently, type Arrival, type TransferOptions } from './transfer.ts';

/** A repository of a registry: what a pull token is for. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly repository: string;
}

export interface AuthenticatorOptions extends TransferOptions {
  /** The credentials that belong to this registry and repository, if any. */
  readonly credentialsFor: (registry: string, repository: string) => Promise<Credentials | undefined>;
  /** Told each secret derived on the way, before its first use. */
  readonly onSecret: (secret: string) => void;
}

/** Knows how each registry wants to be asked, and keeps one pull token per repository. */
export interface Authenticator {
  /** The Authorization header to begin with; undefined while nothing is known. */
  headerFor(target: Target): Promise<string | undefined>;
  /**
   * Learns from a 401. True when another try with {@link headerFor} makes sense.
   * @throws DeployError AUTH_MISSING, REALM_REFUSED
   */
  learn(target: Target, arrival: Arrival, sent: string | undefined): Promise<boolean>;
}

type Scheme =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly source: TokenSource; readonly allowed: readonly AddressKind[] | undefined };

interface PullToken {
  readonly value: string;
  readonly validUntilMs: number;
}

const tokenBodyBytes = 1024 * 1024;
/** The token specification's default, in seconds. */
const defaultExpirySeconds = 60;
const safetyMs = 10_000;

export function openAuthenticator(options: AuthenticatorOptions): Authenticator {
  const schemes = new Map<string, Scheme>();
  const tokens = new Map<string, Promise<PullToken>>();

  const pullToken = async (target: Target, scheme: Scheme & { kind: 'bearer' }): Promise<PullToken> => {
    const key = tokenKey(target);
    const kept = await tokens.get(key)?.catch(() => undefined);
    if (kept !== undefined && kept.validUntilMs > options.clock.now()) return kept;
    const fresh = fetchToken(target, scheme, options);
    tokens.set(key, fresh);
    return fresh;
  };

  return {
    headerFor: async (target) => {
      const { registry, tokenSource } = target.endpoint;
      const known: Scheme | undefined =
        tokenSource === undefined ? undefined : { kind: 'bearer', source: tokenSource, allowed: undefined };
      const scheme = schemes.get(registry) ?? known;
      if (scheme === undefined) return undefined;
      if (scheme.kind === 'bearer') return `Bearer ${(await pullToken(target, scheme)).value}`;
      const credentials = await options.credentialsFor(registry, target.repository);
      return credentials === undefined ? undefined : basicHeader(credentials, options);
    },
    learn: async (target, { answer, url }, sent) => {
      const { endpoint } = target;
      // Whoever answers after a redirect to another host has no claim to this registry's credentials.
      if (url.origin !== endpoint.origin.origin) return false;
      const challenges = parseChallenges(answer.headers['www-authenticate'] ?? '');
      const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
      if (sent !== undefined) {
        const isStale = bearer?.parameters.get('error') === 'invalid_token' && tokens.delete(tokenKey(target));
        return isStale;
      }
      if (bearer !== undefined) {
        const source = tokenSourceOf(bearer.parameters, target, options);
        schemes.set(endpoint.registry, { kind: 'bearer', source, allowed: ['public', answer.peer ?? 'public'] });
        return true;
      }
      if (!challenges.some(({ scheme }) => scheme === 'basic')) return false;
      const credentials = await options.credentialsFor(endpoint.registry, target.repository);
      if (credentials === undefined) throw missingCredentials(target, url, answer);
      schemes.set(endpoint.registry, { kind: 'basic' });
      return true;
    },
  };
}

function tokenKey({ endpoint, repository }: Target): string {
  return `${endpoint.registry}/${repository}`;
}

function basicHeader(credentials: Credentials, { onSecret }: AuthenticatorOptions): string {
  const [username, secret] =
    credentials.kind === 'password'
      ? [credentials.username, credentials.password]
      : [(credentials.kind === 'identity-token' && credentials.username) || tokenUsername, credentials.token];
  const encoded = Buffer.from(`${username}:${secret}`, 'utf8').toString('base64');
  onSecret(encoded);
  return `Basic ${encoded}`;
}

function missingCredentials(target: Target, url: URL, answer: Answer): VerifyError {
  return verifyError({
    code: 'AUTH_MISSING',
    message: `${target.endpoint.registry} wants a user name and a password, and none were given for it.`,
    hint: 'Set `registry-username` and `registry-password` (with several registries also `registry`, or `registry-credentials`), or run `docker login` before this step.',
    evidence: [describeAnswer(url, answer)],
  });
}

function tokenSourceOf(
  parameters: ReadonlyMap<string, string>,
  { endpoint }: Target,
  options: AuthenticatorOptions,
): TokenSource {
  const realm = parameters.get('realm') ?? '';
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const reason = url === undefined ? 'it is not a URL' : reasonToRefuse(url, endpoint, options);
  if (url !== undefined && reason === undefined) return { realm: url, service: parameters.get('service') };
  throw realmRefused(endpoint.registry, url, reason ?? '');
}

function realmRefused(registry: string, realm: URL | undefined, reason: string): VerifyError {
  return verifyError({
    code: 'REALM_REFUSED',
    message: `${registry} names ${realm?.origin ?? 'something'} as the place to get a token, which is refused: ${reason}.`,
    hint: 'No credentials were sent. The registry or a proxy in front of it is set up wrongly, or is not to be trusted.',
  });
}

/** Fetches a token for pulling this one repository: never a wider scope, whatever the challenge asked for. */
async function fetchToken(
  target: Target,
  { source, allowed }: Scheme & { readonly kind: 'bearer' },
  options: AuthenticatorOptions,
): Promise<PullToken> {
  const { registry } = target.endpoint;
  const credentials = await options.credentialsFor(registry, target.repository);
  if (credentials?.kind === 'pull-token') return { value: credentials.token, validUntilMs: Infinity };
  const realm = source.realm;
  const send = (exchange: TokenExchange): Promise<Answer> =>
    sendPatiently({ ...exchange, maxBytes: tokenBodyBytes, allowed }, registry, options);
  const answer = await askForToken(target, source, credentials, send, options);
  if (answer.status >= 300 && answer.status < 400) {
    throw realmRefused(registry, realm, 'it redirects, and credentials do not follow redirects');
  }
  if (answer.status !== 200) throw judgeTokenRefusal(target, realm, answer, credentials?.source, options.redact);
  const token = readToken(answer, options.clock.now());
  if (token === undefined) {
    throw verifyError({
      code: 'ANSWER_INVALID',
      message: `${registry}: ${realm.origin}${realm.pathname} answered without a token.`,
      hint: 'Look at what answers under this address: a proxy or a login page may be in the way.',
      evidence: [options.redact(describeAnswer(realm, answer))],
    });
  }
  options.onSecret(token.value);
  return token;
}

type TokenExchange = Pick<Exchange, 'url' | 'headers' | 'form'>;

/**
 * An identity token is exchanged by POST, as OAuth2 has it (distribution's token specification, oauth.md); where that
 * is not known, and for everybody else, by GET.
 */
async function askForToken(
  { repository }: Target,
  { realm, service }: TokenSource,
  credentials: Credentials | undefined,
  send: (exchange: TokenExchange) => Promise<Answer>,
  options: AuthenticatorOptions,
): Promise<Answer> {
  const scope = `repository:${repository}:pull`;
  const accept = { accept: 'application/json' };
  if (credentials?.kind === 'identity-token') {
    const grant = { grant_type: 'refresh_token', refresh_token: credentials.token, client_id: 'deploy-actions', scope };
    const form = new URLSearchParams({ ...grant, ...(service === undefined ? {} : { service }) });
    const answer = await send({ url: realm, headers: accept, form });
    if (answer.status !== 404 && answer.status !== 405) return answer;
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  const authorization = credentials === undefined ? {} : { authorization: basicHeader(credentials, options) };
  return send({ url, headers: { ...accept, ...authorization } });
}

function readToken({ body }: Answer, now: number): PullToken | undefined {
  const document = parseJson(body) ?? {};
  const value = [document['token'], document['access_token']].find((text) => typeof text === 'string' && text !== '');
  // A token goes into a header; a line break in it would be another header.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) return undefined;
  const expiry = document['expires_in'];
  const seconds = typeof expiry === 'number' && expiry > 0 ? expiry : defaultExpirySeconds;
  return { value, validUntilMs: now + Math.max(seconds * 1000 - safetyMs, 1000) };
}
