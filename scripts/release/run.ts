import { findAssets, writeArchives } from './archive.ts';
import type { Git } from './git.ts';
import { createGithubRelease, type RunGh } from './github.ts';
import { readIdentity } from './identity.ts';
import { nameTokenOf, signIn } from './mirror-access.ts';
import { mirrorRelease } from './mirror.ts';
import { prepareVersions, type Prepared } from './prepare.ts';
import { planReleases, pushTags, type Build, type Release } from './publish.ts';
import { refuseIfAny } from './refusal.ts';
import { fetchReleased, listTags, readUnits, requireCleanTree } from './repository.ts';
import { findNewest } from './tag-plan.ts';
import { compareVersions } from './version.ts';

/** What a release works with: the doors to git, GitHub and the bundler, and where it says what it does. */
export interface ReleaseDoors {
  readonly git: Git;
  /** A name or an address of the repository that people use. */
  readonly remote: string;
  readonly build: Build;
  readonly log: (line: string) => void;
}

/** Where a release goes besides the tags. */
export interface ReleaseTargets {
  readonly branch: string;
  /** `<mirrors>/<action>.git` are the repositories of single actions; undefined: none. */
  readonly mirrors: string | undefined;
  /** Undefined: no GitHub releases. */
  readonly gh: RunGh | undefined;
  /** A folder of archives and bills of materials for the GitHub releases. */
  readonly assets?: string | undefined;
}

/** Step one, for a pull request: versions and changelogs from the waiting changesets. */
export async function runVersion({ git, remote, log }: ReleaseDoors): Promise<readonly Prepared[]> {
  await requireCleanTree(git);
  const units = await readUnits(git, await fetchReleased(git, remote));
  const prepared = await prepareVersions(git, units);
  for (const { folder, from, to } of prepared) log(`${nameOf(folder).padEnd(24)} ${from} → ${to}`);
  if (prepared.length === 0) log('No changeset waits: nothing gets a new version.');
  return prepared;
}

/** Step two, on the branch: tags, then mirrors, then GitHub releases. Run again, it finishes what an earlier run began. */
export async function runPublish(doors: ReleaseDoors, targets: ReleaseTargets): Promise<readonly Release[]> {
  const { git, remote, build, log } = doors;
  const refs = await fetchReleased(git, remote);
  const units = await readUnits(git, refs);
  const releases = await planReleases(git, units, refs, { branch: targets.branch, build });
  log(`dist/ of ${units.length - 1} actions rebuilt from this commit: the same.`);
  if (releases.length === 0)
    log('Every version of this commit has its tag already, on another commit: nothing to release.');
  const pushed = new Set(await pushTags(git, remote, refs, releases));
  for (const { unit, tags, notes, isNew } of releases) {
    const moved = tags.moving.filter((tag) => pushed.has(tag));
    log(`${isNew ? 'tagged ' : 'present'} ${tags.immutable}${moved.length > 0 ? `   moved ${moved.join(', ')}` : ''}`);
    if (isNew && unit.folder !== '.') log(notes.replaceAll(/^/gm, '        '));
  }
  await publishMirrors(doors, targets.mirrors, releases);
  await publishOnGithub(doors, targets, releases, [...listTags(refs), ...pushed]);
  return releases;
}

/**
 * The mirrors alone, of what is tagged at HEAD, each by a token of its own. A mirror without a token is left out.
 * @param env where the tokens are, as `nameTokenOf` calls them
 * @throws ReleaseRefusal when something at HEAD has no tag yet
 */
export async function runMirrors(
  doors: ReleaseDoors,
  { branch, mirrors }: { readonly branch: string; readonly mirrors: string },
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { git, remote, build, log } = doors;
  const refs = await fetchReleased(git, remote);
  const releases = await planReleases(git, await readUnits(git, refs), refs, { branch, build });
  refuseIfAny(
    releases.filter(({ isNew }) => isNew).map(({ tags }) => `${tags.immutable} is not there: publish first.`),
  );
  for (const { unit, ...rest } of releases.filter(({ unit }) => unit.folder !== '.')) {
    const token = env[nameTokenOf(unit.folder)] ?? '';
    if (token === '') log(`left out ${unit.folder}: no ${nameTokenOf(unit.folder)}`);
    else await publishMirrors({ ...doors, git: git.with(signIn(mirrors, token)) }, mirrors, [{ unit, ...rest }]);
  }
}

/** The archives that a GitHub release carries, from the commit at HEAD, into a folder. */
export async function runArchives({ git, remote, log }: ReleaseDoors, out: string): Promise<void> {
  await requireCleanTree(git);
  const units = await readUnits(git, await fetchReleased(git, remote));
  for (const name of await writeArchives(git, units, out)) log(name);
}

async function publishMirrors(
  { git, log }: ReleaseDoors,
  mirrors: string | undefined,
  releases: readonly Release[],
): Promise<void> {
  if (mirrors === undefined) return;
  const identity = readIdentity(git.folder);
  for (const release of releases.filter(({ unit }) => unit.folder !== '.')) {
    const url = `${mirrors.replace(/\/$/, '')}/${release.unit.folder}.git`;
    const { tags, isNew } = await mirrorRelease(git, url, release, identity);
    log(
      `${isNew ? 'mirrored' : 'present '} ${identity.owner}/${release.unit.folder}@${isNew ? tags.join(', @') : 'as before'}`,
    );
  }
}

async function publishOnGithub(
  { git, log }: ReleaseDoors,
  { gh, assets: folder }: ReleaseTargets,
  releases: readonly Release[],
  tags: readonly string[],
): Promise<void> {
  if (gh === undefined) return;
  const { slug } = readIdentity(git.folder);
  const newest = findNewest('', tags);
  for (const { unit, tags: plan, notes } of releases) {
    const isLatest = unit.folder === '.' && newest !== undefined && compareVersions(unit.version, newest) >= 0;
    const isNew = await createGithubRelease(gh, {
      slug,
      tag: plan.immutable,
      notes,
      isLatest,
      assets: findAssets(folder, unit),
    });
    log(`${isNew ? 'released' : 'present '} ${plan.immutable} on GitHub`);
  }
}

function nameOf(folder: string): string {
  return folder === '.' ? 'the set' : folder;
}
