import type { ImageRef } from '@deploy-actions/kit/image/image-ref';

import { cleanText, verifyError, type VerifyError } from './failures.ts';
import type { ImageRequest } from './inputs.ts';
import type { ImageConfig } from './registry/image-config.ts';
import { formatSize } from './summary.ts';

/** What the image of one platform says of itself, fit to be shown. */
export interface Content {
  readonly labels: ReadonlyMap<string, string>;
  readonly revision: string | undefined;
  /** RFC 3339, as the builder wrote it. */
  readonly created: string | undefined;
  readonly sizeBytes: number;
}

export interface ContentLimits {
  readonly maxAgeMs: number | undefined;
  readonly maxSizeBytes: number | undefined;
}

export function describeContent(config: ImageConfig, sizeBytes: number): Content {
  const clean = (text: string | undefined): string | undefined => (text === undefined ? undefined : cleanText(text));
  return { labels: config.labels, revision: clean(config.revision), created: clean(config.created), sizeBytes };
}

/** Why an image is not the one that is meant: another commit, another label, too old, too large. */
export function reasonToRefuseContent(
  { ref, expectedRevision, expectedLabels }: ImageRequest,
  content: Content,
  limits: ContentLimits,
  now: Date,
): VerifyError | undefined {
  const { revision, sizeBytes } = content;
  if (expectedRevision !== undefined && !isSameRevision(expectedRevision, revision ?? '')) {
    return otherRevision(ref, expectedRevision, revision);
  }
  for (const { label, value } of expectedLabels) {
    const found = content.labels.get(label);
    if (found === value) continue;
    const seen = found === undefined ? 'is absent' : `is ${JSON.stringify(cleanText(found))}`;
    return verifyError({
      code: 'LABEL_MISMATCH',
      message: `${ref.text}: the label ${label} ${seen}; \`expect-labels\` says ${JSON.stringify(value)}.`,
      hint: 'Another image than the one meant, or the label is not set when building (BuildKit annotations are no labels).',
    });
  }
  const { maxSizeBytes, maxAgeMs } = limits;
  if (maxSizeBytes !== undefined && sizeBytes > maxSizeBytes) {
    return verifyError({
      code: 'SIZE_EXCEEDED',
      message: `${ref.text} is ${formatSize(sizeBytes)} to pull; \`max-size-mb\` allows ${formatSize(maxSizeBytes)}.`,
      hint: 'Did a build stage, a cache or a data folder get into the image? Look at its layers.',
    });
  }
  return maxAgeMs === undefined ? undefined : tooOld(ref, content.created, maxAgeMs, now);
}

/** Does the image say it was built from the expected commit? Either may be shortened, to no less than 12 digits. */
export function isSameRevision(expected: string, label: string): boolean {
  const found = label.toLowerCase();
  return /^[0-9a-f]{12,64}$/.test(found) && (found.startsWith(expected) || expected.startsWith(found));
}

function otherRevision(ref: ImageRef, expected: string, revision: string | undefined): VerifyError {
  const found =
    revision === undefined ? 'has no label org.opencontainers.image.revision' : `was built from ${revision}`;
  return verifyError({
    code: 'REVISION_MISMATCH',
    message: `${ref.text} ${found}; \`expect-revision\` is ${expected}.`,
    hint:
      revision === undefined
        ? 'Set the label when building (docker/metadata-action does; BuildKit annotations do not).'
        : 'The tag is stale, or another commit was built under it.',
  });
}

/** An image that does not say when it was built may be any age. */
function tooOld(ref: ImageRef, created: string | undefined, maxAgeMs: number, now: Date): VerifyError | undefined {
  const builtAt = Date.parse(created ?? '');
  const allowed = `\`max-age\` is ${formatAge(maxAgeMs)}`;
  if (now.getTime() - builtAt <= maxAgeMs) return undefined;
  const seen = Number.isNaN(builtAt)
    ? 'does not say when it was built'
    : `was built ${formatAge(now.getTime() - builtAt)} ago (${created ?? ''})`;
  return verifyError({
    code: 'AGE_EXCEEDED',
    message: `${ref.text} ${seen}; ${allowed}.`,
    hint: 'Build it again, or deploy a newer one. Reproducible builds often set a fixed date: leave `max-age` out for them.',
  });
}

function formatAge(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? `${hours}h` : `${Math.round(hours / 24)}d`;
}
