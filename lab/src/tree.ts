import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce, readJson, writeWhole } from './file.ts';
import { downloadPackages, fetchByLists, resolveClosure, selectAvailable, unpackPackages } from './packages.ts';
import type { PackageSource } from './packages.ts';

/** What a folder of unpacked programs is made of. Changing any field makes a new tree. */
export interface TreeRecipe {
  readonly name: string;
  /** Raise when `finish` changes. */
  readonly version: number;
  readonly packages: readonly string[];
  /** Taken only where the distribution has them. */
  readonly optional?: readonly string[];
  /** Dependencies that are of use only to maintainer scripts, or never here: not downloaded unless named in `packages`. */
  readonly without: readonly RegExp[];
  /** Accounts, links and the like that maintainer scripts would have made. */
  readonly finish?: (tree: string) => Promise<void>;
}

/** What installing needs but running does not. */
export const INSTALL_TIME_ONLY: readonly RegExp[] = [
  /^(adduser|dpkg|debconf|ucf|usrmerge|perl|perl-base|perl-modules-.*|libperl.*|sensible-utils|runit-helper)$/,
  /^(init-system-helpers|sysvinit-utils|lsb-base|gcc-\d+-base|libfile-find-rule-perl|libtext-glob-perl|libnumber-compare-perl)$/,
  /^(libgdbm.*|libsemanage.*|libsepol\d|readline-common|libjson-perl|libdebconfclient0)$/,
];

/** The folder of this recipe, built at the first call: without a network from the second one on. Not beside another one: see withLabLock. */
export async function buildTree(source: PackageSource, cache: string, recipe: TreeRecipe): Promise<string> {
  const wanted = [recipe.name, recipe.version, recipe.packages, recipe.optional ?? [], recipe.without.map(String)];
  const key = createHash('sha256').update(JSON.stringify(wanted)).digest('hex').slice(0, 12);
  const folder = join(cache, 'trees', `${recipe.name}-${key}`);
  if (existsSync(folder)) return folder;
  source.log(`building the ${recipe.name} tree from packages`);
  const files = await fetchByLists(`fetching the ${recipe.name} tree`, source, () => fetchTree(source, recipe));
  await fillOnce(folder, async (beside) => {
    await unpackPackages(files.paths, beside);
    await recipe.finish?.(beside);
  });
  writeWhole(`${folder}.json`, `${JSON.stringify(files.versions, null, 2)}\n`);
  return folder;
}

/** Name → version of the packages in a tree, for `status` and bug reports. */
export function readTreeVersions(folder: string): Readonly<Record<string, string>> {
  return readJson(`${folder}.json`, parseVersions) ?? {};
}

async function fetchTree(
  source: PackageSource,
  recipe: TreeRecipe,
): Promise<{ readonly paths: readonly string[]; readonly versions: Readonly<Record<string, string>> }> {
  const optional = await selectAvailable(source, recipe.optional ?? []);
  const closure = await resolveClosure(source, [...recipe.packages, ...optional]);
  const kept = closure.filter(
    ({ name }) => recipe.packages.includes(name) || !recipe.without.some((pattern) => pattern.test(name)),
  );
  const paths = await downloadPackages(source, kept);
  return { paths, versions: Object.fromEntries(kept.map(({ name, version }) => [name, version])) };
}

function parseVersions(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
