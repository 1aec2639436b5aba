import { ReleaseRefusal } from './refusal.ts';

/** How much a change changes, as Changesets writes it. */
export type Bump = 'patch' | 'minor' | 'major';

/** A released version: three numbers. Prereleases are not released by tag. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const rank: Readonly<Record<Bump, number>> = { patch: 0, minor: 1, major: 2 };

/** Reads `1.2.3`; undefined for anything else, `v1` and `1.0.0-rc.1` too. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** @throws ReleaseRefusal when the text is no version, naming where it stands */
export function requireVersion(text: string, where: string): Version {
  const version = parseVersion(text);
  if (version === undefined) throw new ReleaseRefusal([`${where}: "${text}" is not a version such as 1.2.3.`]);
  return version;
}

/** `1.2.3` */
export function formatVersion({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}

/** Negative when `a` is older than `b`, zero when they are the same. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** The version after a change of this size. */
export function bumpVersion({ major, minor, patch }: Version, bump: Bump): Version {
  switch (bump) {
    case 'major':
      return { major: major + 1, minor: 0, patch: 0 };
    case 'minor':
      return { major, minor: minor + 1, patch: 0 };
    case 'patch':
      return { major, minor, patch: patch + 1 };
  }
}

/** The largest of several changes; undefined when there is none. */
export function largestBump(bumps: Iterable<Bump>): Bump | undefined {
  return [...bumps].sort((a, b) => rank[b] - rank[a])[0];
}

/** Reads a bump out of a changeset. */
export function parseBump(text: unknown): Bump | undefined {
  return text === 'patch' || text === 'minor' || text === 'major' ? text : undefined;
}
