/**
 * Takes the lines between the title and the first section out: Changesets would put a first version above them.
 * `addPreamble` puts them back.
 */
export function takePreamble(changelog: string): { readonly preamble: string; readonly rest: string } {
  const [head = '', ...sections] = changelog.split(/^(?=## )/m);
  const end = head.indexOf('\n');
  const title = end < 0 ? head.trimEnd() : head.slice(0, end);
  return { preamble: end < 0 ? '' : head.slice(end).trim(), rest: `${title}\n\n${sections.join('')}` };
}

/** Puts lines between the title and the first section. */
export function addPreamble(changelog: string, preamble: string): string {
  if (preamble === '') return changelog;
  const end = changelog.indexOf('\n');
  return `${changelog.slice(0, end)}\n\n${preamble}\n\n${changelog.slice(end).trimStart()}`;
}

/**
 * Moves what stands under `## Unreleased` to the end of the newest version's section: notes that were written by hand
 * before a release belong to it.
 */
export function foldUnreleased(changelog: string, version: string): string {
  const sections = splitSections(changelog);
  const isUnreleased = ({ title }: Section): boolean => /^\[?unreleased\]?$/i.test(title);
  const notes = sections
    .filter(isUnreleased)
    .map(({ body }) => body.trim())
    .filter((body) => body !== '');
  return sections
    .filter((section) => !isUnreleased(section))
    .map((section) =>
      section.title === version
        ? { ...section, body: `${[section.body.trim(), ...notes.map(underHeading)].join('\n\n')}\n\n` }
        : section,
    )
    .map(({ title, body }) => (title === '' ? body : `## ${title}\n\n${body.trimStart()}`))
    .join('')
    .replace(/\n+$/, '\n');
}

/** Without a heading between them, two lists become one. */
function underHeading(notes: string): string {
  return notes.startsWith('#') ? notes : `### Notes\n\n${notes}`;
}

/** What a changelog says of one version, without its heading; empty when it says nothing. */
export function readNotes(changelog: string, version: string): string {
  return (
    splitSections(changelog)
      .find(({ title }) => title === version)
      ?.body.trim() ?? ''
  );
}

/** One version of the set: the versions that were tested together, and what changed in the composite itself. */
export interface SetEntry {
  readonly version: string;
  /** Every action with its version; `isNew` when this release brings it. */
  readonly actions: readonly { readonly folder: string; readonly version: string; readonly isNew: boolean }[];
  readonly notes: readonly string[];
}

/** Puts an entry of the set on top of the root's changelog. */
export function addSetEntry(changelog: string, { version, actions, notes }: SetEntry): string {
  const rows = actions.map(
    ({ folder, version: own, isNew }) =>
      `| [${folder}](${folder}/CHANGELOG.md) | ${own} | ${isNew ? 'in this release' : 'as before'} |`,
  );
  const entry = [
    `## ${version}`,
    ...notes.map((note) => `- ${note.replaceAll('\n', '\n  ')}`),
    ['| Action | Version | |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
  const [head = '', ...rest] = splitSections(changelog).map(({ title, body }) =>
    title === '' ? body : `## ${title}\n\n${body.trimStart()}`,
  );
  return `${[head.trim(), entry, rest.join('').trim()].filter((part) => part !== '').join('\n\n')}\n`;
}

interface Section {
  /** The heading; empty for what stands before the first. */
  readonly title: string;
  readonly body: string;
}

function splitSections(changelog: string): readonly Section[] {
  const [head = '', ...rest] = changelog.split(/^## /m);
  return [
    { title: '', body: head },
    ...rest.map((section) => {
      const end = section.indexOf('\n');
      return end < 0
        ? { title: section.trim(), body: '' }
        : { title: section.slice(0, end).trim(), body: section.slice(end + 1) };
    }),
  ];
}
