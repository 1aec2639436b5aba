import fc from 'fast-check';
import { join, normalize } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { refuseLink, refuseName } from '../src/source-name.ts';

describe('a name', () => {
  it.each(['a\nb', 'a\tb', 'a\u0000b', 'a\u007f', 'a\\b', 'a\uFFFD', 'x'.repeat(256), 'ü'.repeat(128)])(
    'is refused: %j',
    (name) => {
      expect(refuseName(name)).toBeTypeOf('string');
    },
  );

  it.each(['-rf', ' a b ', "it's", '$HOME', '`id`', 'ümläut', '日本', '*', '.hidden', 'x'.repeat(255)])(
    'is taken: %j',
    (name) => {
      expect(refuseName(name)).toBeUndefined();
    },
  );
});

describe('a symbolic link', () => {
  it.each([
    ['a/link', 'file'],
    ['a/link', '../b/c'],
    ['a/b/link', '../../c'],
    ['link', './x/./y'],
    ['link', '.'],
  ])('is kept where it stays inside: %s -> %s', (path, target) => {
    expect(refuseLink(path, target)).toBeUndefined();
  });

  it.each([
    ['link', '/etc/passwd'],
    ['link', '..'],
    ['a/link', '../../b'],
    ['a/link', 'b/../c'],
    ['link', 'a\nb'],
  ])('is refused where it leaves, or might through another link: %s -> %s', (path, target) => {
    expect(refuseLink(path, target)).toBeTypeOf('string');
  });

  it('that is kept never leads out of the root, whatever it is made of', () => {
    const part = fc.constantFrom('..', '.', 'a', 'b', '');
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }),
        fc.array(part, { minLength: 1, maxLength: 6 }),
        (path, target) => {
          fc.pre(refuseLink(path.join('/'), target.join('/')) === undefined);
          const end = normalize(join(...path.slice(0, -1), target.join('/')));
          expect(end === '..' || end.startsWith('../') || end.startsWith('/')).toBe(false);
        },
      ),
    );
  });
});
