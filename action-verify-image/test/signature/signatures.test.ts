import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sign } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { runAction } from '../scenario.ts';
import {
  buildImage,
  buildIndex,
  content,
  descriptor,
  ociManifest,
  openScriptedRegistry,
  type Content,
  type ScriptedRegistry,
} from '../scripted-registry.ts';
import { packLiterally } from './snappy-pack.ts';
import { makeKeys, openSigstore, signByKey, workflow, type Keys, type SigstoreInstance } from './sigstore-instance.ts';

const image = buildImage();
const cosignSign = 'https://sigstore.dev/cosign/sign/v1';
const provenance = 'https://slsa.dev/provenance/v1';
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

let sigstore: SigstoreInstance;
let privateInstance: SigstoreInstance;
let stranger: SigstoreInstance;
let keys: Keys;
let folder: string;
let registry: ScriptedRegistry;

beforeAll(async () => {
  [sigstore, privateInstance, stranger] = await Promise.all([openSigstore(), openSigstore('private'), openSigstore()]);
  keys = makeKeys();
  folder = mkdtempSync(join(tmpdir(), 'verify-image-'));
  writeFileSync(join(folder, 'root.json'), sigstore.trustedRoot);
  writeFileSync(join(folder, 'roots.jsonl'), `${sigstore.trustedRoot}\n${privateInstance.trustedRoot}\n`);
  writeFileSync(join(folder, 'cosign.pub'), publicPem(keys));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  registry = await openScriptedRegistry();
  registry.serveImage(image, 'v1.0.0');
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
});

function publicPem({ publicKey }: Keys): string {
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

function statement(predicateType: string, digest: string = image.manifest.digest): object {
  const subject = [{ name: 'acme/api', digest: { sha256: digest.replace('sha256:', '') } }];
  return { _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate: {} };
}

function payload(digest: string = image.manifest.digest): Content {
  const critical = {
    identity: { 'docker-reference': 'acme/api' },
    image: { 'docker-manifest-digest': digest },
    type: 'cosign container image signature',
  };
  return content({ critical, optional: null }, 'application/vnd.dev.cosign.simplesigning.v1+json');
}

function artifact(layer: Content, annotations: object = {}): Content {
  const empty = content({}, 'application/vnd.oci.empty.v1+json');
  const layers = [{ ...descriptor(layer), annotations }];
  return content({ schemaVersion: 2, mediaType: ociManifest, config: descriptor(empty), layers }, ociManifest);
}

type Place = 'api' | 'tag' | 'empty api' | 'tag, with wrong artifact types';

/** As GHCR writes its index: each entry says that it is something else than it is. */
function mistype(index: Content): Content {
  const document = JSON.parse(Buffer.from(index.bytes).toString()) as { readonly manifests: readonly object[] };
  const manifests = document.manifests.map((entry) => ({
    ...entry,
    artifactType: 'application/vnd.oci.empty.v1+json',
  }));
  return content({ ...document, manifests }, index.mediaType);
}

/** Puts bundles where a registry keeps them: behind the referrers API, or under the tag that stands for it. */
function attach(bundles: readonly object[], place: Place = 'api', digest: string = image.manifest.digest): void {
  const manifests = bundles.map((bundle) => {
    const layer = content(bundle, bundleType);
    const manifest = artifact(layer);
    registry.serve(layer);
    registry.serve(manifest);
    return { content: manifest };
  });
  const index = place === 'tag, with wrong artifact types' ? mistype(buildIndex(manifests)) : buildIndex(manifests);
  if (place !== 'api') registry.serve(index, digest.replace(':', '-'));
  if (place.startsWith('tag')) return;
  registry.on(/\/referrers\//, (_request, response, url) => {
    const isKnown = place === 'api' && url.pathname.endsWith(digest);
    response.setHeader('content-type', index.mediaType);
    response.end(isKnown ? index.bytes : buildIndex([]).bytes);
  });
}

function attachSimple(annotations: object, signed: Content = payload()): void {
  const manifest = artifact(signed, annotations);
  registry.serve(signed);
  registry.serve(manifest, `${image.manifest.digest.replace(':', '-')}.sig`);
}

