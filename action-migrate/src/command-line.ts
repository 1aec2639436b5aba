import { ConfigurationError } from '@deploy-actions/kit/action/errors';

/** One command as the user typed it, and the words that reach the container. */
export interface CommandLine {
  readonly text: string;
  /** Empty = the service's own command. */
  readonly argv: readonly string[];
}

const shellHint =
  "No shell runs here. Write one command a line, or name a shell yourself: sh -c 'first && second'. " +
  'Single quotes pass a text as it is.';

/** Words that only a shell gives a meaning to. */
const operator = /^(&&|\|\||\||;|;;|&|\d?>{1,2}(&\d)?|&>|\d?<{1,3}|.*;)$/;

interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly next: number;
}

/**
 * Splits one line into words as a POSIX shell would: white space separates, `'…'` is literal, `"…"` knows `\"`, `\\`,
 * `\$` and `` \` ``, a backslash outside of quotes keeps the next character. Nothing is expanded, so what a shell would
 * expand, redirect or chain is refused instead of being passed on as a strange argument.
 * @param subject what the line belongs to, for the message: ``input `commands`, line 2``
 * @throws ConfigurationError
 */
export function parseCommandLine(text: string, subject: string): CommandLine {
  const argv: string[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const word = readWord(text, at, subject);
    if (!word.isQuoted && operator.test(word.text))
      throw refused(subject, text, `holds ${JSON.stringify(word.text)}, which is for a shell`);
    argv.push(word.text);
    at = skipSpace(text, word.next);
  }
  return { text: text.trim(), argv };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at++;
  return at;
}

function refused(subject: string, text: string, what: string): ConfigurationError {
  return new ConfigurationError(`${subject}: ${JSON.stringify(text)} ${what}.`, shellHint);
}

function readWord(text: string, from: number, subject: string): Word {
  let word = '';
  let isQuoted = false;
  let at = from;
  while (at < text.length && !/\s/.test(text.charAt(at))) {
    const character = text.charAt(at);
    if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw refused(subject, text, "has a ' without its end");
      word += text.slice(at + 1, end);
      isQuoted = true;
      at = end + 1;
    } else if (character === '"') {
      const quoted = readDoubleQuoted(text, at + 1, subject);
      word += quoted.text;
      isQuoted = true;
      at = quoted.next;
    } else if (character === '\\') {
      if (at + 1 >= text.length) throw refused(subject, text, 'ends with a backslash: a command is one line');
      word += text.charAt(at + 1);
      isQuoted = true;
      at += 2;
    } else {
      refuseExpansion(text, at, subject);
      word += character;
      at++;
    }
  }
  return { text: word, isQuoted, next: at };
}

function readDoubleQuoted(
  text: string,
  from: number,
  subject: string,
): { readonly text: string; readonly next: number } {
  let word = '';
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return { text: word, next: at + 1 };
    if (character === '\\' && '"\\$`'.includes(text.charAt(at + 1)) && at + 1 < text.length) {
      word += text.charAt(++at);
    } else {
      refuseExpansion(text, at, subject);
      word += character;
    }
  }
  throw refused(subject, text, 'has a " without its end');
}

/** `$NAME`, `${…}`, `$(…)` and backticks would arrive unexpanded: say so instead. */
function refuseExpansion(text: string, at: number, subject: string): void {
  const rest = text.slice(at);
  const expansion = /^(\$[A-Za-z_]\w*|\$[{(]|`)/.exec(rest)?.[0];
  if (expansion !== undefined)
    throw refused(subject, text, `holds ${JSON.stringify(expansion)}, which only a shell expands`);
}
