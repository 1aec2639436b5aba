import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '@deploy-actions/kit/image/digest';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';

import { runAction } from './scenario.ts';
import { buildImage, buildIndex, content, openScriptedRegistry, type ScriptedRegistry } from './scripted-registry.ts';

const commit = '94e9cbb0123456789abcdef0123456789abcdef0';
let registry: ScriptedRegistry;

beforeEach(async () => {
  registry = await openScriptedRegistry();
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
});
const paths = () => registry.seen.map(({ path }) => path.replace('/v2/acme/api/', '').replace(/sha256:.*/, 'sha256'));

describe('the action', () => {
  it('hands on the digest and the commit of an image, with two requests', async () => {
    const image = buildImage({ revision: commit });
    registry.serveImage(image, commit);
    const { runner, error } = await runAction({ images: `API_IMAGE=${registry.host}/acme/api:${commit}` });
    expect(error).toBeUndefined();
    expect(runner.outputs.get('images')).toBe(`API_IMAGE=${registry.host}/acme/api@${image.manifest.digest}`);
    expect(runner.outputs.get('digest')).toBe(image.manifest.digest);
    expect(runner.outputs.get('revision')).toBe(commit);
    expect(JSON.parse(runner.outputs.get('images-json') ?? '')).toMatchObject([
      { name: 'API_IMAGE', tag: commit, digest: image.manifest.digest, platforms: [{ platform: 'linux/amd64' }] },
    ]);
    expect(paths()).toEqual([`manifests/${commit}`, 'blobs/sha256']);
    expect(registry.seen[0]?.accept?.split(', ')).toHaveLength(4);
    expect(runner.summaryText()).toContain(`\`${image.manifest.digest}\``);
    expect(runner.summaryText()).toContain('94e9cbb01234');
  });

  it('pins the digest of an index and looks at the platform asked for, attestations aside', async () => {
    const [amd, arm] = [buildImage({ revision: commit }), buildImage({ platform: 'linux/arm64/v8', mark: 'arm' })];
    const proof = content({ schemaVersion: 2, mark: 'proof' }, 'application/vnd.oci.image.manifest.v1+json');
    const index = buildIndex([
      {
        content: proof,
        platform: 'unknown/unknown',
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      },
      { content: arm.manifest, platform: 'linux/arm64/v8' },
      { content: amd.manifest, platform: 'linux/amd64' },
    ]);
    for (const image of [amd, arm]) registry.serveImage(image);
    registry.serve(index, 'v1.0.0');
    const { runner } = await runAction({
      images: `api=${registry.host}/acme/api:v1.0.0`,
      platforms: 'linux/amd64, linux/arm64',
    });
    expect(runner.outputs.get('images')).toBe(`api=${registry.host}/acme/api@${index.digest}`);
    expect(JSON.parse(runner.outputs.get('images-json') ?? '')).toMatchObject([
      {
        platforms: [
          { platform: 'linux/amd64', digest: amd.manifest.digest },
          { platform: 'linux/arm64', digest: arm.manifest.digest },
        ],
      },
    ]);
  });

  it('opens an index inside an index', async () => {
    const image = buildImage({ revision: commit });
    registry.serveImage(image);
    const inner = buildIndex([{ content: image.manifest, platform: 'linux/amd64' }]);
    registry.serve(inner);
    const outer = buildIndex([{ content: inner }]);
    registry.serve(outer, 'v1.0.0');
    const { runner } = await runAction({ images: `${registry.host}/acme/api:v1.0.0` });
    expect(runner.outputs.get('images')).toBe(`${registry.host}/acme/api@${outer.digest}`);
  });

  it('opens no index inside an index inside an index', async () => {
    const image = buildImage();
    registry.serveImage(image);
    const inner = buildIndex([{ content: image.manifest, platform: 'linux/amd64' }]);
    const middle = buildIndex([{ content: inner }]);
    const outer = buildIndex([{ content: middle }]);
    for (const index of [inner, middle]) registry.serve(index);
    registry.serve(outer, 'v1.0.0');
    const { error } = await runAction({ images: `${registry.host}/acme/api:v1.0.0` });
    expect(error).toMatchObject({ code: 'PLATFORM_MISSING' });
    expect(registry.seen.length).toBeLessThanOrEqual(3);
  });

  it('proves content by SHA-512 where that is the digest asked for', async () => {
    const image = buildImage();
    registry.serveImage(image);
    const digest = digestOf(image.manifest.bytes, 'sha512');
    let body = image.manifest.bytes;
    registry.on(/manifests\/sha512/, (_request, response) => {
      response.setHeader('content-type', image.manifest.mediaType);
      response.setHeader('docker-content-digest', digest);
      response.end(body);
    });
    const images = `api=${registry.host}/acme/api@${digest}`;
    expect((await runAction({ images })).runner.outputs.get('digest')).toBe(digest);
    body = buildImage({ mark: 'evil' }).manifest.bytes;
    expect((await runAction({ images })).error).toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('asks once for an image that several names share', async () => {
    registry.serveImage(buildImage({ revision: commit }), commit);
    const ref = `${registry.host}/acme/api:${commit}`;
    const { runner } = await runAction({ images: `API_IMAGE=${ref}\nMIGRATE_IMAGE=${ref}\n# a comment` });
    expect(runner.outputs.get('images')?.split('\n')).toHaveLength(2);
    expect(registry.seen).toHaveLength(2);
  });

  it('fetches by digest when one is given, and ignores the tag beside it', async () => {
    const image = buildImage();
    registry.serveImage(image, 'latest');
    const { runner } = await runAction({ images: `api=${registry.host}/acme/api:latest@${image.manifest.digest}` });
    expect(runner.outputs.get('digest')).toBe(image.manifest.digest);
    expect(paths()).toEqual(['manifests/sha256', 'blobs/sha256']);
  });

  it('waits for an image that was just pushed', async () => {
    const image = buildImage();
    let looks = 0;
    registry.on(/manifests\/v1\.0\.0$/, (_request, response) => {
      if (++looks === 3) registry.serveImage(image, 'v1.0.0');
      response.writeHead(looks < 3 ? 404 : 200, { 'content-type': image.manifest.mediaType });
      response.end(looks < 3 ? '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' : image.manifest.bytes);
    });
    const { runner } = await runAction({ images: `api=${registry.host}/acme/api:v1.0.0`, 'wait-timeout': '10s' });
    expect(runner.outputs.get('digest')).toBe(image.manifest.digest);
    expect(looks).toBe(3);
  });

  it('sets no output when one image of two fails, and names both failures', async () => {
    registry.serveImage(buildImage(), 'v1.0.0');
    const base = `${registry.host}/acme/api`;
    const { runner, error } = await runAction({
      images: `a=${base}:v1.0.0\nb=${base}:v2.0.0\nc=${base}:v3.0.0`,
      'wait-timeout': '0',
    });
    expect(error).toMatchObject({ code: 'TAG_MISSING' });
    expect(error?.message).toContain('v2.0.0');
    expect(error?.evidence.join('\n')).toContain('v3.0.0');
    expect(runner.outputs.get('images')).toBeUndefined();
    expect(runner.summaryText()).toContain('2 of 3 not verified');
  });
});

describe('what the image must be', () => {
  const verify = (inputs: Record<string, string>) =>
    runAction({ images: `api=${registry.host}/acme/api:v1.0.0`, 'wait-timeout': '0', ...inputs });

  it('refuses an absent tag and says that the registry was readable', async () => {
    const { error } = await verify({ 'wait-timeout': '20s' });
    expect(error).toMatchObject({ code: 'TAG_MISSING' });
    expect(error?.message).toContain('tag v1.0.0 is absent');
    expect(error?.message).toContain('Waited 20.0s');
    expect(error?.evidence[0]).toMatch(/answered 404: MANIFEST_UNKNOWN/);
  });

  it('refuses an image of another platform and says which it is', async () => {
    registry.serveImage(buildImage({ platform: 'linux/arm64' }), 'v1.0.0');
    const { error } = await verify({});
    expect(error).toMatchObject({ code: 'PLATFORM_MISSING' });
    expect(error?.message).toContain('is for linux/arm64; linux/amd64 was asked for');
    expect((await verify({ platforms: '' })).error).toBeUndefined();
  });

  it('refuses an index without the platform, and lists what it has', async () => {
    const image = buildImage({ platform: 'linux/arm64' });
    registry.serveImage(image);
    registry.serve(buildIndex([{ content: image.manifest, platform: 'linux/arm64' }]), 'v1.0.0');
    const { error } = await verify({});
    expect(error).toMatchObject({ code: 'PLATFORM_MISSING' });
    expect(error?.message).toContain('The index is for linux/arm64');
  });

  it('refuses an index that offers under one platform what was built for another', async () => {
    const image = buildImage({ platform: 'linux/arm64' });
    registry.serveImage(image);
    registry.serve(buildIndex([{ content: image.manifest, platform: 'linux/amd64' }]), 'v1.0.0');
    expect((await verify({})).error).toMatchObject({ code: 'PLATFORM_MISSING' });
  });

  it.each([
    ['another commit', commit.replace('94', '00'), 'was built from'],
    ['no label', undefined, 'has no label'],
    ['a label that is no commit', 'main', 'was built from main'],
  ])('refuses an image with %s', async (_case, revision, message) => {
    registry.serveImage(buildImage(revision === undefined ? {} : { revision }), 'v1.0.0');
    const { error } = await verify({ 'expect-revision': commit });
    expect(error).toMatchObject({ code: 'REVISION_MISMATCH' });
    expect(error?.message).toContain(message);
  });

  it('takes the first 12 digits of a commit for it', async () => {
    registry.serveImage(buildImage({ revision: commit }), 'v1.0.0');
    expect((await verify({ 'expect-revision': commit.slice(0, 12) })).error).toBeUndefined();
    expect((await verify({ 'expect-revision': `api=${commit}` })).error).toBeUndefined();
  });

  it('takes a label of 12 digits for the commit, and none that is shorter', async () => {
    registry.serveImage(buildImage({ revision: commit.slice(0, 12) }), 'v1.0.0');
    expect((await verify({ 'expect-revision': commit })).error).toBeUndefined();
    registry.serveImage(buildImage({ revision: commit.slice(0, 11) }), 'v1.0.0');
    expect((await verify({ 'expect-revision': commit })).error).toMatchObject({ code: 'REVISION_MISMATCH' });
  });

  it('refuses another digest than the expected one', async () => {
    const image = buildImage();
    registry.serveImage(image, 'v1.0.0');
    expect((await verify({ 'expect-digest': image.manifest.digest })).error).toBeUndefined();
    const { error } = await verify({ 'expect-digest': image.config.digest });
    expect(error).toMatchObject({ code: 'DIGEST_EXPECTED_MISMATCH' });
    expect(error?.message).toContain(image.manifest.digest);
  });

  it('refuses what is no container image', async () => {
    registry.serveImage(buildImage({ configType: 'application/vnd.cncf.helm.config.v1+json' }), 'v1.0.0');
    expect((await verify({})).error).toMatchObject({ code: 'NOT_AN_IMAGE' });
  });

  it('tells content that is gone from a tag that is absent', async () => {
    registry.serve(buildImage().manifest, 'v1.0.0');
    const { error } = await verify({ 'wait-timeout': '60s' });
    expect(error).toMatchObject({ code: 'CONTENT_MISSING' });
  });

  const labelled = { labels: { 'org.opencontainers.image.version': '1.2.3', team: 'api' } };

  it.each([
    ['org.opencontainers.image.version=1.2.3\nteam = api', undefined],
    ['api: team=api', undefined],
    ['team=web\napi: team=api', undefined],
    ['team=web', 'LABEL_MISMATCH'],
    ['absent=x', 'LABEL_MISMATCH'],
    ['web: team=api', 'INPUT_INVALID'],
    ['team', 'INPUT_INVALID'],
    ['team=a\nteam=b', 'INPUT_INVALID'],
  ])('compares the labels %j', async (lines, code) => {
    registry.serveImage(buildImage(labelled), 'v1.0.0');
    expect((await verify({ 'expect-labels': lines })).error?.code).toBe(code);
  });

  it('says which label differs, and how', async () => {
    registry.serveImage(buildImage(labelled), 'v1.0.0');
    const { error } = await verify({ 'expect-labels': 'team=web' });
    expect(error?.message).toContain('the label team is "api"; `expect-labels` says "web"');
  });

  it.each([
    [-3_600_000, '2h', undefined],
    [-3 * 86_400_000, '400d', undefined],
    [-3 * 86_400_000, '2d', 'AGE_EXCEEDED'],
    [-3_600_000, '0', 'INPUT_INVALID'],
    [-3_600_000, '2', 'INPUT_INVALID'],
  ])('compares an age of %i ms with max-age %s', async (offset, maxAge, code) => {
    // The clock of these tests stands at a time of its own.
    const created = new Date(fakeClock().date().getTime() + offset).toISOString();
    registry.serveImage(buildImage({ created }), 'v1.0.0');
    expect((await verify({ 'max-age': maxAge })).error?.code).toBe(code);
  });

  it('takes an image that does not say when it was built for too old', async () => {
    registry.serveImage(buildImage({ created: '' }), 'v1.0.0');
    const { error } = await verify({ 'max-age': '2d' });
    expect(error).toMatchObject({ code: 'AGE_EXCEEDED' });
    expect(error?.message).toContain('does not say when');
  });

  it.each([
    ['3', undefined],
    ['2', 'SIZE_EXCEEDED'],
    ['0', 'INPUT_INVALID'],
    ['2.5', 'INPUT_INVALID'],
  ])('compares 2.0 MB and a config with max-size-mb %s', async (limit, code) => {
    registry.serveImage(buildImage(), 'v1.0.0');
    expect((await verify({ 'max-size-mb': limit })).error?.code).toBe(code);
  });
});

describe('outputs', () => {
  it('describe the first image, and count the requests', async () => {
    const image = buildImage({ revision: commit });
    registry.serveImage(image, 'v1.0.0');
    const ref = `${registry.host}/acme/api`;
    const { runner } = await runAction({ images: `api=${ref}:v1.0.0` });
    expect(Object.fromEntries(runner.outputs)).toMatchObject({
      ref: `${ref}@${image.manifest.digest}`,
      exists: 'true',
      created: '2026-01-02T03:04:05Z',
      'platform-digests': `linux/amd64=${image.manifest.digest}`,
      requests: '2',
    });
  });

  it('say that an image is absent, and go on, when that is what was asked', async () => {
    registry.serveImage(buildImage(), 'v1.0.0');
    const images = `a=${registry.host}/acme/api:v1.0.0\nb=${registry.host}/acme/api:v2.0.0`;
    const ran = await runAction({ images, 'wait-timeout': '0', 'on-missing': 'output' });
    expect(ran.error).toBeUndefined();
    expect(ran.runner.outputs.get('exists')).toBe('false');
    expect(ran.runner.outputs.get('images')).toBeUndefined();
    expect(JSON.parse(ran.runner.outputs.get('images-json') ?? '')).toMatchObject([
      { name: 'a', exists: true },
      { name: 'b', exists: false },
    ]);
    expect(ran.runner.rawText()).toContain('notice: ');
  });

  it('never take a refusal for an absence', async () => {
    registry.on(/manifests/, (_request, response) => response.writeHead(403).end());
    const images = `${registry.host}/acme/api:v1.0.0`;
    const ran = await runAction({ images, 'wait-timeout': '0', 'on-missing': 'output' });
    expect(ran.error).toMatchObject({ code: 'DENIED_OR_MISSING' });
    expect(ran.runner.outputs.get('exists')).toBeUndefined();
  });

  it('never take content that is gone for an absent tag', async () => {
    registry.serve(buildImage().manifest, 'v1.0.0');
    const images = `${registry.host}/acme/api:v1.0.0`;
    const ran = await runAction({ images, 'wait-timeout': '0', 'on-missing': 'output' });
    expect(ran.error).toMatchObject({ code: 'CONTENT_MISSING' });
    expect(ran.runner.outputs.get('exists')).toBeUndefined();
  });

  it('say absent with the failure too', async () => {
    const ran = await runAction({ images: `${registry.host}/acme/api:v9.0.0`, 'wait-timeout': '0' });
    expect(ran.error).toMatchObject({ code: 'TAG_MISSING' });
    expect(Object.fromEntries(ran.runner.outputs)).toEqual({ exists: 'false', requests: '1' });
  });

  it('mask the password of a proxy, and ask loopback without it', async () => {
    registry.serveImage(buildImage(), 'v1.0.0');
    const proxy = 'http://ci:proxy-secret@proxy.invalid:3128';
    const images = `${registry.host}/acme/api:v1.0.0`;
    const { runner, error } = await runAction({ images }, { HTTP_PROXY: proxy, HTTPS_PROXY: proxy });
    expect(error).toBeUndefined();
    expect(runner.masks).toContain('proxy-secret');
  });
});