const verify = (inputs: Record<string, string>, environment: Record<string, string> = {}) =>
  runAction(
    {
      images: `api=${registry.host}/acme/api:v1.0.0`,
      'wait-timeout': '0',
      'github-token': '',
      ...(inputs['verify'] === 'cosign-key' ? {} : { 'trusted-root': join(folder, 'root.json') }),
      ...inputs,
    },
    environment,
  );
const byKey = () => ({ verify: 'cosign-key', 'cosign-key': publicPem(keys) });
const keyless = { verify: 'cosign-keyless', 'certificate-identity': workflow };
const attested = { verify: 'github-attestation', 'attestation-repo': 'acme/api' };
const errorOf = async (inputs: Record<string, string>) => (await verify(inputs)).error;

describe('cosign-key', () => {
  it.each(['api', 'tag', 'empty api', 'tag, with wrong artifact types'] as const)(
    'proves a bundle found by the referrers %s',
    async (place) => {
      attach([signByKey(statement(cosignSign), keys)], place);
      const { error, runner } = await verify(byKey());
      expect(error).toBeUndefined();
      expect(runner.summaryText()).toContain('Signed by');
      expect(JSON.parse(runner.outputs.get('images-json') ?? '')).toMatchObject([{ signer: 'the given key' }]);
    },
  );

  it('proves a signature of cosign 2, with the key in a file', async () => {
    const signature = sign('sha256', payload().bytes, keys.privateKey).toString('base64');
    attachSimple({ 'dev.cosignproject.cosign/signature': signature });
    expect(await errorOf({ ...byKey(), 'cosign-key': join(folder, 'cosign.pub') })).toBeUndefined();
  });

  it('refuses an image without a signature', async () => {
    expect(await errorOf(byKey())).toMatchObject({ code: 'SIGNATURE_MISSING' });
  });

  it('refuses a signature by another key, in both forms', async () => {
    attach([signByKey(statement(cosignSign), makeKeys())]);
    expect(await errorOf(byKey())).toMatchObject({ code: 'IDENTITY_MISMATCH' });
    const signature = sign('sha256', payload().bytes, makeKeys().privateKey).toString('base64');
    attachSimple({ 'dev.cosignproject.cosign/signature': signature });
    const error = await errorOf(byKey());
    expect(error).toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect(error?.evidence).toHaveLength(2);
  });

  it('refuses a good signature of another image, in both forms', async () => {
    const other = buildImage({ mark: 'other' }).manifest.digest;
    attach([signByKey(statement(cosignSign, other), keys)]);
    const signed = payload(other);
    const signature = sign('sha256', signed.bytes, keys.privateKey).toString('base64');
    attachSimple({ 'dev.cosignproject.cosign/signature': signature }, signed);
    const error = await errorOf(byKey());
    expect(error).toMatchObject({ code: 'SIGNATURE_INVALID' });
    expect(error?.evidence.join()).toMatch(/about another image.*about another image/);
  });

  it('takes no other statement by the same key for a signature', async () => {
    attach([signByKey(statement('https://cosign.sigstore.dev/attestation/vuln/v1'), keys)]);
    expect(await errorOf(byKey())).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('finds the good one among others', async () => {
    attach([{}, signByKey(statement(provenance), makeKeys()), signByKey(statement(cosignSign), keys)]);
    expect(await errorOf(byKey())).toBeUndefined();
  });

  it('takes signatures of all platforms for one of the index, and not of some', async () => {
    const [amd, arm] = [buildImage(), buildImage({ platform: 'linux/arm64' })];
    for (const one of [amd, arm]) registry.serveImage(one);
    const entries = [
      { content: amd.manifest, platform: 'linux/amd64' },
      { content: arm.manifest, platform: 'linux/arm64' },
    ];
    registry.serve(buildIndex(entries), 'v1.0.0');
    attach([signByKey(statement(cosignSign, amd.manifest.digest), keys)], 'tag', amd.manifest.digest);
    expect(await errorOf(byKey())).toBeUndefined();
    expect(await errorOf({ ...byKey(), platforms: 'linux/amd64,linux/arm64' })).toMatchObject({
      code: 'SIGNATURE_MISSING',
    });
  });

  it('refuses a private key, and what is no key', async () => {
    const pem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect((await errorOf({ ...byKey(), 'cosign-key': pem }))?.message).toContain('private key');
    expect((await errorOf({ ...byKey(), 'cosign-key': '/nonexistent' }))?.message).toContain('cosign-key');
    expect((await errorOf({ verify: 'cosign-key' }))?.message).toContain('required');
  });
});

describe('cosign-keyless', () => {
  it('proves a bundle: chain, log, time, statement and signer', async () => {
    attach([await sigstore.sign(statement(cosignSign))]);
    const { error, runner } = await verify(keyless);
    expect(error).toBeUndefined();
    expect(runner.rawText()).toContain(`signed by ${workflow}`);
  });

  it('proves a signature of cosign 2 with its log entry', async () => {
    attachSimple(await sigstore.signSimple(payload().bytes));
    expect(await errorOf(keyless)).toBeUndefined();
  });

  it('refuses one whose log entry was altered', async () => {
    const annotations = await sigstore.signSimple(payload().bytes);
    const entry = JSON.parse(annotations['dev.sigstore.cosign/bundle'] ?? '') as {
      Payload: { integratedTime: number };
    };
    entry.Payload.integratedTime++;
    attachSimple({ ...annotations, 'dev.sigstore.cosign/bundle': JSON.stringify(entry) });
    expect(await errorOf(keyless)).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('refuses one of another Sigstore instance', async () => {
    attach([await stranger.sign(statement(cosignSign))]);
    attachSimple(await stranger.signSimple(payload().bytes));
    const error = await errorOf(keyless);
    expect(error).toMatchObject({ code: 'SIGNATURE_INVALID' });
    expect(error?.evidence).toHaveLength(2);
  });

  it('does not trust our instance where no trusted root is given', async () => {
    attach([await sigstore.sign(statement(cosignSign))]);
    expect(await errorOf({ ...keyless, 'trusted-root': '' })).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('refuses an altered statement', async () => {
    const bundle = (await sigstore.sign(statement(cosignSign, 'sha256:00'))) as { dsseEnvelope: object };
    const other = Buffer.from(JSON.stringify(statement(cosignSign))).toString('base64');
    attach([{ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: other } }]);
    expect(await errorOf(keyless)).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it.each([
    ['a longer identity', { identity: `${workflow}.evil.example` }],
    ['an identity with something in front', { identity: `https://evil.example/?${workflow}` }],
    ['another issuer', { issuer: 'https://accounts.example' }],
  ])('refuses %s, and names it', async (_case, signer) => {
    attach([await sigstore.sign(statement(cosignSign), signer)]);
    const error = await errorOf(keyless);
    expect(error).toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect(error?.message).toContain(Object.values(signer)[0]);
  });

  it('takes * for any characters', async () => {
    attach([await sigstore.sign(statement(cosignSign))]);
    const identity = 'https://github.com/acme/api/.github/workflows/build.yml@refs/*';
    expect(await errorOf({ ...keyless, 'certificate-identity': identity })).toBeUndefined();
  });

  it('refuses a file that is no trusted root', async () => {
    attach([await sigstore.sign(statement(cosignSign))]);
    const error = await errorOf({ ...keyless, 'trusted-root': join(folder, 'cosign.pub') });
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    expect(error?.message).toContain('trusted-root');
  });
});

describe('github-attestation', () => {
  let github: ScriptedRegistry;
  const asked: string[] = [];
  let kept: readonly object[] | undefined;
  beforeEach(async () => {
    github = await openScriptedRegistry();
    asked.length = 0;
    kept = undefined;
    github.on(/^\/repos\//, (request, response, url) => {
      asked.push(`${decodeURIComponent(url.pathname)} ${request.headers.authorization ?? ''}`);
      response.writeHead(kept === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ attestations: kept?.map((bundle) => ({ bundle, repository_id: 1 })) }));
    });
  });
  afterEach(async () => {
    await github[Symbol.asyncDispose]();
  });
  const withApi = (inputs: Record<string, string> = {}) =>
    verify(
      { ...attested, 'attestation-repo': '', 'github-token': 'ghs_secret', ...inputs },
      { GITHUB_API_URL: `http://${github.host}`, GITHUB_REPOSITORY: 'acme/api' },
    );

  it('proves provenance that GitHub keeps, made by a workflow of this repository', async () => {
    kept = [await sigstore.sign(statement(provenance))];
    const { error, runner } = await withApi();
    expect(error).toBeUndefined();
    expect(asked).toEqual([`/repos/acme/api/attestations/${image.manifest.digest} token ghs_secret`]);
    expect(runner.masks).toContain('ghs_secret');
  });

  it.each([
    ['packed', (bundle: object) => packLiterally(Buffer.from(JSON.stringify(bundle))), undefined],
    ['as it is', (bundle: object) => Buffer.from(JSON.stringify(bundle)), undefined],
    ['as something else', () => Buffer.from('<html>'), 'ANSWER_INVALID'],
  ] as const)(
    'fetches the bundle from where GitHub says it is kept, %s, without the token',
    async (_case, pack, code) => {
      const bundle = await sigstore.sign(statement(provenance));
      let authorization: string | undefined = 'never asked';
      github.on(/^\/blobs\/1$/, (request, response) => {
        authorization = request.headers.authorization;
        response.setHeader('content-type', 'application/x-snappy');
        response.end(pack(bundle));
      });
      github.on(/^\/repos\//, (_request, response) => {
        response.setHeader('content-type', 'application/json');
        const url = `http://${github.host}/blobs/1?sig=presigned`;
        response.end(JSON.stringify({ attestations: [{ bundle: null, bundle_url: url, repository_id: 1 }] }));
      });
      const { error, runner } = await withApi();
      expect(error?.code).toBe(code);
      expect(authorization).toBeUndefined();
      expect([runner.rawText(), error?.message].join()).not.toContain('presigned');
    },
  );

  it('does not report a store that refuses as a missing signature', async () => {
    github.on(/^\/repos\//, (_request, response) => {
      response.setHeader('content-type', 'application/json');
      const url = `http://${github.host}/absent`;
      response.end(JSON.stringify({ attestations: [{ bundle: null, bundle_url: url, repository_id: 1 }] }));
    });
    expect((await withApi()).error).toMatchObject({ code: 'ANSWER_INVALID' });
  });

  it('proves provenance in the registry where GitHub keeps none', async () => {
    attach([await sigstore.sign(statement(provenance))], 'tag');
    expect((await withApi()).error).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  it('proves provenance of a private repository, which has timestamps instead of a log', async () => {
    kept = [await privateInstance.sign(statement(provenance))];
    expect((await withApi()).error).toMatchObject({ code: 'SIGNATURE_INVALID' });
    expect((await withApi({ 'trusted-root': join(folder, 'roots.jsonl') })).error).toBeUndefined();
  });

  it.each([
    ['another repository', { sourceRepository: 'https://github.com/acme/api-evil' }, 'IDENTITY_MISMATCH'],
    ['a workflow elsewhere', { identity: workflow.replace('acme', 'evil') }, 'IDENTITY_MISMATCH'],
  ])('refuses provenance of %s', async (_case, signer, code) => {
    kept = [await sigstore.sign(statement(provenance), signer)];
    expect((await withApi()).error).toMatchObject({ code });
  });

  it('takes a reusable workflow elsewhere when it is named', async () => {
    const identity = 'https://github.com/acme/builders/.github/workflows/image.yml@refs/tags/v1';
    kept = [await sigstore.sign(statement(provenance), { identity })];
    expect((await withApi()).error).toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect((await withApi({ 'certificate-identity': identity })).error).toBeUndefined();
  });

  it('refuses an image without any, and says what may be wrong', async () => {
    const { error } = await withApi();
    expect(error).toMatchObject({ code: 'SIGNATURE_MISSING' });
    expect(error?.hint).toContain('attestations: read');
  });
});

describe('verify', () => {
  it.each([
    [{ 'certificate-identity': workflow }, 'none'],
    [{ 'cosign-key': '/x' }, 'none'],
    [{ ...keyless, 'cosign-key': '/x' }, 'cosign-keyless'],
    [{ ...keyless, 'attestation-repo': 'a/b' }, 'cosign-keyless'],
  ])('refuses an expectation that nothing would look at: %j', async (inputs, kind) => {
    const error = await errorOf(inputs);
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    expect(error?.message).toContain(`verify: ${kind}`);
  });

  it('asks for nothing more when no signature is wanted', async () => {
    expect((await verify({ 'trusted-root': '' })).runner.outputs.get('requests')).toBe('2');
  });
});
