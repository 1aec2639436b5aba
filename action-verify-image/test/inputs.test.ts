import { inputReader } from '@deploy-actions/kit/action/inputs';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';

import { loadInputs } from '../src/inputs.ts';
import { withDefaults } from './scenario.ts';

const sha = '94e9cbb0123456789abcdef0123456789abcdef0';
const digest = `sha256:${'ab'.repeat(32)}`;
const load = (inputs: Record<string, string>, environment: Record<string, string> = {}) => {
  const runner = fakeRunner(withDefaults(inputs), environment);
  return loadInputs(inputReader(runner), runner);
};

describe('loadInputs', () => {
  it('has defaults that fit most', () => {
    const inputs = load({ images: `api=ghcr.io/acme/api:${sha}` });
    expect(inputs).toMatchObject({
      platforms: [{ os: 'linux', architecture: 'amd64', variant: '' }],
      credentials: new Map(),
      signature: { kind: 'none' },
      onMissing: 'fail',
      maxAge: undefined,
      maxSizeBytes: undefined,
      waitTimeout: 60_000,
      timeout: 30_000,
      retries: 3,
    });
  });

  it.each([
    [{ images: '' }, 'input `images` is required'],
    [{ images: '# none' }, 'only comments'],
    [{ images: 'api=acme/API:1.0.0' }, 'input `images`, api: "acme/API:1.0.0"'],
    [{ images: 'localhost:99999/api:1.0.0' }, '"localhost:99999/api:1.0.0"'],
    [{ tags: 'floating' }, 'input `tags`: "floating"'],
    [{ platforms: 'amd64' }, 'input `platforms`: "amd64"'],
    [{ 'expect-revision': '94e9cbb' }, 'input `expect-revision`: "94e9cbb"'],
    [{ 'expect-revision': `web=${sha}` }, '"web" is not the left side'],
    [{ 'expect-digest': 'sha256:ab' }, 'input `expect-digest`: "sha256:ab"'],
    [{ 'expect-digest': `api=${digest}\n${digest}` }, 'does not say which image it is for'],
    [{ 'expect-digest': `api=${digest}\napi=${digest}` }, 'given twice'],
    [{ 'registry-username': 'ci' }, '`registry-password` was empty'],
    [{ 'registry-password': 'secret' }, '`registry-username` was empty'],
    [{ 'registry-username': 'a:b', 'registry-password': 'secret' }, 'colon'],
    [{ 'insecure-registries': 'http://lan:5000' }, 'input `insecure-registries`'],
    [{ 'ca-file': '/nonexistent/ca.pem' }, 'input `ca-file`: "/nonexistent/ca.pem"'],
    [{ 'ca-file': '/etc/hostname' }, 'PEM'],
    [{ 'wait-timeout': '60' }, 'input `wait-timeout`'],
    [{ timeout: 'x' }, 'input `timeout`'],
    [{ retries: '-1' }, 'input `retries`'],
  ])('refuses %j with one error that names the input', (inputs, message) => {
    expect(() => load({ images: `api=ghcr.io/acme/api:${sha}`, ...inputs })).toThrow(message);
    expect(() => load({ images: `api=ghcr.io/acme/api:${sha}`, ...inputs })).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }) as Error,
    );
  });

  it('refuses a floating tag with the reason, before any request', () => {
    expect(() => load({ images: 'api=ghcr.io/acme/api:latest' })).toThrow(
      expect.objectContaining({ code: 'TAG_FLOATING' }) as Error,
    );
  });

  it('gives the credentials to the only registry there is', () => {
    const environment = { DEPLOY_REGISTRY_USERNAME: 'ci', DEPLOY_REGISTRY_PASSWORD: 'secret\n' };
    const inputs = load({ images: `a=GHCR.io/acme/api:${sha}\nb=ghcr.io/acme/web:${sha}` }, environment);
    expect([...inputs.credentials]).toMatchObject([
      ['ghcr.io', { kind: 'password', username: 'ci', password: 'secret' }],
    ]);
  });

  it('asks which of two registries the credentials belong to, and never guesses', () => {
    const images = `a=ghcr.io/acme/api:${sha}\ndb=postgres:16.4.0`;
    const credentials = { 'registry-username': 'ci', 'registry-password': 'secret' };
    expect(() => load({ images, ...credentials })).toThrow(
      'input `registry` is required: the images are on ghcr.io, docker.io',
    );
    expect(load({ images, ...credentials, registry: 'https://ghcr.io' }).credentials.has('ghcr.io')).toBe(true);
    expect(load({ images }).credentials.size).toBe(0);
  });

  it('masks the password before anything else is done with it', () => {
    const runner = fakeRunner(
      withDefaults({ images: 'a/b:1.0.0', 'registry-username': 'ci', 'registry-password': 'secret' }),
    );
    loadInputs(inputReader(runner), runner);
    expect(runner.masks).toContain('secret');
  });
});
