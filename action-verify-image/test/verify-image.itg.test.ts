import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openLab, type Lab, type RegistryKind } from '../../lab/src/index.ts';
import { createJob, type StepResult } from '../../lab/src/runner/index.ts';

let lab: Lab;
let workspace: string;

/** Of this file alone: only there can requests be counted while other tests use the registries. */
const counted = `verify-image-itg/${process.pid}`;

beforeAll(async () => {
  lab = await openLab();
  workspace = mkdtempSync(join(tmpdir(), 'verify-image-'));
  await copyApp(counted);
});
afterAll(() => {
  rmSync(workspace, { recursive: true });
});

interface Attempt {
  readonly kind?: RegistryKind;
  readonly repository?: string;
  readonly tag?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** One step as a runner runs it. No secret of the lab may show in anything it writes. */
async function verify({ kind = 'anonymous', repository, tag, ...attempt }: Attempt): Promise<StepResult> {
  const { app } = lab.images;
  await using job = await createJob({ workspace, env: attempt.env ?? {} });
  const result = await job.step({
    uses: 'action-verify-image',
    with: {
      images: `api=${lab.reference(kind, repository ?? app.repository, tag ?? app.v1.sha)}`,
      'insecure-registries': Object.values(lab.registry)
        .map(({ address }) => address)
        .join('\n'),
      'wait-timeout': '0s',
      ...attempt.with,
    },
  });
  for (const { password, readOnlyPassword } of Object.values(lab.registry)) {
    const written = [result.rawLog, result.summary, JSON.stringify(result.outputs)].join('\n');
    for (const secret of [password, readOnlyPassword]) if (secret !== undefined) expect(written).not.toContain(secret);
  }
  return result;
}

interface Pushed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

/** Pushes to the anonymous registry, as another tool would: a blob, or a manifest when it has a reference. */
async function push(repository: string, mediaType: string, document: object, reference?: string): Promise<Pushed> {
  const base = `http://${lab.registry.anonymous.address}/v2/${repository}`;
  const body = JSON.stringify(document);
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  let url = `${base}/manifests/${reference === 'digest' ? digest : (reference ?? '')}`;
  if (reference === undefined) {
    const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location') ?? '', base);
    place.searchParams.set('digest', digest);
    url = place.href;
  }
  const put = await fetch(url, { method: 'PUT', body, headers: { 'content-type': mediaType } });
  expect({ status: put.status, said: await put.text() }).toMatchObject({ status: 201 });
  return { mediaType, digest, size: body.length };
}

/** App v1 under its commit in another repository: the three registries show one storage. */
async function copyApp(repository: string): Promise<void> {
  const { app } = lab.images;
  const base = `http://${lab.registry.anonymous.address}/v2`;
  const headers = { accept: 'application/vnd.docker.distribution.manifest.v2+json' };
  const found = await fetch(`${base}/${app.repository}/manifests/${app.v1.digest}`, { headers });
  const body = await found.text();
  // A manifest that the lab has made.
  const { config, layers } = JSON.parse(body) as Readonly<{ config: Pushed; layers: readonly Pushed[] }>;
  for (const { digest } of [config, ...layers])
    await fetch(`${base}/${repository}/blobs/uploads/?mount=${digest}&from=${app.repository}`, { method: 'POST' });
  const type = { 'content-type': headers.accept };
  const put = await fetch(`${base}/${repository}/manifests/${app.v1.sha}`, { method: 'PUT', body, headers: type });
  expect({ status: put.status, said: await put.text() }).toMatchObject({ status: 201 });
}

const requestsOf = (kind: RegistryKind): number =>
  lab.registry[kind].requests().filter(({ path }) => path.startsWith(`/v2/${counted}/`)).length;

const reader = (kind: RegistryKind) => ({
  'registry-username': lab.registry[kind].readOnlyUsername ?? '',
  'registry-password': lab.registry[kind].readOnlyPassword ?? '',
});

describe.each(['anonymous', 'htpasswd', 'bearer'] as const)('the %s registry', (kind) => {
  it('is asked for the digest and the commit of a tag', async () => {
    const { app } = lab.images;
    const before = requestsOf(kind);
    const { outcome, outputs, summary, log } = await verify({
      kind,
      repository: counted,
      with: {
        ...(kind === 'anonymous' ? {} : reader(kind)),
        'expect-revision': app.v1.sha,
        'expect-digest': app.v1.digest,
      },
    });
    expect({ outcome, log }).toMatchObject({ outcome: 'success' });
    expect(outputs).toMatchObject({
      images: `api=${lab.registry[kind].address}/${counted}@${app.v1.digest}`,
      digest: app.v1.digest,
      revision: app.v1.sha,
    });
    expect(summary).toContain(app.v1.digest);
    // Manifest and config; with an account one 401 before them. The token server keeps a log of its own.
    expect(requestsOf(kind) - before).toBe(kind === 'anonymous' ? 2 : 3);
    expect(outputs['requests']).toBe({ anonymous: '2', htpasswd: '3', bearer: '4' }[kind]);
  });

  it('says that an absent tag is absent', async () => {
    const { outputs, outcome } = await verify({
      kind,
      tag: 'f'.repeat(40),
      with: kind === 'anonymous' ? {} : reader(kind),
    });
    expect({ outcome, code: outputs['error-code'] }).toEqual({ outcome: 'failure', code: 'TAG_MISSING' });
    expect(outputs).toMatchObject({ exists: 'false' });
    expect(outputs['images']).toBeUndefined();
  });
});

describe('access', () => {
  it('may come from the environment of the job', async () => {
    const { username, password } = lab.registry.htpasswd;
    const env = { DEPLOY_REGISTRY_USERNAME: username ?? '', DEPLOY_REGISTRY_PASSWORD: password ?? '' };
    expect((await verify({ kind: 'htpasswd', env })).outcome).toBe('success');
  });

  it.each([
    ['htpasswd', '', 'AUTH_MISSING'],
    ['htpasswd', 'wrong-password', 'AUTH_REJECTED'],
    ['bearer', '', 'DENIED_OR_MISSING'],
    // As GHCR: its token server answers 403 to a wrong password too.
    ['bearer', 'wrong-password', 'DENIED_OR_MISSING'],
  ] as const)('to the %s registry with password %j fails, and not as missing', async (kind, password, code) => {
    const account = password === '' ? {} : { 'registry-username': 'puller', 'registry-password': password };
    const { outputs, log } = await verify({ kind, with: { ...account, 'wait-timeout': '60s' } });
    expect({ code: outputs['error-code'], log }).toMatchObject({ code });
  });

  it('may come from what docker login left, for several registries in one step', async () => {
    const { app } = lab.images;
    const auths = Object.fromEntries(
      (['htpasswd', 'bearer'] as const).map((kind) => {
        const { address, readOnlyUsername, readOnlyPassword } = lab.registry[kind];
        return [
          address,
          { auth: Buffer.from(`${readOnlyUsername ?? ''}:${readOnlyPassword ?? ''}`).toString('base64') },
        ];
      }),
    );
    writeFileSync(join(workspace, 'config.json'), JSON.stringify({ auths }));
    const images = (['htpasswd', 'bearer'] as const)
      .flatMap((kind) => [app.v1.sha, app.v2.sha].map((tag) => lab.reference(kind, app.repository, tag)))
      .join('\n');
    const { outcome, outputs, log } = await verify({ env: { DOCKER_CONFIG: workspace }, with: { images } });
    expect({ outcome, log }).toMatchObject({ outcome: 'success' });
    // One 401 and two requests for each image of the one; of the other one 401, one token and two for each.
    expect(outputs['requests']).toBe('11');
  });

  it('to a public repository of a token registry needs no account', async () => {
    const { repository, tag, digest } = lab.images.appPublic;
    const { outputs, log } = await verify({ kind: 'bearer', repository, tag, with: { tags: 'any' } });
    expect({ digest: outputs['digest'], log }).toMatchObject({ digest });
  });

  it('is not tried without TLS where that was not allowed', async () => {
    const { outputs } = await verify({ with: { 'insecure-registries': '', retries: '0' } });
    expect(outputs['error-code']).toBe('TLS');
  });
});

describe('the image', () => {
  it('of another platform is refused', async () => {
    const { repository, tag, architecture } = lab.images.appOtherPlatform;
    const { outputs, commands } = await verify({ repository, tag, with: { tags: 'any' } });
    expect(outputs['error-code']).toBe('PLATFORM_MISSING');
    expect(commands.errors.join()).toContain(`is for linux/${architecture}`);
  });

  it('with several platforms is pinned by the digest of its index', async () => {
    const { repository, tag, digest, manifests } = lab.images.appIndex;
    const { outputs, log } = await verify({ repository, tag, with: { tags: 'any' } });
    expect({ digest: outputs['digest'], log }).toMatchObject({ digest });
    const [image] = JSON.parse(outputs['images-json'] ?? '[]') as { platforms: { digest: string }[] }[];
    expect(Object.values(manifests)).toContain(image?.platforms[0]?.digest);
  });

  it('with attestations beside its platforms is one image for one platform', async () => {
    const { repository, v1 } = lab.images.worker;
    const empty = await push(repository, 'application/vnd.oci.image.config.v1+json', {});
    const statement = await push(repository, 'application/vnd.in-toto+json', { _type: 'statement' });
    const proof = { schemaVersion: 2, mediaType: ociManifest, config: empty, layers: [statement] };
    const attestation = await push(repository, ociManifest, proof, 'digest');
    const found = await fetch(`http://${lab.registry.anonymous.address}/v2/${repository}/manifests/${v1.sha}`, {
      headers: { accept: `${ociManifest}, application/vnd.docker.distribution.manifest.v2+json` },
    });
    const image = {
      mediaType: found.headers.get('content-type'),
      digest: v1.digest,
      size: (await found.text()).length,
      platform: { os: 'linux', architecture: 'amd64' },
    };
    const other = {
      ...attestation,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': v1.digest },
    };
    const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [image, other] };
    const { digest } = await push(repository, ociIndex, index, 'attested');
    const { outputs, log } = await verify({ repository, tag: 'attested', with: { tags: 'any' } });
    expect({ digest: outputs['digest'], log }).toMatchObject({ digest });
    expect(outputs).toMatchObject({ 'platform-digests': `linux/amd64=${v1.digest}`, requests: '3' });
  });

  it('is proved by its signature, with the libraries that are loaded for it', async () => {
    const { repository, v1, v2 } = lab.images.worker;
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const type = 'cosign container image signature';
    const critical = { identity: {}, image: { 'docker-manifest-digest': v1.digest }, type };
    const payload = { critical, optional: null };
    const layer = await push(repository, 'application/vnd.dev.cosign.simplesigning.v1+json', payload);
    const signature = sign('sha256', Buffer.from(JSON.stringify(payload)), privateKey).toString('base64');
    const layers = [{ ...layer, annotations: { 'dev.cosignproject.cosign/signature': signature } }];
    const config = await push(repository, 'application/vnd.oci.image.config.v1+json', { architecture: '' });
    const manifest = { schemaVersion: 2, mediaType: ociManifest, config, layers };
    await push(repository, ociManifest, manifest, `${v1.digest.replace(':', '-')}.sig`);
    const cosignKey = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const inputs = { verify: 'cosign-key', 'cosign-key': cosignKey };
    const good = await verify({ repository, tag: v1.sha, with: inputs });
    expect({ digest: good.outputs['digest'], log: good.log }).toMatchObject({ digest: v1.digest });
    expect(good.summary).toContain('Signed by');
    const unsigned = await verify({ repository, tag: v2.sha, with: inputs });
    expect(unsigned.outputs['error-code']).toBe('SIGNATURE_MISSING');
    const keyless = { verify: 'cosign-keyless', 'certificate-identity': 'https://github.com/acme/*' };
    expect((await verify({ repository, tag: v1.sha, with: keyless })).outputs['error-code']).toBe('SIGNATURE_INVALID');
  });

  it('of another commit than its tag says is refused', async () => {
    const { repository, tag } = lab.images.appMislabelled;
    const { outputs } = await verify({
      repository,
      tag,
      with: { tags: 'any', 'expect-revision': lab.images.app.v1.sha },
    });
    expect(outputs['error-code']).toBe('REVISION_MISMATCH');
  });

  it('that is absent may be an answer instead of a failure', async () => {
    const { outcome, outputs } = await verify({ tag: 'e'.repeat(40), with: { 'on-missing': 'output' } });
    expect({ outcome, exists: outputs['exists'] }).toEqual({ outcome: 'success', exists: 'false' });
  });

  it('under a floating tag is refused before any request', async () => {
    const before = requestsOf('anonymous');
    const { outputs, commands } = await verify({ repository: counted, tag: 'latest' });
    expect(outputs['error-code']).toBe('TAG_FLOATING');
    expect(commands.errors.filter((line) => !line.startsWith('Process completed'))).toHaveLength(1);
    expect(requestsOf('anonymous')).toBe(before);
  });

  it('by digest is proved and keeps its digest', async () => {
    const { v2 } = lab.images.app;
    expect((await verify({ tag: v2.digest, with: { tags: 'digest-only' } })).outputs['digest']).toBe(v2.digest);
  });

  it('may be one of several, from several registries, with the account kept to its own', async () => {
    const { app, worker } = lab.images;
    const images = [
      `API_IMAGE=${lab.reference('bearer', app.repository, app.v2.sha)}`,
      `MIGRATE_IMAGE=${lab.reference('bearer', app.repository, app.v2.sha)}`,
      `worker=${lab.reference('anonymous', worker.repository, worker.v1.sha)}`,
    ].join('\n');
    const { outputs, log } = await verify({
      with: { images, ...reader('bearer'), registry: lab.registry.bearer.address },
    });
    expect({ images: outputs['images']?.split('\n'), log }).toMatchObject({
      images: [
        `API_IMAGE=${lab.registry.bearer.address}/${app.repository}@${app.v2.digest}`,
        `MIGRATE_IMAGE=${lab.registry.bearer.address}/${app.repository}@${app.v2.digest}`,
        `worker=${lab.registry.anonymous.address}/${worker.repository}@${worker.v1.digest}`,
      ],
    });
  });
});
