import { parse } from 'yaml';
import { record } from '../metadata.ts';
import { largestBump, parseBump, type Bump } from './version.ts';

/** One file of `.changeset/`: which packages a change touches, how much, and what the changelog says. */
export interface Changeset {
  /** The file's name without `.md`. */
  readonly id: string;
  readonly releases: ReadonlyMap<string, Bump>;
  readonly summary: string;
}

/** What a release looks at of one action. */
export interface ActionState {
  readonly folder: string;
  readonly packageName: string;
  /** Its bundle or its action.yml is not that of its last release; true when there was none. */
  readonly isChanged: boolean;
  /** The tag of its last release; undefined before the first. */
  readonly lastTag?: string | undefined;
  /** False between the merge of the versions and their release. Default: true. */
  readonly isVersionTagged?: boolean;
}

/** The changesets as Changesets shall apply them, and what the set as a whole gets. */
export interface SettledChangesets {
  /** Naming actions only. Those that named nothing else than the set or the kit in vain are gone. */
  readonly changesets: readonly Changeset[];
  /** The step of the set's own version; undefined when nothing is released. */
  readonly setBump: Bump | undefined;
  /** Texts of changesets that name the set itself: for the changelog of the root. */
  readonly setNotes: readonly string[];
  /** Why this may not be released. */
  readonly problems: readonly string[];
}

/** The name of the shared code in a changeset. */
export const kitPackage = '@deploy-actions/kit';
/** The name of the set (the composite in the root, and the tags `vX.Y.Z`) in a changeset. */
export const setPackage = 'deploy-actions';

/** Reads a changeset file; a part that cannot be read is a problem of its own in `settleChangesets`. */
export function parseChangeset(id: string, text: string): Changeset {
  const match = /^---\n([\s\S]*?)\n?---\n?([\s\S]*)$/.exec(text.replaceAll('\r\n', '\n'));
  const releases = Object.entries(record(parse(match?.[1] ?? ''))).flatMap(([name, value]) => {
    const bump = parseBump(value);
    return bump === undefined ? [] : [[name, bump] as const];
  });
  return { id, releases: new Map(releases), summary: (match?.[2] ?? '').trim() };
}

/** The file that `parseChangeset` reads. */
export function renderChangeset({ releases, summary }: Changeset): string {
  return ['---', ...[...releases].map(([name, bump]) => `'${name}': ${bump}`), '---', '', summary, ''].join('\n');
}

/**
 * Gives the kit's changes to the actions whose bundle changed, and holds the rule that every action whose bundle or
 * action.yml changed is released, and only those: what did not change has nothing to release, what changed in silence
 * would surprise people.
 */
export function settleChangesets(changesets: readonly Changeset[], actions: readonly ActionState[]): SettledChangesets {
  const changed = actions.filter(({ isChanged }) => isChanged).map(({ packageName }) => packageName);
  const given = changesets.map((changeset) => giveKitToActions(changeset, changed));
  const named = new Set(given.flatMap(({ releases }) => [...releases.keys()]));
  const silent = actions
    .filter(({ isChanged, packageName }) => isChanged && !named.has(packageName))
    // A version that waits for its tag says why already; before the first release it does only where no changeset waits.
    .filter(
      ({ isVersionTagged = true, lastTag }) => isVersionTagged || (lastTag === undefined && changesets.length > 0),
    )
    .map(
      ({ folder }) =>
        `${folder}: its bundle or action.yml is not that of its last release, and no changeset says why. Run npx changeset.`,
    );
  return {
    changesets: given
      .map((changeset) => ({ ...changeset, releases: without(changeset.releases, setPackage) }))
      .filter(({ releases }) => releases.size > 0),
    setBump: largestBump(given.flatMap(({ releases }) => [...releases.values()])),
    setNotes: given.filter(({ releases }) => releases.has(setPackage)).map(({ summary }) => summary),
    problems: [...changesets.flatMap((changeset) => findProblems(changeset, actions, changed)), ...silent],
  };
}

function giveKitToActions(changeset: Changeset, changed: readonly string[]): Changeset {
  const kit = changeset.releases.get(kitPackage);
  if (kit === undefined) return changeset;
  const releases = new Map(without(changeset.releases, kitPackage));
  for (const name of changed) {
    const own = releases.get(name);
    releases.set(name, (own === undefined ? kit : largestBump([own, kit])) ?? kit);
  }
  return { ...changeset, releases };
}

function findProblems(
  { id, releases, summary }: Changeset,
  actions: readonly ActionState[],
  changed: readonly string[],
): readonly string[] {
  const file = `.changeset/${id}.md`;
  const names = [...releases.keys()];
  const known = [kitPackage, setPackage, ...actions.map(({ packageName }) => packageName)];
  return [
    ...(names.length === 0 ? [`${file} names no package with patch, minor or major.`] : []),
    ...(summary === '' ? [`${file} says nothing: the changelog would not either.`] : []),
    ...names
      .filter((name) => !known.includes(name))
      .map((name) => `${file} names ${name}, which is never released. There are: ${known.join(', ')}.`),
    ...(releases.has(kitPackage) && changed.length === 0
      ? [`${file} names the kit, but no bundle differs from its last release. Rebuild dist/, or remove the file.`]
      : []),
    ...actions
      .filter(({ packageName, isChanged }) => releases.has(packageName) && !isChanged)
      .map(({ folder }) => `${file} names ${folder}, whose bundle and action.yml are those of its last release.`),
  ];
}

function without(releases: ReadonlyMap<string, Bump>, name: string): ReadonlyMap<string, Bump> {
  return new Map([...releases].filter(([other]) => other !== name));
}
