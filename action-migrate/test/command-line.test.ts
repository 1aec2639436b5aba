import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/command-line.ts';

const argv = (text: string): readonly string[] => parseCommandLine(text, 'input `commands`, command 1').argv;
const refusal = (text: string): string => {
  try {
    parseCommandLine(text, 'input `commands`, command 2');
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return 'accepted';
};

describe('parseCommandLine', () => {
  it.each<readonly [string, readonly string[]]>([
    ['python manage.py migrate --noinput', ['python', 'manage.py', 'migrate', '--noinput']],
    ['  bin/rails   db:migrate\t', ['bin/rails', 'db:migrate']],
    ["sh -c 'a && b | c > d'", ['sh', '-c', 'a && b | c > d']],
    ["sh -c 'echo $HOME `date`'", ['sh', '-c', 'echo $HOME `date`']],
    ['psql -c "select \\"a\\" from t"', ['psql', '-c', 'select "a" from t']],
    ['echo "costs \\$5" a\\ b', ['echo', 'costs $5', 'a b']],
    ['echo \'\' ""', ['echo', '', '']],
    ["it\\'s --x='y z'", ["it's", '--x=y z']],
    ["echo '&&' \\;", ['echo', '&&', ';']],
    ['echo 5$ a$', ['echo', '5$', 'a$']],
    ['x "C:\\path"', ['x', 'C:\\path']],
    ['', []],
  ])('splits %s', (text, expected) => {
    expect(argv(text)).toEqual(expected);
  });

  it.each([
    ['a && b', '"&&"'],
    ['a | b', '"|"'],
    ['a; b', '"a;"'],
    ['a > log', '">"'],
    ['a 2>&1', '"2>&1"'],
    ['a &', '"&"'],
    ['echo $HOME', '"$HOME"'],
    ['echo "${HOME}"', '"${"'],
    ['echo $(date)', '"$("'],
    ['echo `date`', '"`"'],
    ["sh -c 'a", "' without its end"],
    ['sh -c "a', '" without its end'],
    ['a \\', 'backslash'],
  ])('refuses %s, which only a shell understands, and quotes what it found', (text, found) => {
    const message = refusal(text);
    expect(message).toContain('input `commands`, command 2');
    expect(message).toContain(found);
  });

  it('passes any words through when they are single-quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (words) => {
        const text = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
        expect(argv(text)).toEqual(words);
      }),
    );
  });

  it('never hangs or throws anything but a configuration error', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(['accepted', expect.stringContaining('command 2')]).toContainEqual(refusal(text));
      }),
    );
  });
});
