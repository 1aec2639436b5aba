import type { Identity } from './identity.ts';

/**
 * Rewrites this repository's name in a text: `owner/name` (plain, and with the slash escaped as in a regular expression),
 * its mirrored actions `owner/action-x`, the owner's page on GitHub, and an `author:` that is the owner. Names of users' own images
 * (`ghcr.io/owner/api`) are examples of theirs and stay.
 */
export function renameIn(text: string, from: Identity, to: Identity): string {
  const owner = escapeRegExp(from.owner);
  // A name ends where no further character of a name follows: deploy-actions-demo is another repository.
  const slug = new RegExp(`(?<![\\w.-])${owner}(\\\\?/)${escapeRegExp(from.name)}(?![\\w-]|\\.(?!git\\b)\\w)`, 'g');
  const mirror = new RegExp(`(?<![\\w.-])${owner}(\\\\?/)(action-[a-z])`, 'g');
  const page = new RegExp(`(github\\.com/)${owner}(?![\\w./-])`, 'g');
  const author = new RegExp(`^(author: *)${owner}$`, 'gm');
  return text
    .replaceAll(slug, (_match, slash: string) => `${to.owner}${slash}${to.name}`)
    .replaceAll(mirror, (_match, slash: string, action: string) => `${to.owner}${slash}${action}`)
    .replaceAll(page, (_match, site: string) => `${site}${to.owner}`)
    .replaceAll(author, (_match, key: string) => `${key}${to.owner}`);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
