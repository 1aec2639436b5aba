/** One way of proving who asks, as a 401 answer offers it (RFC 9110 §11). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameterPattern = new RegExp(`(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, 'y');
// A name with `=` after it is a parameter gone wrong, not the next scheme.
const schemePattern = new RegExp(`(${token})(?![^\\s,]|\\s*=)(?:[ \\t]+[A-Za-z0-9._~+/-]+=*(?=\\s*(?:,|$)))?`, 'y');
const separatorPattern = /[\s,]*/y;

/**
 * Reads a WWW-Authenticate header: several challenges, several header lines joined by commas, commas inside quotes.
 * What follows something unreadable is left out.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(header);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  take(separatorPattern);
  while (position < header.length) {
    const parameter = take(parameterPattern);
    const current = challenges.at(-1);
    if (parameter !== null) {
      if (current === undefined) return challenges;
      const [, name = '', quoted, plain = ''] = parameter;
      // The first wins: a second `realm` must not replace the one another client would have used.
      const key = name.toLowerCase();
      const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
      if (!current.parameters.has(key)) current.parameters.set(key, value);
    } else {
      const scheme = take(schemePattern);
      if (scheme === null) return challenges;
      challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: new Map() });
    }
    take(separatorPattern);
  }
  return challenges;
}
