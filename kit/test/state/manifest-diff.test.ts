import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffManifests, planSwap, type DeleteRule } from '../../src/state/manifest-diff.ts';
import type { LiveEntry, LiveState } from '../../src/state/manifest-live.ts';
import type { Manifest, ManifestEntry, ManifestFile } from '../../src/state/manifest.ts';

const hash = (letter: string): string => letter.repeat(64);
const file = (path: string, letter = 'a', mode: '0644' | '0755' = '0644'): ManifestFile => ({
  path,
  mode,
  sha256: hash(letter),
  size: 1,
});
const there = (letter = 'a', mode: '0644' | '0755' = '0644'): LiveEntry => ({
  kind: 'file',
  sha256: hash(letter),
  mode,
});
const folder: LiveEntry = { kind: 'folder', isWritable: true };
const managed: DeleteRule = { delete: 'managed', isProtected: () => false };

function live(entries: Readonly<Record<string, LiveEntry>>, known?: readonly ManifestEntry[]): LiveState {
  const manifest: Manifest | undefined =
    known === undefined
      ? undefined
      : {
          format: 1,
          releaseId: '20261121T030405000Z-local-0001',
          createdAt: '',
          commit: 'local',
          runUrl: '',
          files: known,
          deleted: [],
        };
  return {
    manifest,
    staged: [],
    begun: [],
    unfinished: [],
    diedDeploy: undefined,
    freeBytes: 1e9,
    entries: new Map([['.', folder], ...Object.entries(entries)]),
  };
}

describe('the difference', () => {
  it('is found by content, mode and kind, never by time', () => {
    const local = [
      file('changed', 'b'),
      file('mode', 'a', '0755'),
      file('new'),
      file('odd-mode'),
      file('same'),
      file('was-link'),
      { path: 'link', link: 'same' },
    ];
    const state = live({
      same: there(),
      changed: there('a'),
      mode: there(),
      'odd-mode': { kind: 'file', sha256: hash('a'), mode: undefined },
      'was-link': { kind: 'link', target: 'same' },
      link: { kind: 'link', target: 'same' },
    });
    const transfer = diffManifests(local, state, managed);
    expect(transfer.added).toEqual(['new']);
    expect(transfer.changed).toEqual(['changed', 'mode', 'odd-mode', 'was-link']);
    expect(transfer.keep.map((entry) => entry.path)).toEqual(['same']);
    expect(transfer.copy.map((entry) => entry.path)).toEqual(['mode', 'odd-mode']);
    expect(transfer.send.map((entry) => entry.path)).toEqual(['changed', 'new', 'was-link']);
    expect(transfer.links).toHaveLength(1);
  });

  it('deletes only what an earlier sync put there, what is not protected, and nothing at all when told so', () => {
    const state = live({ mine: there(), guarded: there(), theirs: there(), kept: there() }, [
      file('guarded'),
      file('kept'),
      file('mine'),
    ]);
    const rule: DeleteRule = { delete: 'managed', isProtected: (path) => path === 'guarded' };
    expect(diffManifests([file('kept')], state, rule).deleted).toEqual(['mine']);
    expect(diffManifests([file('kept')], state, { ...rule, delete: 'none' }).deleted).toEqual([]);
  });

  it('is none when files and manifest agree, and there is one when files agree but no sync put them there', () => {
    expect(diffManifests([file('a')], live({ a: there() }, [file('a')]), managed).isNeeded).toBe(false);
    expect(diffManifests([file('a')], live({ a: there() }), managed).isNeeded).toBe(true);
    expect(diffManifests([file('a')], live({ a: there('b') }, [file('a')]), managed).changed).toEqual(['a']);
  });

  it.each<[string, Readonly<Record<string, LiveEntry>>, string]>([
    ['a symbolic link where a folder must be', { a: { kind: 'link', target: '/mnt' }, 'a/b': there() }, 'a'],
    ['a file where a folder must be', { a: there() }, 'a'],
    ['a folder where a file must be', { a: folder, 'a/b': folder }, 'a/b'],
    ['a socket', { a: folder, 'a/b': { kind: 'special' } }, 'a/b'],
    ['a file that cannot be read', { a: folder, 'a/b': { kind: 'unreadable' } }, 'a/b'],
    ['a folder that cannot be written', { a: { kind: 'folder', isWritable: false } }, 'a'],
    ['a deploy-path that cannot be written', { '.': { kind: 'folder', isWritable: false } }, '.'],
  ])('names what is in the way: %s', (_what, entries, path) => {
    expect(diffManifests([file('a/b')], live(entries), managed).blocked.map((blocked) => blocked.path)).toEqual([path]);
  });

  it('never takes what lies behind a symbolic link for its own, even when the link goes', () => {
    const state = live({ a: { kind: 'link', target: 'b' }, 'a/x': there() }, [{ path: 'a', link: 'b' }]);
    const transfer = diffManifests([file('a/x')], state, managed);
    expect(transfer.blocked).toEqual([]);
    expect(transfer.send.map((entry) => entry.path)).toEqual(['a/x']);
  });
});

