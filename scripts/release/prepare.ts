import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { record } from '../metadata.ts';
import { runProgram } from '../process.ts';
import { addPreamble, addSetEntry, foldUnreleased, takePreamble } from './changelog.ts';
import { parseChangeset, renderChangeset, settleChangesets, type Changeset } from './changeset.ts';
import type { Git } from './git.ts';
import { refuseIfAny, ReleaseRefusal } from './refusal.ts';
import type { Unit } from './repository.ts';
import { bumpVersion, formatVersion } from './version.ts';

const changesetsProgram = createRequire(import.meta.url).resolve('@changesets/cli/bin.js');

/** A unit that got a new version. */
export interface Prepared {
  readonly folder: string;
  readonly from: string;
  readonly to: string;
}

/** The changesets that wait in the tree. */
export function readChangesets(folder: string): readonly Changeset[] {
  return globSync('.changeset/*.md', { cwd: folder })
    .filter((path) => basename(path) !== 'README.md')
    .sort()
    .map((path) => parseChangeset(basename(path, '.md'), readFileSync(join(folder, path), 'utf8')));
}

/**
 * Turns the waiting changesets into versions and changelogs, in the tree; nothing is committed.
 * @param units as the commit at HEAD has them
 * @returns what got a new version; nothing when no changeset waits
 * @throws ReleaseRefusal when a changed bundle is not announced, or an announced one did not change; then the tree is untouched
 */
export async function prepareVersions(git: Git, units: readonly Unit[]): Promise<readonly Prepared[]> {
  if (existsSync(join(git.folder, '.changeset/pre.json'))) {
    throw new ReleaseRefusal([
      'Changesets is in prerelease mode; what is tagged here are releases. Run npx changeset pre exit.',
    ]);
  }
  const changesets = readChangesets(git.folder);
  const actions = units.filter(({ folder }) => folder !== '.');
  const { changesets: settled, setBump, setNotes, problems } = settleChangesets(changesets, actions);
  refuseIfAny(problems);
  if (setBump === undefined) return [];
  const before = actions.map(({ folder }) => detachPreamble(join(git.folder, folder, 'CHANGELOG.md')));
  writeChangesets(git.folder, changesets, settled);
  if (settled.length > 0) await runChangesets(git.folder);
  const prepared: Prepared[] = [];
  for (const [index, { folder, version }] of actions.entries()) {
    const to = readVersion(git.folder, folder);
    const from = formatVersion(version);
    await finishChangelog(join(git.folder, folder, 'CHANGELOG.md'), to === from ? undefined : to, before[index] ?? '');
    if (to !== from) prepared.push({ folder, from, to });
  }
  const set = await prepareSet(git.folder, units, prepared, { bump: setBump, notes: setNotes });
  updateLockfile(git.folder, [...prepared, set]);
  return [...prepared, set];
}

function writeChangesets(folder: string, waiting: readonly Changeset[], settled: readonly Changeset[]): void {
  const keep = new Map(settled.map((changeset) => [changeset.id, changeset]));
  for (const { id } of waiting) {
    const path = join(folder, '.changeset', `${id}.md`);
    const changeset = keep.get(id);
    if (changeset === undefined) rmSync(path);
    else writeFileSync(path, renderChangeset(changeset));
  }
}

async function runChangesets(folder: string): Promise<void> {
  const { code, output } = await runProgram(process.execPath, [changesetsProgram, 'version'], { cwd: folder });
  if (code !== 0) throw new ReleaseRefusal([`changeset version failed:\n${output.trim()}`]);
}

/** Takes the preamble out of the file. @returns the file as it was; empty when there is none */
function detachPreamble(file: string): string {
  if (!existsSync(file)) return '';
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, takePreamble(before).rest);
  return before;
}

/** Puts everything in its place; the changelog of an action that gets no version is what it was. */
async function finishChangelog(file: string, version: string | undefined, before: string): Promise<void> {
  if (version === undefined) {
    if (before !== '') writeFileSync(file, before);
    return;
  }
  const folded = foldUnreleased(readFileSync(file, 'utf8'), version);
  await writeFormatted(file, addPreamble(folded, takePreamble(before).preamble));
}

async function prepareSet(
  folder: string,
  units: readonly Unit[],
  prepared: readonly Prepared[],
  { bump, notes }: { readonly bump: 'patch' | 'minor' | 'major'; readonly notes: readonly string[] },
): Promise<Prepared> {
  const set = units.find((unit) => unit.folder === '.');
  if (set === undefined) throw new ReleaseRefusal(['The root has no package.json.']);
  const to = formatVersion(bumpVersion(set.version, bump));
  await editJson(join(folder, 'package.json'), (document) => ({ ...document, version: to }));
  const actions = units
    .filter((unit) => unit.folder !== '.')
    .map((unit) => ({
      folder: unit.folder,
      version: readVersion(folder, unit.folder),
      isNew: prepared.some((other) => other.folder === unit.folder),
    }));
  const file = join(folder, 'CHANGELOG.md');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '# Changelog of the set\n';
  await writeFormatted(file, addSetEntry(before, { version: to, actions, notes }));
  return { folder: '.', from: formatVersion(set.version), to };
}

/** The lockfile repeats the versions of the workspaces; nothing else of it changes, so no registry is asked. */
function updateLockfile(folder: string, prepared: readonly Prepared[]): void {
  const file = join(folder, 'package-lock.json');
  const lock = record(JSON.parse(readFileSync(file, 'utf8')));
  const packages = { ...record(lock['packages']) };
  for (const { folder: unit, to } of prepared) {
    const key = unit === '.' ? '' : unit;
    packages[key] = { ...record(packages[key]), version: to };
  }
  const set = prepared.find(({ folder: unit }) => unit === '.');
  const top = set === undefined ? {} : { version: set.to };
  writeFileSync(file, `${JSON.stringify({ ...lock, ...top, packages }, undefined, 2)}\n`);
}

async function editJson(
  file: string,
  edit: (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): Promise<void> {
  await writeFormatted(file, JSON.stringify(edit(record(JSON.parse(readFileSync(file, 'utf8')))), undefined, 2));
}

async function writeFormatted(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

function readVersion(folder: string, unit: string): string {
  return String(record(JSON.parse(readFileSync(join(folder, unit, 'package.json'), 'utf8')))['version']);
}
