import {
  ancestorsOf,
  foldersOf,
  isFile,
  isLink,
  parentOf,
  type ManifestEntry,
  type ManifestFile,
  type ManifestLink,
} from './manifest.ts';
import type { LiveEntry, LiveState } from './manifest-live.ts';

/** Why a path of the set cannot be put where it belongs. */
export interface Blocked {
  readonly path: string;
  readonly reason: string;
}

/** What a sync has to do to stage a set: pure data, no order implied. */
export interface Transfer {
  /** Not on the server. */
  readonly added: readonly string[];
  /** Other content, other mode or other kind on the server. */
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  /** Files whose content must travel. */
  readonly send: readonly ManifestFile[];
  /** Files whose content is live at their path already, with another mode: copied there. */
  readonly copy: readonly ManifestFile[];
  /** Files that are hard-linked from what is live. */
  readonly keep: readonly ManifestFile[];
  readonly links: readonly ManifestLink[];
  readonly blocked: readonly Blocked[];
  /** False when the live set, its manifest included, is this set already. */
  readonly isNeeded: boolean;
}

/** What to do with paths that an earlier sync put there and that are gone from the source. */
export interface DeleteRule {
  readonly delete: 'managed' | 'none';
  readonly isProtected: (path: string) => boolean;
  /** Paths that go too, whoever put them there; none of them is protected. */
  readonly unmanaged?: readonly string[];
}

/** One step of an activation, in the order of {@link planSwap}. */
export type SwapStep =
  /** Delete before anything is put: it stands where a folder or file of the set must be. */
  | { readonly kind: 'clear'; readonly path: string }
  /** Remove a folder that is empty by then: a file of the set takes its place. */
  | { readonly kind: 'remove-folder'; readonly path: string }
  | { readonly kind: 'make-folder'; readonly path: string }
  | { readonly kind: 'add'; readonly path: string }
  | { readonly kind: 'replace'; readonly path: string }
  | { readonly kind: 'delete'; readonly path: string };

export interface SwapPlan {
  readonly steps: readonly SwapStep[];
  readonly blocked: readonly Blocked[];
}

/** Compares the set in hand with what is live. Content decides, never a modification time. */
export function diffManifests(local: readonly ManifestEntry[], live: LiveState, rule: DeleteRule): Transfer {
  const deleted = goneFrom(local, live, rule);
  const view = liveView(live, deleted);
  const differing = local.filter((entry) => !isSame(entry, view.at(entry.path)));
  const added = differing.filter((entry) => view.at(entry.path) === undefined);
  const changed = differing.filter((entry) => view.at(entry.path) !== undefined);
  const isThere = (entry: ManifestEntry): boolean => {
    const stands = view.at(entry.path);
    return isFile(entry) && stands?.kind === 'file' && stands.sha256 === entry.sha256;
  };
  const isManifestSame = JSON.stringify(live.manifest?.files) === JSON.stringify(local);
  return {
    added: added.map((entry) => entry.path),
    changed: changed.map((entry) => entry.path),
    deleted,
    ...sortFiles(local, differing, isThere),
    links: local.filter(isLink),
    blocked: findBlocked(differing, deleted, view),
    isNeeded: differing.length > 0 || deleted.length > 0 || !isManifestSame,
  };
}

/** How each file of a set comes into its tree on the server. @param isThere whether one of another mode stands there */
export function sortFiles(
  local: readonly ManifestEntry[],
  differing: readonly ManifestEntry[],
  isThere: (entry: ManifestEntry) => boolean,
): Pick<Transfer, 'send' | 'copy' | 'keep'> {
  const others = new Set(differing);
  const there = new Set(differing.filter(isThere));
  const files = local.filter(isFile);
  return {
    send: files.filter((file) => others.has(file) && !there.has(file)),
    copy: files.filter((file) => there.has(file)),
    keep: files.filter((file) => !others.has(file)),
  };
}

/** The same where deploy-path is empty: all of the set is new. */
export function allNew(local: readonly ManifestEntry[]): Transfer {
  return {
    added: local.map(({ path }) => path),
    changed: [],
    deleted: [],
    send: local.filter(isFile),
    copy: [],
    keep: [],
    links: local.filter(isLink),
    blocked: [],
    isNeeded: true,
  };
}

/** The steps that turn what is live into the staged set; empty when it is there already. */
export function planSwap(entries: readonly ManifestEntry[], deletable: readonly string[], live: LiveState): SwapPlan {
  const view = liveView(live, deletable);
  const differing = entries.filter((entry) => !isSame(entry, view.at(entry.path))).sort(byFolder);
  // Only what still is a file or link in a real folder: a path that someone made a folder is no longer ours.
  const gone = deletable.filter((path) => ['file', 'link', 'unreadable'].includes(view.at(path)?.kind ?? ''));
  const staged = new Set(entries.flatMap((entry) => [...ancestorsOf(entry.path), entry.path]));
  const files = new Set(entries.map((entry) => entry.path));
  const isInTheWay = (path: string): boolean => staged.has(path) || ancestorsOf(path).some((above) => files.has(above));
  const clear = gone.filter(isInTheWay);
  const cleared = new Set(clear);
  const folders = foldersOf(differing.map(({ path }) => path));
  const removed = new Set(clear.flatMap((path) => ancestorsOf(path).filter((above) => isUnderFile(above, files))));
  return {
    steps: [
      ...steps('clear', clear),
      ...steps('remove-folder', [...removed].sort(deepestFirst)),
      ...steps('make-folder', [...folders].filter((path) => view.at(path) === undefined || cleared.has(path)).sort()),
      ...differing.map((entry): SwapStep => {
        const stands = view.at(entry.path);
        return { kind: stands === undefined || stands.kind === 'folder' ? 'add' : 'replace', path: entry.path };
      }),
      ...steps(
        'delete',
        gone.filter((path) => !cleared.has(path)),
      ),
    ],
    blocked: findBlocked(differing, gone, view),
  };
}