describe('the swap', () => {
  it('has no step when all is there', () => {
    expect(planSwap([file('a')], ['gone'], live({ a: there() })).steps).toEqual([]);
  });

  it('clears what is in the way first, makes folders from the top, deletes last', () => {
    const state = live({ d: folder, 'd/x': there(), f: there(), old: there() });
    expect(planSwap([file('d'), file('f/g/h')], ['d/x', 'f', 'old'], state).steps).toEqual([
      { kind: 'clear', path: 'd/x' },
      { kind: 'clear', path: 'f' },
      { kind: 'remove-folder', path: 'd' },
      { kind: 'make-folder', path: 'f' },
      { kind: 'make-folder', path: 'f/g' },
      { kind: 'add', path: 'd' },
      { kind: 'add', path: 'f/g/h' },
      { kind: 'delete', path: 'old' },
    ]);
  });

  it('leaves a path alone that became a folder, or lies behind a link, since we put a file there', () => {
    const state = live({ was: folder, behind: { kind: 'link', target: '/mnt' }, 'behind/x': there() });
    expect(planSwap([], ['was', 'behind/x'], state).steps).toEqual([]);
  });

  it('turns any set of files into any other, on paper', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'));
    const set = fc.dictionary(path, fc.constantFrom('x', 'y')).map(withoutCollisions);
    fc.assert(
      fc.property(set, set, (old, next) => {
        const entries = Object.entries(next).map(([name, letter]) => file(name, letter));
        const gone = Object.keys(old).filter((name) => !(name in next));
        const plan = planSwap(entries, gone, live(asLive(old)));
        expect(plan.blocked).toEqual([]);
        expect(apply(old, next, plan.steps)).toEqual(next);
      }),
      { numRuns: 500 },
    );
  });
});

type Tree = Readonly<Record<string, string>>;

/** A path cannot be a file and a folder. */
function withoutCollisions(tree: Tree): Tree {
  const names = Object.keys(tree);
  return Object.fromEntries(
    Object.entries(tree).filter(([name]) => !names.some((other) => other.startsWith(`${name}/`))),
  );
}

function foldersOf(tree: Tree): Set<string> {
  return new Set(
    Object.keys(tree).flatMap((name) =>
      name
        .split('/')
        .slice(1)
        .map((_, index) =>
          name
            .split('/')
            .slice(0, index + 1)
            .join('/'),
        ),
    ),
  );
}

function asLive(tree: Tree): Record<string, LiveEntry> {
  const folders = [...foldersOf(tree)].map((name) => [name, folder] as const);
  return Object.fromEntries([
    ...folders,
    ...Object.entries(tree).map(([name, letter]) => [name, there(letter)] as const),
  ]);
}

/** What the server does with the steps, with the rules of a file system. */
function apply(old: Tree, next: Tree, steps: ReturnType<typeof planSwap>['steps']): Tree {
  const files = new Map(Object.entries(old));
  const folders = foldersOf(old);
  for (const { kind, path } of steps) {
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : undefined;
    if (kind === 'clear' || kind === 'delete') expect(files.delete(path)).toBe(true);
    else if (kind === 'remove-folder') {
      expect([...files.keys(), ...folders].filter((name) => name.startsWith(`${path}/`))).toEqual([]);
      folders.delete(path);
    } else if (kind === 'make-folder') {
      expect(files.has(path)).toBe(false);
      folders.add(path);
    } else {
      expect(parent === undefined || folders.has(parent)).toBe(true);
      expect(folders.has(path)).toBe(false);
      expect(files.has(path)).toBe(kind === 'replace');
      files.set(path, next[path] ?? '');
    }
  }
  return Object.fromEntries(files);
}
