import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { isMatched, parsePattern } from '../src/path-pattern.ts';

const matches = (path: string, ...patterns: readonly string[]): boolean =>
  isMatched(
    path,
    patterns.map((pattern) => parsePattern(pattern, 'input `groups`: docs')),
  );

/** The examples of GitHub's documentation ("Patterns to match file paths" and "Patterns to match branches"). */
const documented: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['*', ['README.md', 'server.rb'], ['docs/README.md']],
  ['*.jsx?', ['page.js', 'page.jsx'], ['page.jsxx', 'a/page.js']],
  ['**', ['all/the/files.md', 'a'], []],
  ['*.js', ['app.js', 'index.js'], ['js/app.js']],
  ['**.js', ['index.js', 'js/index.js', 'src/js/app.js'], ['index.jsx']],
  ['docs/*', ['docs/README.md', 'docs/file.txt'], ['docs/mona/octocat.txt', 'docs']],
  ['docs/**', ['docs/README.md', 'docs/mona/octocat.txt'], ['docs', 'my/docs/x']],
  ['docs/**/*.md', ['docs/README.md', 'docs/mona/hello-world.md', 'docs/a/markdown/file.md'], ['docs/a.txt']],
  ['**/docs/**', ['docs/hello.md', 'dir/docs/my-file.txt', 'space/docs/plan/space.doc'], ['mydocs/hello.md']],
  ['**/README.md', ['README.md', 'js/README.md'], ['js/OLD-README.md']],
  ['**/*src/**', ['a/src/app.js', 'my-src/code/js/app.js'], ['a/source/app.js']],
  ['**/*-post.md', ['my-post.md', 'path/their-post.md'], ['path/post.md']],
  ['**/migrate-*.sql', ['migrate-10909.sql', 'db/migrate-v1.0.sql', 'db/sept/migrate-v1.sql'], ['db/migrate.sql']],
  ['v[12].[0-9]+.[0-9]+', ['v1.10.1', 'v2.0.0'], ['v3.0.0', 'v1.x.0']],
];

describe('a pattern', () => {
  it.each(documented)('%s means what GitHub documents', (pattern, inside, outside) => {
    expect(inside.filter((path) => !matches(path, pattern))).toEqual([]);
    expect(outside.filter((path) => matches(path, pattern))).toEqual([]);
  });

  it('after ! takes out what patterns before it put in, and what comes later puts it in again', () => {
    expect(matches('README.md', '*.md', '!README.md')).toBe(false);
    expect(matches('hello.md', '*.md', '!README.md')).toBe(true);
    expect(matches('README.doc', '*.md', '!README.md', 'README*')).toBe(true);
    expect(matches('README.md', '*.md', '!README.md', 'README*')).toBe(true);
    expect(matches('README.md', '!README.md', '*.md')).toBe(true);
    expect(matches('other.md', '!README.md')).toBe(false);
  });

  it('matches hidden files, spaces, line breaks and every other character of a name', () => {
    expect(matches('.github/workflows/deploy.yml', '**')).toBe(true);
    expect(matches('docs/.env', 'docs/*')).toBe(true);
    expect(matches('docs/a b\nc🎉', 'docs/*')).toBe(true);
    expect(matches('a.b(c){d}|$^', 'a.b(c){d}|$^')).toBe(true);
    expect(matches('axb', 'a.b')).toBe(false);
    expect(matches('a*b', 'a\\*b')).toBe(true);
    expect(matches('axb', 'a\\*b')).toBe(false);
  });

  it.each([
    ['/docs/**', 'begins at no name'],
    ['./docs/**', 'begins at no name'],
    ['docs/[ab', 'a `[` that is not closed'],
    ['?docs', 'with nothing before it'],
    ['*+', 'with nothing before it'],
    ['[z-a]', 'a `[` that is not closed'],
    ['!', 'is empty'],
  ])('%s is refused, because it would never match what was meant', (pattern, why) => {
    expect(() => parsePattern(pattern, 'input `groups`: docs')).toThrow(why);
    expect(() => parsePattern(pattern, 'input `groups`: docs')).toThrow('input `groups`: docs: the pattern');
  });

  it('is literal wherever it has no special character, and never makes an expression of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (path) => {
        const literal = path.replaceAll(/[*?+[\]!\\]/g, '\\$&');
        fc.pre(!path.startsWith('/') && !path.startsWith('./'));
        expect(matches(path, literal)).toBe(true);
        expect(matches(`${path}x`, literal)).toBe(false);
      }),
    );
  });
});

/** The part of the language that GitHub and picomatch share: stars alone between slashes or inside a name, and classes. */
const name = fc.stringMatching(/^[ab.-]{1,3}$/).filter((text) => !/^\.{1,2}$/.test(text));
const segment = fc.oneof(
  { weight: 4, arbitrary: name },
  { weight: 2, arbitrary: fc.constantFrom('**', '*', '[ab]', 'a*', '*b', '[a-b]*') },
);
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 5 })
  // Two in a row are one; at the end picomatch lets `/**` also match the folder itself, which is never a changed file.
  .filter((segments) => !segments.some((text, index) => text === '**' && segments[index + 1] === '**'))
  .map((segments) => segments.join('/'));
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));

/** A pattern with a path that was made after it, so that often enough it matches. */
const pair = pattern.chain((glob) => {
  const names = glob.split('/').map((text) => {
    if (text === '**') return fc.array(name, { maxLength: 2 });
    return fc.tuple(text.includes('*') || text.includes('[') ? fc.constantFrom('a', 'b', 'ab') : fc.constant(text));
  });
  const made = fc.tuple(...names).map((parts) => parts.flat().join('/') || 'a');
  return fc.tuple(fc.constant(glob), fc.oneof(made, path));
});

describe('patterns in common with picomatch', () => {
  it('match the same paths', () => {
    let both = 0;
    fc.assert(
      fc.property(pair, ([glob, file]) => {
        fc.pre(!(glob.endsWith('/**') && picomatch(glob.slice(0, -3), { dot: true })(file)));
        const theirs = picomatch(glob, { dot: true, nonegate: true })(file);
        if (theirs) both += 1;
        expect({ glob, file, matched: matches(file, glob) }).toEqual({ glob, file, matched: theirs });
      }),
      { numRuns: 3000 },
    );
    // Else the property would hold of nothing.
    expect(both).toBeGreaterThan(100);
  });

  it('in an ordered list, with and without !, give what evaluating them one after another gives', () => {
    const line = fc.record({ glob: pattern.filter((glob) => !glob.endsWith('**')), isNegative: fc.boolean() });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), path, (lines, file) => {
        const expected = lines.reduce(
          (isIn, { glob, isNegative }) => (picomatch(glob, { dot: true, nonegate: true })(file) ? !isNegative : isIn),
          false,
        );
        const texts = lines.map(({ glob, isNegative }) => `${isNegative ? '!' : ''}${glob}`);
        expect(matches(file, ...texts)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
