import { DeployError } from '@deploy-actions/kit/action/errors';
import type { ImageRef } from '@deploy-actions/kit/image/image-ref';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { formatDuration, type Duration } from '@deploy-actions/kit/time/duration';
import { poll } from '@deploy-actions/kit/time/poll';

import { describeContent, reasonToRefuseContent, type ContentLimits } from './content.ts';
import { cleanText, verifyError } from './failures.ts';
import type { ImageRequest } from './inputs.ts';
import { isImageConfigType, parseImageConfig } from './registry/image-config.ts';
import { isIndexType, type ImageIndex, type ImageManifest, type IndexEntry } from './registry/manifest.ts';
import { formatPlatform, isSamePlatform, type Platform } from './registry/platform.ts';
import type { FetchedManifest, Registry } from './registry/registry.ts';
import type { SignatureVerifier } from './signature/signatures.ts';
import { choosePlatforms, missingPlatform, type VerifiedImage, type VerifiedPlatform } from './verified-image.ts';

export interface VerifyOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly platforms: readonly Platform[];
  readonly limits: ContentLimits;
  /** Undefined: signatures are not looked at. */
  readonly signatures: SignatureVerifier | undefined;
  /** How long to wait for an image that was just pushed. */
  readonly waitTimeout: Duration;
  readonly onWait: (message: string) => void;
}

const lookAgainMs = 2000;

/**
 * Proves one image: it exists, its content hashes to its digest, it runs on the platforms, it is of the commit.
 * @throws DeployError<VerifyCode>
 */
export async function verifyImage(request: ImageRequest, options: VerifyOptions): Promise<VerifiedImage> {
  const root = await findRoot(request.ref, options);
  const { document, digest } = root;
  const { expectedDigest } = request;
  if (expectedDigest !== undefined && expectedDigest !== digest) {
    throw verifyError({
      code: 'DIGEST_EXPECTED_MISMATCH',
      message: `${request.ref.text} is ${digest}, but \`expect-digest\` is ${expectedDigest}.`,
      hint: 'The tag was moved since that digest was recorded, or it is the digest of one platform instead of the index.',
    });
  }
  const manifests =
    document.kind === 'index'
      ? await openIndex(request.ref, document, options)
      : [{ digest, document, entry: undefined }];
  const platforms = await Promise.all(manifests.map((manifest) => verifyPlatform(request, manifest, options)));
  const signer = await options.signatures?.verify(
    request.ref,
    digest,
    platforms.map((one) => one.digest),
  );
  return { request, digest, mediaType: document.mediaType, platforms, signer };
}

/** Registries answer 404 for some seconds after a good push (GHCR, Docker Hub, ECR): only that is waited for. */
async function findRoot(ref: ImageRef, options: VerifyOptions): Promise<FetchedManifest> {
  const { registry, clock, signal, waitTimeout } = options;
  let missing: DeployError | undefined;
  const found = await poll<FetchedManifest>(
    async () => {
      try {
        return { done: true, value: await registry.manifest(ref, ref.digest ?? ref.tag ?? 'latest') };
      } catch (thrown) {
        if (!(thrown instanceof DeployError) || thrown.code !== 'TAG_MISSING') throw thrown;
        missing = thrown;
        return { done: false, seen: thrown.message };
      }
    },
    {
      clock,
      signal,
      intervalMs: lookAgainMs,
      deadlineMs: waitTimeout,
      onWait: (_seen, elapsedMs) =>
        options.onWait(
          `${ref.text} is not there yet; waiting up to ${formatDuration(waitTimeout)} (${formatDuration(elapsedMs)} so far)`,
        ),
    },
  );
  if (found.kind === 'done') return found.value;
  const waited = waitTimeout === 0 ? '' : ` Waited ${formatDuration(waitTimeout)} for it.`;
  throw verifyError({
    code: 'TAG_MISSING',
    message: `${found.lastSeen}${waited}`,
    ...(missing?.hint === undefined ? {} : { hint: missing.hint }),
    evidence: missing?.evidence ?? [],
  });
}

interface PlatformManifest {
  readonly digest: FetchedManifest['digest'];
  readonly document: ImageManifest;
  /** What the index says of it. */
  readonly entry: IndexEntry | undefined;
}

async function openIndex(
  ref: ImageRef,
  index: ImageIndex,
  options: VerifyOptions,
): Promise<readonly PlatformManifest[]> {
  const entries = await flattenIndex(ref, index, options.registry);
  const chosen = choosePlatforms(entries, options.platforms, ref.text);
  return Promise.all(
    chosen.map(async (entry) => {
      const { digest, document } = await options.registry.child(ref, entry);
      if (document.kind === 'manifest') return { digest, document, entry };
      throw notAnImage(ref, 'the index refers to an index where an image is due');
    }),
  );
}

/** Indexes inside an index are opened one level deep. */
async function flattenIndex(ref: ImageRef, index: ImageIndex, registry: Registry): Promise<readonly IndexEntry[]> {
  const entries = await Promise.all(
    index.entries.map(async (entry) => {
      if (!isIndexType(entry.mediaType)) return [entry];
      const { document } = await registry.child(ref, entry);
      return document.kind === 'index' ? document.entries.filter(({ mediaType }) => !isIndexType(mediaType)) : [];
    }),
  );
  return entries.flat();
}

async function verifyPlatform(
  request: ImageRequest,
  { digest, document, entry }: PlatformManifest,
  { registry, platforms, limits, clock }: VerifyOptions,
): Promise<VerifiedPlatform> {
  const { ref } = request;
  const { config: descriptor, sizeBytes } = document;
  if (!isImageConfigType(descriptor.mediaType)) {
    throw notAnImage(ref, `its config is ${JSON.stringify(cleanText(descriptor.mediaType))}`);
  }
  const config = parseImageConfig(await registry.blob(ref, descriptor));
  if (config === undefined) throw notAnImage(ref, 'its config names no platform');
  const { platform } = config;
  const expected = entry?.platform;
  if (expected === undefined && platforms.length > 0) {
    const missing = platforms.filter((wanted) => !isSamePlatform(wanted, platform));
    if (missing.length > 0) throw missingPlatform(ref.text, missing, [formatPlatform(platform)], 'The image');
  }
  // Variants are left out of many configs, never of an index.
  if (expected !== undefined && (expected.os !== platform.os || expected.architecture !== platform.architecture)) {
    const present = [formatPlatform(platform)];
    throw missingPlatform(ref.text, [expected], present, 'What the index offers for it');
  }
  const seen = describeContent(config, sizeBytes);
  const refusal = reasonToRefuseContent(request, seen, limits, clock.date());
  if (refusal !== undefined) throw refusal;
  const { revision, created } = seen;
  return { platform: expected ?? platform, digest, revision, created, sizeBytes };
}

function notAnImage(ref: ImageRef, reason: string): DeployError {
  return verifyError({
    code: 'NOT_AN_IMAGE',
    message: `${ref.text} is no container image: ${reason}.`,
    hint: 'Charts, signatures and other artifacts live in registries too. Check the name.',
  });
}