/** The same where it is known that each changed path is a file or link of the live set, in a folder of it. */
export function planKnownSwap(transfer: Pick<Transfer, 'changed' | 'deleted'>): readonly SwapStep[] {
  const changed = transfer.changed.map((path) => ({ path })).sort(byFolder);
  return [
    ...steps(
      'replace',
      changed.map(({ path }) => path),
    ),
    ...steps('delete', transfer.deleted),
  ];
}

/** Paths of the live set that the source no longer has and that may be deleted. */
function goneFrom(local: readonly ManifestEntry[], live: LiveState, rule: DeleteRule): readonly string[] {
  if (rule.delete === 'none') return [];
  const kept = new Set(local.map((entry) => entry.path));
  const managed = live.manifest?.files.map((entry) => entry.path) ?? [];
  const gone = managed.filter((path) => !kept.has(path) && !rule.isProtected(path));
  return [...new Set([...gone, ...(rule.unmanaged ?? [])])];
}

/** True when the entry and what stands there are the same in kind, content and mode. */
export function isSame(entry: ManifestEntry, live: LiveEntry | undefined): boolean {
  if (isLink(entry)) return live?.kind === 'link' && live.target === entry.link;
  return live?.kind === 'file' && live.sha256 === entry.sha256 && live.mode === entry.mode;
}

interface LiveView {
  /** What stands at a path; undefined below anything that is not a real folder. */
  at(path: string): LiveEntry | undefined;
  /** What stands there, whatever is above it. */
  raw(path: string): LiveEntry | undefined;
}

/** A path below a symbolic link is somewhere else: for us it is not there. */
function liveView(live: LiveState, deletable: readonly string[]): LiveView {
  const deletes = new Set(deletable);
  const known = new Map<string, boolean>([['', true]]);
  const isReal = (folder: string): boolean => {
    const before = known.get(folder);
    if (before !== undefined) return before;
    const isRealFolder = live.entries.get(folder)?.kind === 'folder' && !deletes.has(folder);
    const found = isRealFolder && isReal(parentOf(folder));
    known.set(folder, found);
    return found;
  };
  return {
    at: (path) => (isReal(parentOf(path)) ? live.entries.get(path) : undefined),
    raw: (path) => live.entries.get(path),
  };
}

function isUnderFile(path: string, files: ReadonlySet<string>): boolean {
  return files.has(path) || ancestorsOf(path).some((above) => files.has(above));
}

function findBlocked(
  differing: readonly ManifestEntry[],
  deletable: readonly string[],
  view: LiveView,
): readonly Blocked[] {
  const deletes = new Set(deletable);
  const emptied = foldersOf(deletable);
  const found = new Map<string, string>();
  const isOpen = (folder: string): boolean => isPassable(view.raw(folder), deletes.has(folder));
  for (const folder of foldersOf(differing.map(({ path }) => path)))
    if (!isOpen(folder) && ancestorsOf(folder).every(isOpen))
      found.set(folder, `${describeKind(view.raw(folder))} on the server, a folder in the source`);
  for (const { path } of differing) {
    const reason = reasonBlocked(view.at(path), emptied.has(path));
    if (reason !== undefined) found.set(path, reason);
  }
  const parents = new Set([...differing.map((entry) => entry.path), ...deletable].map(parentOf));
  for (const parent of parents) {
    const folder = nearestFolder(parent, view);
    const entry = view.raw(folder);
    if (entry?.kind === 'folder' && !entry.isWritable) found.set(folder, 'the deploy user may not write in it');
  }
  return [...found].map(([path, reason]) => ({ path, reason }));
}

function isPassable(entry: LiveEntry | undefined, isDeleted: boolean): boolean {
  return entry === undefined || entry.kind === 'folder' || isDeleted;
}

function reasonBlocked(entry: LiveEntry | undefined, isEmptied: boolean): string | undefined {
  if (entry?.kind === 'folder') return isEmptied ? undefined : 'a folder on the server, a file in the source';
  if (entry?.kind === 'special') return 'a device, socket or pipe on the server';
  if (entry?.kind === 'unreadable') return 'the deploy user may not read it';
  return undefined;
}

function describeKind(entry: LiveEntry | undefined): string {
  return entry?.kind === 'link' ? 'a symbolic link' : 'not a folder';
}

/** The innermost of a folder and those above it that is there; `.` is deploy-path itself. */
function nearestFolder(folder: string, view: LiveView): string {
  for (let at = folder; at !== ''; at = parentOf(at)) if (view.at(at)?.kind === 'folder') return at;
  return '.';
}

function steps(kind: SwapStep['kind'], paths: readonly string[]): readonly SwapStep[] {
  return paths.map((path) => ({ kind, path }));
}

/** Paths of one folder side by side: the server renames them with one command. */
function byFolder(a: Pick<ManifestEntry, 'path'>, b: Pick<ManifestEntry, 'path'>): number {
  const [x, y] = [a.path.replace(/[^/]*$/, ''), b.path.replace(/[^/]*$/, '')];
  if (x !== y) return x < y ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

function deepestFirst(a: string, b: string): number {
  return b.split('/').length - a.split('/').length || (a < b ? -1 : 1);
}
