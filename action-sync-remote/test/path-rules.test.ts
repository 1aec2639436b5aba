import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRules, type RuleLines } from '../src/path-rules.ts';
import { makeFolder } from './source-fixture.ts';

const none: RuleLines = { include: [], exclude: [], protect: [], ignoreFile: '' };
const judge = (lines: Partial<RuleLines>, path: string, isFolder = false) =>
  makeRules({ ...none, ...lines }).judge(path, isFolder);

describe('the rules of a source', () => {
  it('take everything but env files, .git, our state and .deployignore', () => {
    expect(judge({}, 'compose.yaml')).toBe('synced');
    expect(judge({}, '.github/workflows/x.yml')).toBe('synced');
    expect(judge({}, '.deployignore')).toBe('excluded');
    for (const path of ['.env', 'a/.env.local', '.git', '.deploy/x']) expect(judge({}, path)).toBe('protected');
    expect(judge({ include: ['.env'] }, '.env')).toBe('protected');
  });

  it('look into every folder that is not excluded, and take the files that an include matches', () => {
    const include = ['*.yaml', 'conf/'];
    expect(judge({ include }, 'deep/er', true)).toBe('synced');
    expect(judge({ include }, 'deep/er/compose.yaml')).toBe('synced');
    expect(judge({ include }, 'conf/any/thing')).toBe('synced');
    expect(judge({ include }, 'README.md')).toBe('excluded');
    expect(judge({ include, exclude: ['deep/'] }, 'deep', true)).toBe('excluded');
  });

  it('let exclude take back a rule of .deployignore, and mind the case as Git on Linux does', () => {
    expect(judge({ ignoreFile: '*.md\n', exclude: ['!README.md'] }, 'README.md')).toBe('synced');
    expect(judge({ ignoreFile: '*.md\n', exclude: ['!README.md'] }, 'other.md')).toBe('excluded');
    expect(judge({ exclude: ['readme.md'] }, 'README.md')).toBe('synced');
  });

  it('mean folders only by a last slash, after two stars too', () => {
    expect(judge({ exclude: ['lib/**/'] }, 'lib/file')).toBe('synced');
    expect(judge({ exclude: ['lib/**/'] }, 'lib/deep/file')).toBe('excluded');
    expect(judge({ ignoreFile: '**/\n' }, 'file')).toBe('synced');
    expect(judge({ ignoreFile: '**/\n' }, 'folder/file')).toBe('excluded');
  });

  it('protect what the user names, as a file or as a folder', () => {
    const rules = makeRules({ ...none, protect: ['data/', '/acme.json'] });
    expect(rules.isProtected('data/db/x')).toBe(true);
    expect(rules.isProtected('data')).toBe(true);
    expect(rules.isProtected('acme.json')).toBe(true);
    expect(rules.isProtected('sub/acme.json')).toBe(false);
    expect(rules.judge('data', true)).toBe('protected');
  });
});

it('excludes exactly what git check-ignore excludes', { timeout: 120_000 }, () => {
  const folder = makeFolder();
  execFileSync('git', ['init', '-q', folder]);
  const name = fc.constantFrom('a', 'b', 'A', 'lib', 'x.md', 'x.txt', '.hidden', 'foo-1');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const piece = fc.constantFrom('a', 'b', 'lib', '*', '**', '*.md', 'x.*', '?', '[ab]', '.hidden', 'foo-[0-9]');
  const pattern = fc
    .tuple(
      fc.constantFrom('', '!'),
      fc.constantFrom('', '/'),
      fc.array(piece, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', '/'),
    )
    .map(([not, root, pieces, end]) => `${not}${root}${pieces.join('/')}${end}`);
  const both = fc.record({
    patterns: fc.array(pattern, { minLength: 1, maxLength: 5 }),
    paths: fc.uniqueArray(path, { minLength: 1, maxLength: 12 }),
  });
  fc.assert(
    fc.property(both, ({ patterns, paths }) => {
      writeFileSync(join(folder, '.gitignore'), `${patterns.join('\n')}\n`);
      const rules = makeRules({ ...none, exclude: patterns });
      const ours = paths.filter((candidate) => rules.judge(candidate, false) === 'excluded');
      expect(ours).toEqual(gitIgnored(folder, paths));
    }),
    { numRuns: 150 },
  );
  rmSync(folder, { recursive: true });
});

/** Exit code 1 means that none is ignored. */
function gitIgnored(folder: string, paths: readonly string[]): readonly string[] {
  const args = ['-c', 'core.ignorecase=false', 'check-ignore', '--no-index', '--stdin', '-z'];
  try {
    const out = execFileSync('git', args, {
      cwd: folder,
      input: paths.map((each) => `${each}\0`).join(''),
      encoding: 'utf8',
    });
    return out.split('\0').filter((each) => each !== '');
  } catch (thrown) {
    if (thrown instanceof Error && 'status' in thrown && thrown.status === 1) return [];
    throw thrown;
  }
}
