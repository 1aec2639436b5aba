import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteCommand } from '../../src/host/quote.ts';
import { parseProxyCommand } from '../../src/host/proxy-command-line.ts';

const places = { host: 'web1', port: 2222, user: 'deploy' };
const parse = (text: string): readonly string[] => parseProxyCommand(text, places);

describe('a proxy command', () => {
  it.each([
    ['nc %h %p', ['nc', 'web1', '2222']],
    ['  cloudflared   access ssh --hostname %h ', ['cloudflared', 'access', 'ssh', '--hostname', 'web1']],
    ['run "a b" \'c d\' e\\ f', ['run', 'a b', 'c d', 'e f']],
    ['run a"b c"d \'\' ""', ['run', 'ab cd', '', '']],
    ['run "say \\"%r\\" \\n" 100%%', ['run', 'say "deploy" \\n', '100%']],
    ['run a|b; $HOME `id` > x', ['run', 'a|b;', '$HOME', '`id`', '>', 'x']],
  ])('is split without a shell: %s', (text, words) => {
    expect(parse(text)).toEqual(words);
  });

  it.each([
    ['nc "%h', /not closed/],
    ["nc '%h", /not closed/],
    ['nc \\', /not closed/],
    ['nc %x', /%x/],
    ['nc 5%', /contains %;/],
    ['  ', /names no program/],
    ["''", /names no program/],
  ])('is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('reads back what quoting wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (words) => {
        fc.pre(words[0] !== '' && words.every((word) => !word.includes('%')));
        expect(parse(quoteCommand(words))).toEqual(words);
      }),
    );
  });
});
