import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { runAction } from '../scenario.ts';
import { buildImage, grantedToken, openScriptedRegistry, refuse, type ScriptedRegistry } from '../scripted-registry.ts';

const password = 'not-to-be-seen';
const account = { username: 'ci', password };
let registry: ScriptedRegistry;
let folder: string;

beforeEach(async () => {
  registry = await openScriptedRegistry();
  registry.serveImage(buildImage(), 'v1.0.0');
  folder = mkdtempSync(join(tmpdir(), 'verify-image-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  await registry[Symbol.asyncDispose]();
});

const config = (document: object | string) =>
  writeFileSync(join(folder, 'config.json'), typeof document === 'string' ? document : JSON.stringify(document));
const auth = Buffer.from(`ci:${password}`).toString('base64');

/** A credential helper: a program in PATH, asked by its name. */
function helper(name: string, script: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const file = join(folder, 'bin', `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`);
}

async function verify(inputs: Record<string, string> = {}, environment: Record<string, string> = {}) {
  const ran = await runAction(
    { images: `api=${registry.host}/acme/api:v1.0.0`, 'wait-timeout': '0', retries: '0', ...inputs },
    { DOCKER_CONFIG: folder, ...environment },
  );
  const shown = [ran.runner.rawText(), ran.error?.message, ran.error?.hint, ...(ran.error?.evidence ?? [])].join('\n');
  for (const secret of [password, auth, grantedToken]) expect(shown).not.toContain(secret);
  return ran;
}

describe('credentials of this machine', () => {
  it.each(['basic', 'bearer'] as const)('are used for a registry with %s, and masked first', async (kind) => {
    registry.require(kind, account);
    config({ auths: { [registry.host]: { auth } } });
    const { error, runner } = await verify();
    expect(error).toBeUndefined();
    expect(runner.masks).toEqual(expect.arrayContaining([password, auth]));
  });

  it('may be those of Podman', async () => {
    registry.require('basic', account);
    const file = join(folder, 'auth.json');
    writeFileSync(file, JSON.stringify({ auths: { [`${registry.host}/acme`]: { auth } } }));
    expect((await verify({}, { REGISTRY_AUTH_FILE: file })).error).toBeUndefined();
  });

  it('come from the helper, which is asked once, by its standard input', async () => {
    registry.require('basic', account);
    registry.serveImage(buildImage({ mark: 'web' }), 'v2.0.0');
    config({ credHelpers: { [registry.host]: 'lab' }, auths: { [registry.host]: { auth: 'd3Jvbmc6d3Jvbmc=' } } });
    const log = join(folder, 'asked');
    helper('lab', `read server; echo "$1 $server" >> ${log}; printf '{"Username":"ci","Secret":"${password}"}'`);
    const images = `${registry.host}/acme/api:v1.0.0\n${registry.host}/acme/api:v2.0.0`;
    expect((await verify({ images })).error).toBeUndefined();
    expect(readFileSync(log, 'utf8')).toBe(`get ${registry.host}\n`);
  });

  it('come from the file where the helper has none', async () => {
    registry.require('basic', account);
    config({ credsStore: 'lab', auths: { [registry.host]: { auth } } });
    helper('lab', 'echo "credentials not found in native keychain"; exit 1');
    const { error, runner } = await verify();
    expect(error).toBeUndefined();
    expect(runner.lines.filter((line) => line.startsWith('warning'))).toEqual([]);
  });

  it.each([
    ['fails', 'echo "gpg: no secret key" >&2; exit 2', 'exit status 2, gpg: no secret key'],
    ['says nonsense', 'echo hello', 'exit status 0, no credentials'],
    ['hangs', 'sleep 60', 'ended by SIGKILL'],
    ['is not there', undefined, 'ENOENT'],
  ])('are done without, with a warning, when the helper %s', async (_case, script, warning) => {
    registry.require('basic', account);
    config({ credsStore: 'lab' });
    if (script !== undefined) helper('lab', script);
    const { error, runner } = await verify({ timeout: '1s' });
    expect(error).toMatchObject({ code: 'AUTH_MISSING' });
    expect(runner.rawText()).toContain('docker-credential-lab gave no credentials');
    expect(runner.rawText()).toContain(warning);
  });

  it('are not looked for when the registry asks for none', async () => {
    config('{ broken');
    const { runner, error } = await verify();
    expect(error).toBeUndefined();
    expect(runner.rawText()).not.toContain('config.json');
  });

  it('in a broken file are done without, with a warning', async () => {
    registry.require('basic', account);
    config('{ broken');
    const { error, runner } = await verify();
    expect(error).toMatchObject({ code: 'AUTH_MISSING' });
    expect(runner.rawText()).toContain('config.json is no JSON object');
  });

  it('that are wrong are named by where they come from', async () => {
    registry.require('basic', { username: 'ci', password: 'another' });
    config({ auths: { [registry.host]: { auth } } });
    const { error } = await verify();
    expect(error).toMatchObject({ code: 'AUTH_REJECTED' });
    expect(error?.message).toContain(join(folder, 'config.json'));
  });

  it('lose against those that the step was given', async () => {
    registry.require('basic', account);
    config({ auths: { [registry.host]: { auth: 'd3Jvbmc6d3Jvbmc=' } } });
    expect((await verify({ 'registry-username': 'ci', 'registry-password': password })).error).toBeUndefined();
    expect((await verify({ 'registry-credentials': `${registry.host}=ci:${password}` })).error).toBeUndefined();
  });
});

describe('an identity token', () => {
  const identity = () => config({ auths: { [registry.host]: { auth: 'MDA6', identitytoken: 'refresh-me' } } });

  it('is exchanged by POST for a pull token', async () => {
    registry.require('bearer', account);
    identity();
    let form = new URLSearchParams();
    registry.on(/^\/token$/, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      form = new URLSearchParams(Buffer.concat(chunks).toString());
      response.end(JSON.stringify({ access_token: grantedToken }));
    });
    const { error, runner } = await verify();
    expect(error).toBeUndefined();
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-me',
      service: 'lab, registry',
      scope: 'repository:acme/api:pull',
    });
    expect(runner.masks).toContain('refresh-me');
  });

  it('is given by GET where POST is not known', async () => {
    registry.require('bearer', account);
    identity();
    const methods: string[] = [];
    registry.on(/^\/token$/, (request, response) => {
      methods.push(request.method ?? '');
      if (request.method === 'POST') refuse(response, 404, 'NOT_FOUND');
      else response.end(JSON.stringify({ token: grantedToken }));
    });
    expect((await verify()).error).toBeUndefined();
    expect(methods).toEqual(['POST', 'GET']);
  });

  it('that is refused is AUTH_REJECTED', async () => {
    registry.require('bearer', account);
    identity();
    registry.on(/^\/token$/, (_request, response) => refuse(response, 401, 'UNAUTHORIZED'));
    expect((await verify()).error).toMatchObject({ code: 'AUTH_REJECTED' });
  });
});

