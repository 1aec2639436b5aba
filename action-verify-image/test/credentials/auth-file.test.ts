import { describe, expect, it } from 'vitest';

import {
  authFilePaths,
  findLeads,
  isNotFoundAnswer,
  parseAuthFile,
  parseHelperOutput,
} from '../../src/credentials/auth-file.ts';

const auth = (text: string) => Buffer.from(text).toString('base64');
const leads = (document: object, registry: string, repository = 'acme/api') => {
  const file = parseAuthFile('/config.json', Buffer.from(JSON.stringify(document)));
  return file === undefined ? undefined : findLeads(file, registry, repository);
};
const stored = (username: string, password: string) => ({
  kind: 'stored',
  credentials: { kind: 'password', username, password, source: '/config.json' },
});

describe('authFilePaths', () => {
  it('looks where Docker does, then where Podman does', () => {
    const env: Record<string, string> = { HOME: '/home/ci', XDG_RUNTIME_DIR: '/run/user/1' };
    expect(authFilePaths((name) => env[name])).toEqual([
      '/home/ci/.docker/config.json',
      '/run/user/1/containers/auth.json',
      '/home/ci/.config/containers/auth.json',
    ]);
    const others = { ...env, DOCKER_CONFIG: '/d/', REGISTRY_AUTH_FILE: '/r.json', XDG_CONFIG_HOME: '/c' };
    expect(authFilePaths((name) => (others as Record<string, string>)[name])).toEqual([
      '/d/config.json',
      '/r.json',
      '/run/user/1/containers/auth.json',
      '/c/containers/auth.json',
    ]);
    expect(authFilePaths(() => undefined)).toEqual([]);
  });
});

describe('findLeads', () => {
  it.each([
    ['ghcr.io', 'ghcr.io'],
    ['https://ghcr.io', 'ghcr.io'],
    ['https://ghcr.io/v2/', 'ghcr.io'],
    ['GHCR.io', 'ghcr.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['localhost:5000', 'localhost:5000'],
  ])('takes the key %s for %s', (key, registry) => {
    expect(leads({ auths: { [key]: { auth: auth('ci:pass:word') } } }, registry)).toEqual([stored('ci', 'pass:word')]);
  });

  it.each([
    ['ghcr.io', 'evil-ghcr.io'],
    ['ghcr.io', 'ghcr.io.evil.example'],
    ['localhost:5000', 'localhost:5001'],
    ['localhost:5000', 'localhost'],
    ['quay.io/acme', 'quay.io/acme-evil'],
  ])('never takes the key %s for %s', (key, name) => {
    const [registry = '', ...rest] = name.split('/');
    expect(leads({ auths: { [key]: { auth: auth('ci:secret') } } }, registry, [...rest, 'api'].join('/'))).toEqual([]);
  });

  it('takes the most special key of a file of containers', () => {
    const auths = { 'quay.io': { auth: auth('a:1') }, 'quay.io/acme': { auth: auth('b:2') } };
    expect(leads({ auths }, 'quay.io', 'acme/api')).toEqual([stored('b', '2')]);
    expect(leads({ auths }, 'quay.io', 'other/api')).toEqual([stored('a', '1')]);
  });

  it('asks the helper of the registry, then the store of all, then the file', () => {
    const document = {
      credHelpers: { 'ghcr.io': 'gh' },
      credsStore: 'pass',
      auths: { 'ghcr.io': { username: 'ci', password: 'secret' } },
    };
    expect(leads(document, 'ghcr.io')).toEqual([
      { kind: 'helper', helper: 'gh', server: 'ghcr.io' },
      { kind: 'helper', helper: 'pass', server: 'ghcr.io' },
      stored('ci', 'secret'),
    ]);
    expect(leads({ credsStore: 'pass' }, 'docker.io', 'library/nginx')).toEqual([
      { kind: 'helper', helper: 'pass', server: 'https://index.docker.io/v1/' },
    ]);
  });

  it('starts no program whose name leads elsewhere', () => {
    expect(leads({ credsStore: '../../tmp/evil' }, 'ghcr.io')).toEqual([]);
    expect(leads({ credHelpers: { 'ghcr.io': 'a b' } }, 'ghcr.io')).toEqual([]);
  });

  it('reads identity tokens and pull tokens', () => {
    const identity = { auths: { 'acme.azurecr.io': { auth: auth('00000000:'), identitytoken: 'refresh' } } };
    expect(leads(identity, 'acme.azurecr.io')).toMatchObject([
      { credentials: { kind: 'identity-token', token: 'refresh', username: '00000000' } },
    ]);
    expect(leads({ auths: { 'a.example': { registrytoken: 'jwt' } } }, 'a.example')).toMatchObject([
      { credentials: { kind: 'pull-token', token: 'jwt' } },
    ]);
  });

  it.each([{}, { auths: null }, { auths: { 'ghcr.io': {} } }, { auths: { 'ghcr.io': { auth: 'bm9jb2xvbg==' } } }])(
    'finds nothing in %j',
    (document) => {
      expect(leads(document, 'ghcr.io')).toEqual([]);
    },
  );
});

describe('a helper', () => {
  it('says a user and a secret, or an identity token', () => {
    expect(parseHelperOutput('{"ServerURL":"x","Username":"AWS","Secret":"s"}', 'h')).toMatchObject({
      kind: 'password',
      username: 'AWS',
    });
    expect(parseHelperOutput('{"Username":"<token>","Secret":"s"}', 'h')).toMatchObject({ kind: 'identity-token' });
    for (const text of ['', '{}', '{"Username":"","Secret":"s"}', 'Username: x']) {
      expect(parseHelperOutput(text, 'h')).toBeUndefined();
    }
  });

  it('that does not know the registry is told from one that fails', () => {
    expect(isNotFoundAnswer('credentials not found in native keychain\n')).toBe(true);
    expect(isNotFoundAnswer('error getting credentials: gpg failed')).toBe(false);
  });
});
