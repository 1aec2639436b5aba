import type { ImageRef } from './image-ref.ts';

/** Which references may be deployed; `pinned` is any form that by convention never moves. */
export const tagPolicies = ['pinned', 'sha', 'semver', 'digest-only', 'any'] as const;
export type TagPolicy = (typeof tagPolicies)[number];

/** Full commit SHA (SHA-1 or SHA-256), or `sha-` and at least 7 hex digits as docker/metadata-action writes it. */
const shaPattern = /^([0-9a-f]{40}|[0-9a-f]{64}|sha-[0-9a-f]{7,64})$/;
/** All three numbers, leading zeros allowed: calendar versions such as 2026.01.05 do not move either. */
const semverPattern = /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

const allowed: Readonly<Record<TagPolicy, string>> = {
  pinned: 'a full commit SHA, sha-<7 or more hex>, a full version such as 1.16.0, or a digest',
  sha: 'a full commit SHA, sha-<7 or more hex>, or a digest',
  semver: 'a full version such as 1.16.0, or a digest',
  'digest-only': 'a digest',
  any: 'anything',
};

/** Why this reference must not be deployed, as the end of a sentence; undefined when it may. A digest always may. */
export function reasonToRefuseTag(ref: ImageRef, policy: TagPolicy): string | undefined {
  if (policy === 'any' || ref.digest !== undefined) return undefined;
  const { tag } = ref;
  if (tag === undefined) return 'it has no tag, which means `latest`, and that moves with every push';
  const isSha = shaPattern.test(tag);
  const isVersion = semverPattern.test(tag);
  const isAllowed =
    (isSha && (policy === 'pinned' || policy === 'sha')) || (isVersion && (policy === 'pinned' || policy === 'semver'));
  if (isAllowed) return undefined;
  if (isSha || isVersion) return `the tag ${tag} is not what \`tags: ${policy}\` asks for`;
  if (/^v?\d+(\.\d+)?$/.test(tag)) return `the tag ${tag} moves to each new ${tag}.x`;
  if (/^[0-9a-f]{7,39}$/.test(tag)) return `the tag ${tag} may be a short commit SHA or a word`;
  return `the tag ${tag} can be moved to other content at any time`;
}

/** What the policy takes, for a hint. */
export function describePolicy(policy: TagPolicy): string {
  return allowed[policy];
}
