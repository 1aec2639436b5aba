import { asObject, type Json } from '@deploy-actions/kit/json/json';

import { asText, parseJson } from '../registry/json.ts';
import { normaliseRegistry } from '../registry/endpoint.ts';
import { passwordOrToken, type Credentials } from './credentials.ts';

/** Where a file of `docker login` or `podman login` says that the credentials for a repository are. */
export type CredentialLead =
  | { readonly kind: 'stored'; readonly credentials: Credentials }
  | {
      readonly kind: 'helper';
      /** `ecr-login`: the program is docker-credential-ecr-login. */
      readonly helper: string;
      /** What the helper is asked for. */
      readonly server: string;
    };

/** A docker config or a containers auth.json, parsed. */
export interface AuthFile {
  readonly path: string;
  readonly document: Json;
}

/** The key under which `docker login` without a host keeps Docker Hub's account. */
const dockerHubServer = 'https://index.docker.io/v1/';

/** Undefined when the bytes are no JSON object. */
export function parseAuthFile(path: string, bytes: Uint8Array): AuthFile | undefined {
  const document = parseJson(bytes);
  return document === undefined ? undefined : { path, document };
}

/** Where such files lie, those that win first: Docker's, then those of Podman, Buildah and Skopeo. */
export function authFilePaths(env: (name: string) => string | undefined): readonly string[] {
  const home = env('HOME') ?? env('USERPROFILE');
  const at = (folder: string | undefined, rest: string): readonly string[] =>
    folder === undefined ? [] : [`${folder.replace(/\/$/, '')}/${rest}`];
  const docker = env('DOCKER_CONFIG') ?? (home === undefined ? undefined : `${home}/.docker`);
  const explicit = env('REGISTRY_AUTH_FILE');
  const config = env('XDG_CONFIG_HOME') ?? (home === undefined ? undefined : `${home}/.config`);
  return [
    ...at(docker, 'config.json'),
    ...(explicit === undefined ? [] : [explicit]),
    ...at(env('XDG_RUNTIME_DIR'), 'containers/auth.json'),
    ...at(config, 'containers/auth.json'),
  ];
}

/**
 * What a file knows of a repository, best first: the registry's own helper, the store of all, the file itself. Hosts are
 * compared whole; a key may go on with a path (`quay.io/acme`), then it is for what is below that.
 */
export function findLeads(file: AuthFile, registry: string, repository: string): readonly CredentialLead[] {
  const keys = repositoryKeys(registry, repository);
  const { credHelpers, credsStore, auths } = file.document;
  const server = keys.at(-1) === 'docker.io' ? dockerHubServer : registry;
  const named = [findKey(asObject(credHelpers), keys), credsStore]
    .map(asText)
    .filter((helper) => helper !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper));
  const stored = readAuth(asObject(findKey(asObject(auths), keys)), file.path);
  return [
    ...named.map((helper): CredentialLead => ({ kind: 'helper', helper: helper ?? '', server })),
    ...(stored === undefined ? [] : [{ kind: 'stored', credentials: stored } as const]),
  ];
}

/** `quay.io/acme/api`, `quay.io/acme`, `quay.io`. */
function repositoryKeys(registry: string, repository: string): readonly string[] {
  const host = normaliseRegistry(registry);
  const parts = repository.split('/');
  return [...parts.map((_, at) => [host, ...parts.slice(0, parts.length - at)].join('/')), host];
}

function findKey(entries: Json, keys: readonly string[]): unknown {
  const byKey = new Map(Object.entries(entries).map(([key, value]) => [normaliseKey(key), value]));
  return keys.map((key) => byKey.get(key)).find((value) => value !== undefined);
}

/** Docker has written keys with a scheme and `/v1/`, `/v2/` behind the host. */
function normaliseKey(key: string): string {
  const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/');
  const rest = path.filter((part) => part !== '');
  const below = rest.length === 1 && /^v[12]$/.test(rest[0] ?? '') ? [] : rest;
  return [normaliseRegistry(host), ...below].join('/');
}

function readAuth(entry: Json, source: string): Credentials | undefined {
  const decoded = Buffer.from(asText(entry['auth']) ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  const username = colon === -1 ? asText(entry['username']) : decoded.slice(0, colon);
  const password = colon === -1 ? asText(entry['password']) : decoded.slice(colon + 1);
  const identityToken = asText(entry['identitytoken']) ?? '';
  const pullToken = asText(entry['registrytoken']) ?? '';
  if (identityToken !== '') return { kind: 'identity-token', username: username ?? '', token: identityToken, source };
  if (pullToken !== '') return { kind: 'pull-token', token: pullToken, source };
  if (username === undefined || username === '' || password === undefined || password === '') return undefined;
  return passwordOrToken(username, password, source);
}

/** What a helper printed: `{"Username": …, "Secret": …}`; undefined when it is nothing of use. */
export function parseHelperOutput(text: string, source: string): Credentials | undefined {
  const document = parseJson(new TextEncoder().encode(text)) ?? {};
  const [username, secret] = [asText(document['Username']), asText(document['Secret'])];
  if (username === undefined || username === '' || secret === undefined || secret === '') return undefined;
  return passwordOrToken(username, secret, source);
}

/** A helper that was asked for what it does not have says so with these words, and fails. */
export function isNotFoundAnswer(text: string): boolean {
  return /credentials not found|no credentials server url|not found in native keychain/i.test(text);
}
