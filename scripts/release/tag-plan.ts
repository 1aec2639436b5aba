import { compareVersions, formatVersion, parseVersion, type Version } from './version.ts';

/** The tags of one release. */
export interface TagPlan {
  /** Made once, never moved: the only kind that a GitHub release may stand on. */
  readonly immutable: string;
  /** Moved to this release, because none of their line is newer. */
  readonly moving: readonly string[];
}

/**
 * The tags of an action (`action-x/v1.2.3`, moving `action-x/v1` and `action-x/v1.2`), of a mirrored action or of the set
 * (prefix '': `v1.2.3`). A fix of an older line moves only that line's tags.
 * @param existing all tags of the repository
 */
export function planTags(
  prefix: string,
  version: Version,
  existing: Iterable<string>,
  lines: readonly ('major' | 'minor')[] = ['major', 'minor'],
): TagPlan {
  const released = [...existing].flatMap((tag) => parseReleaseTag(prefix, tag) ?? []);
  const isNewest = (line: 'major' | 'minor'): boolean =>
    released
      .filter((other) => other.major === version.major && (line === 'major' || other.minor === version.minor))
      .every((other) => compareVersions(other, version) <= 0);
  const names = { major: `${prefix}v${version.major}`, minor: `${prefix}v${version.major}.${version.minor}` };
  return {
    immutable: `${prefix}v${formatVersion(version)}`,
    moving: lines.filter(isNewest).map((line) => names[line]),
  };
}

/** The newest release under a prefix, up to a version where one is given; undefined when there is none. */
export function findNewest(prefix: string, tags: Iterable<string>, upTo?: Version): Version | undefined {
  return [...tags]
    .flatMap((tag) => parseReleaseTag(prefix, tag) ?? [])
    .filter((version) => upTo === undefined || compareVersions(version, upTo) <= 0)
    .sort(compareVersions)
    .at(-1);
}

/** Whether a tag is one that never moves (`v1.2.3`, `action-x/v1.2.3`). */
export function isImmutableTag(tag: string): boolean {
  return /^(action-[a-z-]+\/)?v\d+\.\d+\.\d+$/.test(tag);
}

function parseReleaseTag(prefix: string, tag: string): Version | undefined {
  return tag.startsWith(`${prefix}v`) ? parseVersion(tag.slice(prefix.length + 1)) : undefined;
}