describe('several registries in one step', () => {
  it('each get their own account and no other', async () => {
    await using other = await openScriptedRegistry();
    other.serveImage(buildImage({ mark: 'other' }), 'v1.0.0');
    registry.require('basic', account);
    other.require('basic', { username: 'them', password: 'their:secret' });
    const images = `${registry.host}/acme/api:v1.0.0\n${other.host}/acme/api:v1.0.0`;
    const credentials = `${registry.host}=ci:${password}\n# theirs\n${other.host}=them:their:secret`;
    expect((await verify({ images, 'registry-credentials': credentials })).error).toBeUndefined();
    const sent = (of: ScriptedRegistry) => new Set(of.seen.map(({ authorization }) => authorization));
    expect(sent(registry)).toEqual(new Set([undefined, `Basic ${auth}`]));
    expect(sent(other).has(`Basic ${auth}`)).toBe(false);
  });

  it.each([
    ['ghcr.io', 'has not the form'],
    ['ghcr.io=ci', 'has not the form'],
    ['ghcr.io=ci:x\nhttps://ghcr.io=ci:y', 'has not the form'],
    ['ghcr.io=ci:x\nGHCR.io=ci:y', 'given twice'],
  ])('are refused as %j, without showing a secret', async (text, message) => {
    const { error } = await verify({ 'registry-credentials': text });
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    expect(error?.message).toContain(message);
  });
});
