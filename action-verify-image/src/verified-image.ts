import { formatImageLine } from '@deploy-actions/kit/image/image-lines';
import { formatImageRef, pinImage, type Digest } from '@deploy-actions/kit/image/image-ref';

import { verifyError, type VerifyError } from './failures.ts';
import type { ImageRequest } from './inputs.ts';
import { formatPlatform, isSamePlatform, type Platform } from './registry/platform.ts';

/** One platform of an image, as its config describes it. */
export interface VerifiedPlatform {
  readonly platform: Platform;
  /** Of this platform's manifest; of an image without index the same as the image's. */
  readonly digest: Digest;
  /** Label org.opencontainers.image.revision. */
  readonly revision: string | undefined;
  /** RFC 3339. */
  readonly created: string | undefined;
  /** What a pull transfers: config and layers, compressed. */
  readonly sizeBytes: number;
}

/** An image that is what was asked for. */
export interface VerifiedImage {
  readonly request: ImageRequest;
  /** What to deploy: of the index where there is one. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** At least one. */
  readonly platforms: readonly VerifiedPlatform[];
  /** Who signed it: a certificate's identity, or the given key; undefined where no signature was asked for. */
  readonly signer: string | undefined;
}

/** What became of one line of `images`. */
export type Outcome =
  | { readonly kind: 'verified'; readonly request: ImageRequest; readonly image: VerifiedImage }
  /** The registry let us look and it is not there; with `on-missing: output` no failure. */
  | { readonly kind: 'missing'; readonly request: ImageRequest; readonly error: VerifyError }
  | { readonly kind: 'failed'; readonly request: ImageRequest; readonly error: VerifyError };

/** The entries to look at: those asked for, or the first one (linux/amd64 if there) when any will do. */
export function choosePlatforms<T extends { readonly platform?: Platform }>(
  entries: readonly T[],
  wanted: readonly Platform[],
  imageText: string,
): readonly T[] {
  const find = (platform: Platform): T | undefined =>
    entries.find((entry) => entry.platform !== undefined && isSamePlatform(entry.platform, platform));
  if (wanted.length === 0) {
    const any = find({ os: 'linux', architecture: 'amd64', variant: '' }) ?? entries[0];
    if (any !== undefined) return [any];
  }
  const missing = wanted.filter((platform) => find(platform) === undefined);
  if (missing.length === 0 && wanted.length > 0) return wanted.flatMap((platform) => find(platform) ?? []);
  const present = entries.map(({ platform }) =>
    platform === undefined ? 'an unnamed platform' : formatPlatform(platform),
  );
  throw missingPlatform(imageText, missing, present, 'The index');
}

/** The error for an image that does not run where it is to run. */
export function missingPlatform(
  imageText: string,
  missing: readonly Platform[],
  present: readonly string[],
  subject: string,
): VerifyError {
  const asked = missing.map(formatPlatform).join(', ');
  return verifyError({
    code: 'PLATFORM_MISSING',
    message: `${imageText}: ${subject} is for ${present.join(', ') || 'no platform'}; ${asked || 'some platform'} was asked for.`,
    hint: `Build it with \`platforms: ${asked || 'linux/amd64'}\`, or set the input \`platforms\` to what the server runs.`,
  });
}

/** The line for the next steps: `service=registry/repository@sha256:…`. */
export function imageLine({ request, digest }: VerifiedImage): string {
  return formatImageLine(request.target, pinImage(request.ref, digest));
}

/** The value of the output `platform-digests`: lines `linux/amd64=sha256:…`. */
export function platformLines({ platforms }: VerifiedImage): string {
  return platforms.map(({ platform, digest }) => `${formatPlatform(platform)}=${digest}`).join('\n');
}

/** The value of the output `images-json`: what was proved, and what is absent. */
export function imagesJson(outcomes: readonly Outcome[]): string {
  return JSON.stringify(
    outcomes.map((outcome) => {
      const { request } = outcome;
      const name = request.target?.name ?? null;
      if (outcome.kind !== 'verified') return { name, image: formatImageRef(request.ref), exists: false };
      const { digest, mediaType, platforms, signer } = outcome.image;
      return {
        name,
        image: formatImageRef(pinImage(request.ref, digest)),
        exists: true,
        tag: request.ref.tag ?? null,
        digest,
        mediaType,
        revision: platforms[0]?.revision ?? null,
        created: platforms[0]?.created ?? null,
        signer: signer ?? null,
        platforms: platforms.map((one) => ({
          platform: formatPlatform(one.platform),
          digest: one.digest,
          revision: one.revision ?? null,
          created: one.created ?? null,
          sizeBytes: one.sizeBytes,
        })),
      };
    }),
  );
}
