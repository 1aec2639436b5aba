import { posix } from 'node:path';
import type { Identity } from './identity.ts';

/** What a mirrored action's documents need to know to stand alone. */
export interface MirrorContext {
  readonly identity: Identity;
  /** `action-x` */
  readonly folder: string;
  /** `action-x/v1.2.3`: where links into the rest of the repository lead. */
  readonly tag: string;
  readonly major: number;
  /** The files of the mirror. */
  readonly files: readonly string[];
}

/**
 * Makes a document of an action's folder true in a repository of its own: `uses:` names the mirror, relative links to what
 * the mirror does not hold lead to the tagged commit of this repository.
 */
export function rewriteDocument(text: string, context: MirrorContext): string {
  const { identity, folder, major } = context;
  const uses = `${identity.slug}/${folder}@`;
  return text
    .split(uses)
    .map((part, index) =>
      index === 0
        ? part
        : `${identity.owner}/${folder}@${part.replace(/^(?:action-[a-z-]+\/)?v\d+(?![\d.])/, `v${major}`)}`,
    )
    .join('')
    .replaceAll(/(\]\(|\b(?:src|srcset|href)=")([^)\s"]+)/g, (_match, before: string, target: string) => {
      return `${before}${rewriteLink(target, context)}`;
    });
}

function rewriteLink(target: string, { identity, folder, tag, files }: MirrorContext): string {
  if (/^([a-z]+:|#|\/)/.test(target)) return target;
  const [path = '', heading] = target.split('#');
  if (files.includes(posix.normalize(path))) return target;
  const kind = /\.(png|svg|jpg|gif|webp)$/.test(path) ? 'raw' : 'blob';
  const anchor = heading === undefined ? '' : `#${heading}`;
  return `https://github.com/${identity.slug}/${kind}/${tag}/${posix.join(folder, path)}${anchor}`;
}
