import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareBundles, listBundle, type BundledFile } from '../bundle.ts';
import { mapParallel } from '../process.ts';
import { readNotes } from './changelog.ts';
import type { Git } from './git.ts';
import { readChangesets } from './prepare.ts';
import { refuseIfAny } from './refusal.ts';
import { isOnBranch, listTags, requireCleanTree, resolveTag, type RemoteRefs, type Unit } from './repository.ts';
import { planTags, type TagPlan } from './tag-plan.ts';
import { formatVersion } from './version.ts';

/** Builds an action's folder into another one: `bundleAction`, or a test's own. */
export type Build = (folder: string, dist: string) => Promise<readonly BundledFile[]>;

/** One unit at HEAD that has its release tag there, now or since an earlier run. */
export interface Release {
  readonly unit: Unit;
  readonly tags: TagPlan;
  /** What its changelog says of this version. */
  readonly notes: string;
  /** Its tag is not on the remote yet. */
  readonly isNew: boolean;
}

/**
 * What HEAD releases: the units whose version has no tag on the remote. Everything that speaks against it is found before
 * anything is pushed.
 * @throws ReleaseRefusal naming all of it: uncommitted files, waiting changesets, a commit that is not on the branch, a
 *   changed bundle without a new version, a set that stays behind, a dist/ that is not what the sources give
 */
export async function planReleases(
  git: Git,
  units: readonly Unit[],
  refs: RemoteRefs,
  { branch, build }: { readonly branch: string; readonly build: Build },
): Promise<readonly Release[]> {
  await requireCleanTree(git);
  const head = await git.run(['rev-parse', 'HEAD']);
  const tags = listTags(refs);
  const releases: Release[] = [];
  for (const unit of units) {
    const plan = planTags(unit.prefix, unit.version, tags);
    const isNew = !tags.includes(plan.immutable);
    if (!isNew && (await resolveTag(git, plan.immutable)) !== head) continue;
    // The set has one moving tag, `vX`: who wants less movement pins `vX.Y.Z`.
    const own = unit.prefix === '' ? planTags('', unit.version, tags, ['major']) : plan;
    releases.push({ unit, tags: own, notes: notesOf(git.folder, unit), isNew });
  }
  const isBehind = !(await isOnBranch(git, head, branch));
  refuseIfAny([
    ...readChangesets(git.folder).map(({ id }) => `.changeset/${id}.md waits: run npm run release -- version first.`),
    ...(isBehind ? [`${head} is not on the branch ${branch} of the remote: push it there first.`] : []),
    ...findStale(units, releases),
    ...(await findForeignBundles(git.folder, units, build)),
  ]);
  return releases;
}

/**
 * Makes and moves the tags, all of them or none. A moving tag that somebody else moved meanwhile, or a release tag that
 * appeared, ends it without a change.
 * @returns the refs that were pushed
 */
export async function pushTags(
  git: Git,
  remote: string,
  refs: RemoteRefs,
  releases: readonly Release[],
): Promise<readonly string[]> {
  const head = await git.run(['rev-parse', 'HEAD']);
  const pushes: { readonly object: string; readonly tag: string }[] = [];
  for (const { tags, notes } of releases.filter(({ isNew }) => isNew)) {
    pushes.push({ object: await makeTag(git, head, tags.immutable, notes), tag: tags.immutable });
    for (const tag of tags.moving) pushes.push({ object: head, tag });
  }
  if (pushes.length === 0) return [];
  const leases = pushes.map(({ tag }) => `--force-with-lease=refs/tags/${tag}:${refs.get(`tags/${tag}`) ?? ''}`);
  const refspecs = pushes.map(({ object, tag }) => `${object}:refs/tags/${tag}`);
  await git.run(['push', '--quiet', '--atomic', ...leases, remote, ...refspecs]);
  return pushes.map(({ tag }) => tag);
}

/** An annotated tag as an object: no tag of this clone is made, so none is left when the push fails. */
export async function makeTag(git: Git, commit: string, name: string, message: string): Promise<string> {
  const tagger = await git.run(['var', 'GIT_COMMITTER_IDENT']);
  const lines = [`object ${commit}`, 'type commit', `tag ${name}`, `tagger ${tagger}`, '', `${name}\n\n${message}`];
  return git.run(['mktag'], { input: `${lines.join('\n').trimEnd()}\n` });
}

function notesOf(folder: string, { folder: unit, version }: Unit): string {
  const file = join(folder, unit, 'CHANGELOG.md');
  return existsSync(file) ? readNotes(readFileSync(file, 'utf8'), formatVersion(version)) : '';
}

function findStale(units: readonly Unit[], releases: readonly Release[]): readonly string[] {
  const fresh = new Set(releases.filter(({ isNew }) => isNew).map(({ unit }) => unit.folder));
  const silent = units.filter(
    ({ folder, isChanged, lastTag }) => isChanged && lastTag !== undefined && !fresh.has(folder),
  );
  const isSetMissing = fresh.size > 0 && !fresh.has('.');
  return [
    ...silent.map(({ folder, lastTag }) => `${folder} is not what ${lastTag ?? ''} is, and has no new version.`),
    ...(isSetMissing ? ['package.json: the set has no new version, but an action has.'] : []),
  ];
}

/** The bundles of HEAD are what users run: each is built anew beside the tree, which is clean, and compared. */
async function findForeignBundles(folder: string, units: readonly Unit[], build: Build): Promise<readonly string[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'release-dist-'));
  try {
    const actions = units.filter((unit) => unit.folder !== '.');
    const found = await mapParallel(actions, 2, async ({ folder: action }) => {
      const built = await build(join(folder, action), join(scratch, action));
      const differing = compareBundles(listBundle(join(folder, action, 'dist')), built);
      return differing.map((file) => `${action}/dist/${file}: not what the sources of this commit give.`);
    });
    return found.flat();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
