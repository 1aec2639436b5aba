import { ConfigurationError } from '@deploy-actions/kit/action/errors';

/** One line of a group: what it matches, and whether that puts a file in or takes it out. */
export interface PathPattern {
  readonly text: string;
  readonly isNegative: boolean;
  readonly expression: RegExp;
}

/**
 * Reads a pattern as GitHub reads those of `on.<event>.paths` (its documentation, "Filter pattern cheat sheet"): `*` is
 * anything but a slash, `**` anything, `?` and `+` repeat the character before them, `[a-z]` is one of these characters,
 * `!` in front takes files out again, `\` makes the next character an ordinary one. The whole path is compared.
 * @param where what a message calls the place: ``input `groups`: docs``
 * @throws ConfigurationError
 */
export function parsePattern(text: string, where: string): PathPattern {
  const isNegative = text.startsWith('!');
  const body = isNegative ? text.slice(1) : text;
  const refuse = (why: string): ConfigurationError =>
    new ConfigurationError(`${where}: the pattern ${JSON.stringify(text)} ${why}.`);
  if (body === '') throw refuse('is empty');
  if (body.startsWith('/') || body.startsWith('./')) {
    throw refuse(
      'begins at no name: paths are relative to the root of the repository, without a slash or dot in front',
    );
  }
  const source = translate(body);
  if (source === undefined) throw refuse('has a `[` that is not closed, or a `?` or `+` with nothing before it');
  return { text, isNegative, expression: new RegExp(`^${source}$`, 'su') };
}

/** Whether a group's patterns hold a path: the last one that matches decides, as GitHub has it. */
export function isMatched(path: string, patterns: readonly PathPattern[]): boolean {
  const last = patterns.findLast(({ expression }) => expression.test(path));
  return last !== undefined && !last.isNegative;
}

/** The pattern as the source of a regular expression; undefined when it is malformed. */
function translate(pattern: string): string | undefined {
  const parts: string[] = [];
  let rest = pattern;
  while (rest !== '') {
    const [token = ''] = /^(?:\*\*\/|\*+|\[[^\]]+\]|\\.|[?+]|.)/su.exec(rest) ?? [];
    // `**/` may also be nothing, but only where a name begins: `a**/b` keeps its slash.
    const isNameStart = rest.length === pattern.length || pattern[pattern.length - rest.length - 1] === '/';
    const part = token === '**/' && !isNameStart ? '.*/' : translateToken(token, parts.at(-1));
    if (part === undefined) return undefined;
    parts.push(part);
    rest = rest.slice(token.length);
  }
  return parts.join('');
}

function translateToken(token: string, before: string | undefined): string | undefined {
  if (token === '**/') return '(?:.*/)?';
  if (token.startsWith('**')) return '.*';
  if (token === '*') return '[^/]*';
  if (token === '?' || token === '+') return before !== undefined && isOneCharacter(before) ? token : undefined;
  if (token === '[') return undefined;
  if (token.startsWith('[')) return translateClass(token.slice(1, -1));
  return escape(token.length > 1 && token.startsWith('\\') ? token.slice(1) : token);
}

/** Whether a part of the expression is one character or class, which `?` and `+` can repeat. */
function isOneCharacter(part: string): boolean {
  return /^(?:\\.|[^\\]|\[.*\])$/su.test(part);
}

/** Characters and ranges; anything that would mean something else in a regular expression is escaped. */
function translateClass(inside: string): string | undefined {
  const ranges = inside.match(/[A-Za-z0-9]-[A-Za-z0-9]|./gsu) ?? [];
  const isOrdered = ranges.every((range) => range.length !== 3 || (range[0] ?? '') <= (range[2] ?? ''));
  if (!isOrdered) return undefined;
  return `[${ranges.map((range) => (range.length === 3 ? range : escapeInClass(range))).join('')}]`;
}

function escape(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

/** Inside of a class a hyphen has a meaning, too. */
function escapeInClass(character: string): string {
  return character === '-' ? '\\-' : escape(character);
}
