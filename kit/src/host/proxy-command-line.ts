import { ConfigurationError } from '../action/errors.ts';

/** What stands for the server in a proxy command. */
export interface ProxyPlaces {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/**
 * Splits `proxy-command` into words (blanks separate; single quotes, double quotes and backslash group, as in a shell) and
 * fills in `%h`, `%p`, `%r` and `%%`. No shell ever sees it: `|`, `$` and `;` are plain characters.
 * @throws ConfigurationError for an open quote, an unknown `%x`, or nothing to run
 */
export function parseProxyCommand(text: string, places: ProxyPlaces): readonly string[] {
  const words = splitWords(text);
  if (words === undefined) throw refuse('has a quote or backslash that is not closed');
  if (words.length === 0 || words[0] === '') throw refuse('names no program');
  return words.map((word) => fillIn(word, places));
}

function fillIn(word: string, places: ProxyPlaces): string {
  return word.replaceAll(/%(.?)/gs, (_, letter: string) => {
    switch (letter) {
      case 'h':
        return places.host;
      case 'p':
        return String(places.port);
      case 'r':
        return places.user;
      case '%':
        return '%';
      default:
        throw refuse(`contains %${letter}; known are %h (host), %p (port), %r (user) and %%`);
    }
  });
}

/** One word at a time: bare characters, backslash pairs, quoted parts. Undefined when something is left open. */
function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const part = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/y;
  let word: string | undefined;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    const [whole, single, double, escaped, bare] = match;
    if (/^\s/.test(whole)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + (single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? bare ?? '');
    }
  }
  return word === undefined ? words : [...words, word];
}

function refuse(why: string): ConfigurationError {
  return new ConfigurationError(
    `input \`proxy-command\` ${why}.`,
    'It is one command with arguments, run without a shell.',
  );
}
