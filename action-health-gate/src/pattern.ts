import { createContext, Script, type Context } from 'node:vm';
import { ConfigurationError, describeThrown } from '@deploy-actions/kit/action/errors';

declare const brand: unique symbol;
/** The source of a JavaScript regular expression that compiles; made by {@link parsePattern}. */
export type Pattern = string & { readonly [brand]: 'Pattern' };

/** Whether a pattern was found; `slow` when the search was given up after {@link searchLimitMs}. */
export type Search = 'found' | 'absent' | 'slow';

/** Backtracking can take exponential time on an unlucky text; one search must not hold up the other checks. */
export const searchLimitMs = 100;
const longestPattern = 1000;
/** `^` and `$` match at each line. */
const flags = 'm';

/**
 * Reads a regular expression of the user: JavaScript's syntax, `(?i:…)` where case does not matter.
 * @throws ConfigurationError
 */
export function parsePattern(text: string, subject: string): Pattern {
  if (text.length > longestPattern)
    throw new ConfigurationError(`${subject}: a regular expression longer than ${longestPattern} characters.`);
  try {
    new RegExp(text, flags);
  } catch (cause) {
    const hint = 'It is read as JavaScript does; in YAML, put it between single quotes.';
    throw new ConfigurationError(`${subject}: ${describeThrown(cause)}.`, hint);
  }
  return text as Pattern;
}

const search = new Script('new RegExp(pattern, flags).test(text)');
let room: Context | undefined;

/** Searches a text, in which the caller bounds the length, for at most {@link searchLimitMs}. */
export function searchPattern(pattern: Pattern, text: string): Search {
  // V8 stops a regular expression in the middle of backtracking when its script's time is over: no other engine is needed.
  room ??= createContext(Object.create(null) as object);
  Object.assign(room, { pattern, flags, text });
  try {
    return search.runInContext(room, { timeout: searchLimitMs }) === true ? 'found' : 'absent';
  } catch {
    return 'slow';
  }
}
