import { algorithmOf, digestOf, parseDigest, type Digest } from '@deploy-actions/kit/image/digest';
import type { ImageRef } from '@deploy-actions/kit/image/image-ref';

import { cleanText, verifyError, type VerifyError } from '../failures.ts';
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
  blob(image: ImageRef, descriptor: Pick<Descriptor, 'digest'>): Promise<Uint8Array>;
  /** The bytes of any manifest, of signatures too; undefined when it is absent. */
  artifact(image: ImageRef, reference: string): Promise<Uint8Array | undefined>;
  /** What the referrers API answers for a digest; undefined when the registry has no such API. */
  referrers(image: ImageRef, digest: Digest): Promise<Uint8Array | undefined>;
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

interface Exchanged {
  /** The Authorization header. */
  readonly sent: string | undefined;
  readonly arrival: Arrival;
}

export function openRegistry(options: AuthenticatorOptions): Registry {
  const authenticator = openAuthenticator(options);
  /** The first exchange with each registry: the others wait for what it learns, so that one 401 serves all. */
  const meetings = new Map<string, Promise<unknown>>();

  const exchange = async ({ image, path, accept }: Asked): Promise<Exchanged> => {
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
      const isWorthAnother = arrival.answer.status === 401 && (await authenticator.learn(target, arrival, sent));
      return { sent, arrival, isWorthAnother };
    };
    const meeting = meetings.get(image.registry);
    if (meeting !== undefined) await meeting.catch(() => undefined);
    const first = send();
    if (meeting === undefined && endpoint.tokenSource === undefined) meetings.set(image.registry, first);
    return (await first).isWorthAnother ? await send() : await first;
  };
  const ask: Ask = async (asked) => {
    const exchanged = await exchange(asked);
    if (exchanged.arrival.answer.status === 200) return exchanged.arrival;
    throw await refusalOf(asked, exchanged, options);
  };
  const find: Find = async (asked, absent) => {
    const exchanged = await exchange(asked);
    const { answer } = exchanged.arrival;
    if (answer.status === 200) return exchanged.arrival;
    if (absent.includes(answer.status)) return undefined;
    throw await refusalOf(asked, exchanged, options);
  };
  return registryOf(ask, find);
}

type Ask = (asked: Asked) => Promise<Arrival>;
/** Like Ask; undefined for an answer with one of these statuses. */
type Find = (asked: Asked, absent: readonly number[]) => Promise<Arrival | undefined>;

function registryOf(ask: Ask, find: Find): Registry {
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
    artifact: async (image, reference) => {
      const found = await find({ image, reference, path: `manifests/${reference}`, accept: manifestAccept }, [404]);
      const digest = parseDigest(reference);
      if (found !== undefined && digest !== undefined) proveDigest(image, found.answer.body, digest);
      return found?.answer.body;
    },
    referrers: async (image, digest) => {
      const asked = { image, reference: undefined, path: `referrers/${digest}`, accept: manifestAccept };
      // The manifest itself could be read: whatever this is, it says that there is no such API.
      return (await find(asked, [400, 401, 403, 404, 405, 406, 415, 501]))?.answer.body;
    },
  };
}

async function refusalOf(
  { image, reference }: Asked,
  { sent, arrival: { answer, url } }: Exchanged,
  options: AuthenticatorOptions,
): Promise<VerifyError> {
  const isDenied = answer.status === 401 || answer.status === 403;
  const credentials = isDenied ? await options.credentialsFor(image.registry, image.repository) : undefined;
  const scheme = sent === undefined ? undefined : sent.startsWith('Basic ') ? 'basic' : 'bearer';
  return judgeRefusal({
    image,
    isAway: url.origin !== endpointOf(image.registry, options).origin.origin,
    reference,
    url,
    answer,
    sent: scheme,
    account: credentials?.source,
    redact: options.redact,
  });
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
