import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { record } from '../metadata.ts';
import { listActions } from '../workspace.ts';
import type { Git } from './git.ts';
import { refuseIfAny, ReleaseRefusal } from './refusal.ts';
import { findNewest } from './tag-plan.ts';
import { formatVersion, requireVersion, type Version } from './version.ts';

/** One released thing: an action, or the set (folder `.`: the composite in the root). */
export interface Unit {
  readonly folder: string;
  readonly packageName: string;
  /** What its package.json says. */
  readonly version: Version;
  /** What its tags begin with: `action-x/`, nothing for the set. */
  readonly prefix: string;
  /** The tag of its newest release up to this version (a branch of an older line has older ones); undefined before the first. */
  readonly lastTag: string | undefined;
  /** What runs for users (bundle and action.yml) is not that of `lastTag`; true before the first. */
  readonly isChanged: boolean;
  /** Its version has its tag: it is out. */
  readonly isVersionTagged: boolean;
}

/** The tags and branches of the remote, by name below `refs/`, as fetched; tag objects are not peeled. */
export type RemoteRefs = ReadonlyMap<string, string>;

/**
 * Where the remote's tags are kept here. A place of our own: the tags of whoever works in this clone are left alone, and
 * one that was made here in passing is not taken for a release.
 */
const kept = 'refs/released';

/** Fetches the remote's tags and branches with their objects. */
export async function fetchReleased(git: Git, remote: string): Promise<RemoteRefs> {
  const refspecs = [`+refs/tags/*:${kept}/tags/*`, `+refs/heads/*:${kept}/heads/*`];
  await git.run(['fetch', '--quiet', '--prune', '--no-tags', remote, ...refspecs]);
  const lines = await git.lines(['for-each-ref', '--format=%(objectname) %(refname)', kept]);
  return new Map(lines.map((line) => [line.slice(41 + kept.length + 1), line.slice(0, 40)]));
}

/** The names of the tags among them. */
export function listTags(refs: RemoteRefs): readonly string[] {
  return [...refs.keys()].filter((ref) => ref.startsWith('tags/')).map((ref) => ref.slice('tags/'.length));
}

/** The commit that a fetched tag stands on. */
export function resolveTag(git: Git, tag: string): Promise<string> {
  return git.run(['rev-parse', '--verify', `${kept}/tags/${tag}^{commit}`]);
}

/** Whether a commit is on the remote's branch, as fetched. */
export function isOnBranch(git: Git, commit: string, branch: string): Promise<boolean> {
  return git.test(['merge-base', '--is-ancestor', commit, `${kept}/heads/${branch}`]);
}

/** Every action and the set, as the commit at HEAD has them. */
export async function readUnits(git: Git, refs: RemoteRefs): Promise<readonly Unit[]> {
  const folders = [...listActions(git.folder), '.'];
  return Promise.all(folders.map((folder) => readUnit(git, folder, listTags(refs))));
}

/** @throws ReleaseRefusal when something is not committed: what is released is a commit. */
export async function requireCleanTree(git: Git): Promise<void> {
  const changes = await git.lines(['status', '--porcelain']);
  refuseIfAny(changes.map((line) => `Not committed: ${line.slice(3)}`));
}

async function readUnit(git: Git, folder: string, tags: readonly string[]): Promise<Unit> {
  const file = join(folder, 'package.json');
  const { name, version } = record(JSON.parse(readFileSync(join(git.folder, file), 'utf8')));
  if (typeof name !== 'string' || typeof version !== 'string') {
    throw new ReleaseRefusal([`${file} has no name or no version.`]);
  }
  const prefix = folder === '.' ? '' : `${folder}/`;
  const own = requireVersion(version, file);
  const newest = findNewest(prefix, tags, own);
  const lastTag = newest === undefined ? undefined : `${prefix}v${formatVersion(newest)}`;
  const isChanged = lastTag === undefined || (await differs(git, folder, lastTag));
  const isVersionTagged = lastTag === `${prefix}v${formatVersion(own)}`;
  return { folder, packageName: name, version: own, prefix, lastTag, isChanged, isVersionTagged };
}

async function differs(git: Git, folder: string, tag: string): Promise<boolean> {
  const paths = folder === '.' ? ['action.yml'] : [`${folder}/dist`, `${folder}/action.yml`];
  return !(await git.test(['diff', '--quiet', `${kept}/tags/${tag}`, 'HEAD', '--', ...paths]));
}
