import { basename } from 'node:path';
import { isImmutableTag } from '../release/tag-plan.ts';

/** What a run of release.yml left behind: the tags of its repository, and the lines of the stand-ins for `gh` and `attest`. */
export interface ReleaseTraces {
  readonly actions: readonly string[];
  readonly tags: readonly string[];
  readonly log: readonly string[];
}

/**
 * What a release of everything would have left and is missing, and what it should not have done: a GitHub release on each tag
 * that never moves and on no other, an archive and a bill of materials of each action that are attested and attached. Pure.
 */
export function findReleaseGaps({ actions, tags, log }: ReleaseTraces): readonly string[] {
  const made = new Map(
    log
      .filter((line) => line.startsWith('gh release create '))
      .map((line) => line.split(' ').slice(3))
      .map(([tag = '', ...rest]) => [tag, rest.slice(0, rest.indexOf('--repo')).map((file) => basename(file))]),
  );
  const attested = log.filter((line) => line.startsWith('attest ')).map((line) => line.slice('attest '.length));
  const fixed = tags.filter(isImmutableTag);
  return [
    ...actions
      .filter((action) => !fixed.some((tag) => tag.startsWith(`${action}/`)))
      .map((action) => `${action}: no tag`),
    ...(fixed.some((tag) => !tag.includes('/')) ? [] : ['the set: no tag']),
    ...fixed.flatMap((tag) => findMovingGaps(tag, tags)),
    ...fixed.filter((tag) => !made.has(tag)).map((tag) => `${tag}: no GitHub release`),
    ...[...made.keys()].filter((tag) => !fixed.includes(tag)).map((tag) => `${tag}: a GitHub release, and it moves`),
    ...[...made].flatMap(([tag, files]) => findAssetGaps(tag, files, attested)),
  ];
}

/** `action-x/v1.2.3` needs `action-x/v1` and `action-x/v1.2`, the set's `v1.2.3` needs `v1`. */
function findMovingGaps(tag: string, tags: readonly string[]): readonly string[] {
  const [major = '', minor = ''] = tag.split('.');
  const moving = tag.includes('/') ? [major, `${major}.${minor}`] : [major];
  return moving.filter((name) => !tags.includes(name)).map((name) => `${name}: not there beside ${tag}`);
}

function findAssetGaps(tag: string, files: readonly string[], attested: readonly string[]): readonly string[] {
  const own = tag.includes('/') ? ['tar.gz', 'cdx.json'].map((end) => `${tag.replace('/', '-')}.${end}`) : attested;
  return [
    ...own.filter((file) => !files.includes(file)).map((file) => `${tag}: its release has no ${file}`),
    ...files.filter((file) => !attested.includes(file)).map((file) => `${tag}: ${file} is not attested`),
  ];
}
