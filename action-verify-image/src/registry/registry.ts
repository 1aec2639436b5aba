import { algorithmOf, digestOf, parseDigest, type Digest } from '@deploy-actions/kit/image/digest';
import type { ImageRef } from '@deploy-actions/kit/image/image-ref';

import { cleanText, verifyError } from '../failures.ts';
import { openAuthenticator, type AuthenticatorOptions, type Target } from './authenticator.ts';
import { endpointOf } from './endpoint.ts';
import { manifestAccept, parseManifest, type Descriptor, type Manifest } from './manifest.ts';
import { judgeRefusal } from './refusals.ts';
import { getFollowing, type Arrival } from './transfer.ts';

export interface FetchedManifest {
  /** Of the bytes received, not of what a header claims. */
  readonly digest: Digest;
  readonly document: Manifest;
}

/** The door to registries: reads manifests and blobs, proves each by its hash. */
export interface Registry {
  /**
   * @param reference a tag or a digest
   * @throws DeployError<VerifyCode>; TAG_MISSING only when the registry let us look
   */
  manifest(image: ImageRef, reference: string): Promise<FetchedManifest>;
  /** A manifest that an index refers to: as {@link manifest}, and absent content is CONTENT_MISSING. */
  child(image: ImageRef, descriptor: Descriptor): Promise<FetchedManifest>;
  /** A small blob whole. */
  blob(image: ImageRef, descriptor: Descriptor): Promise<Uint8Array>;
}

/** The OCI specification asks clients to take 4 MiB; real ones are a few KiB. */
const longestBodyBytes = 8 * 1024 * 1024;

interface Asked {
  readonly image: ImageRef;
  /** Undefined for content that a manifest refers to. */
  readonly reference: string | undefined;
  /** Below /v2/<repository>/ */
  readonly path: string;
  readonly accept: string;
}

export function openRegistry(options: AuthenticatorOptions): Registry {
  const authenticator = openAuthenticator(options);
  /** The first exchange with each registry: the others wait for what it learns, so that one 401 serves all. */
  const meetings = new Map<string, Promise<unknown>>();

  const ask = async ({ image, reference, path, accept }: Asked): Promise<Arrival> => {
    const endpoint = endpointOf(image.registry, options);
    const target: Target = { endpoint, repository: image.repository };
    const fetch = {
      url: new URL(`/v2/${image.repository}/${path}`, endpoint.origin),
      accept,
      maxBytes: longestBodyBytes,
    };
    const send = async () => {
      const sent = await authenticator.headerFor(target);
      const arrival = await getFollowing(fetch, sent, endpoint, options);
      const isWorthAnother = arrival.answer.status === 401 && authenticator.learn(target, arrival, sent);
      return { sent, arrival, isWorthAnother };
    };
    const meeting = meetings.get(image.registry);
    if (meeting !== undefined) await meeting.catch(() => undefined);
    const first = send();
    if (meeting === undefined && endpoint.tokenSource === undefined) meetings.set(image.registry, first);
    const { sent, arrival } = (await first).isWorthAnother ? await send() : await first;
    const { answer, url } = arrival;
    if (answer.status === 200) return arrival;
    const hasCredentials = options.credentialsFor(image.registry) !== undefined;
    const scheme = sent === undefined ? undefined : sent.startsWith('Basic ') ? 'basic' : 'bearer';
    const isAway = url.origin !== endpoint.origin.origin;
    throw judgeRefusal({ image, isAway, reference, url, answer, sent: scheme, hasCredentials, redact: options.redact });
  };

  return {
    manifest: async (image, reference) => {
      const path = `manifests/${reference}`;
      return readManifest(image, parseDigest(reference), await ask({ image, reference, path, accept: manifestAccept }));
    },
    child: async (image, { digest }) => {
      const path = `manifests/${digest}`;
      return readManifest(image, digest, await ask({ image, reference: undefined, path, accept: manifestAccept }));
    },
    blob: async (image, { digest }) => {
      const { answer } = await ask({ image, reference: undefined, path: `blobs/${digest}`, accept: '*/*' });
      proveDigest(image, answer.body, digest);
      return answer.body;
    },
  };
}

function readManifest(image: ImageRef, requested: Digest | undefined, { answer }: Arrival): FetchedManifest {
  const { body, headers } = answer;
  if (requested !== undefined) proveDigest(image, body, requested);
  const digest = requested ?? digestOf(body);
  const claimed = headers['docker-content-digest'];
  if (typeof claimed === 'string') proveHeader(image, body, claimed);
  const document = parseManifest(body, headers['content-type'] ?? '');
  if (document.kind === 'manifest' || document.kind === 'index') return { digest, document };
  if (document.kind === 'schema1') {
    throw verifyError({
      code: 'SCHEMA1',
      message: `${image.text}: ${image.registry} answers a Docker schema 1 manifest, whose digest differs from the image’s own.`,
      hint: 'Push the image again with a current builder, or update the registry.',
    });
  }
  throw verifyError({
    code: 'ANSWER_INVALID',
    message: `${image.text}: ${image.registry} answered no image manifest: ${cleanText(document.reason)}.`,
    hint: 'Look at what answers under this name: a proxy or a login page may be in the way.',
  });
}

function proveDigest(image: ImageRef, body: Uint8Array, requested: Digest): void {
  const found = digestOf(body, algorithmOf(requested));
  if (found === requested) return;
  throw verifyError({
    code: 'DIGEST_MISMATCH',
    message: `${image.text}: asked for ${requested}, got content that hashes to ${found}.`,
    hint: 'A proxy or the registry altered it. Nothing was deployed: do not deploy from this registry before you know why.',
  });
}

function proveHeader(image: ImageRef, body: Uint8Array, claimed: string): void {
  const header = parseDigest(claimed.trim());
  const found = digestOf(body, header === undefined ? 'sha256' : algorithmOf(header));
  if (found === header) return;
  throw verifyError({
    code: 'DIGEST_HEADER_MISMATCH',
    message: `${image.text}: the body hashes to ${found}, the header Docker-Content-Digest says ${cleanText(claimed)}.`,
    hint: 'A proxy or registry fault, or tampering. Nothing was deployed.',
  });
}
