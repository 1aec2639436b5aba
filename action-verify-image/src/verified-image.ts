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
}

/** What became of one line of `images`. */
export type Outcome =
  | { readonly kind: 'verified'; readonly request: ImageRequest; readonly image: VerifiedImage }
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

/** Does the image say it was built from the expected commit? Either may be shortened, to no less than 12 digits. */
export function isSameRevision(expected: string, label: string): boolean {
  const found = label.toLowerCase();
  return /^[0-9a-f]{12,64}$/.test(found) && (found.startsWith(expected) || expected.startsWith(found));
}

/** The line for the next steps: `service=registry/repository@sha256:…`. */
export function imageLine({ request, digest }: VerifiedImage): string {
  return formatImageLine(request.target, pinImage(request.ref, digest));
}

/** The value of the output `images-json`. */
export function imagesJson(images: readonly VerifiedImage[]): string {
  return JSON.stringify(
    images.map(({ request, digest, mediaType, platforms }) => ({
      name: request.target?.name ?? null,
      image: formatImageRef(pinImage(request.ref, digest)),
      tag: request.ref.tag ?? null,
      digest,
      mediaType,
      revision: platforms[0]?.revision ?? null,
      created: platforms[0]?.created ?? null,
      platforms: platforms.map((one) => ({
        platform: formatPlatform(one.platform),
        digest: one.digest,
        revision: one.revision ?? null,
        created: one.created ?? null,
        sizeBytes: one.sizeBytes,
      })),
    })),
  );
}
