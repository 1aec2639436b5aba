/** The content of a command file cannot be read: the runner fails the step that wrote it. */
export class CommandFileError extends Error {
  override readonly name = 'CommandFileError';
}

/** Largest step summary the runner takes, in bytes (actions/runner FileCommandManager.cs). */
export const SUMMARY_LIMIT_BYTES = 1024 * 1024;

interface Cursor {
  readonly lines: readonly string[];
  at: number;
}

function readHeredoc(cursor: Cursor, delimiter: string): string {
  const value: string[] = [];
  while (cursor.at < cursor.lines.length) {
    const line = cursor.lines[cursor.at++] ?? '';
    if (line === delimiter) return value.join('\n');
    value.push(line);
  }
  throw new CommandFileError(`Invalid value. Matching delimiter not found '${delimiter}'`);
}

/**
 * Reads the format of GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE: `name=value` lines and `name<<DELIMITER` blocks; a later
 * value of a name wins. Rules of actions/runner FileCommandManager.cs.
 * Throws CommandFileError with the runner's own words.
 */
export function parsePairs(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  const cursor: Cursor = { lines: text.replaceAll('\r\n', '\n').split('\n'), at: 0 };
  while (cursor.at < cursor.lines.length) {
    const line = cursor.lines[cursor.at++] ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new CommandFileError(`Invalid format '${line}'. Name must not be empty`);
      pairs.set(line.slice(0, equals), line.slice(equals + 1));
    } else if (heredoc >= 0) {
      const name = line.slice(0, heredoc);
      const delimiter = line.slice(heredoc + 2);
      if (name === '' || delimiter === '')
        throw new CommandFileError(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
      pairs.set(name, readHeredoc(cursor, delimiter));
    } else throw new CommandFileError(`Invalid format '${line}'`);
  }
  return pairs;
}

/** Reads GITHUB_PATH: one directory a line. The one written last comes first on the PATH. */
export function parsePathFile(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .reverse();
}

/** Sets apart what a step may not export through GITHUB_ENV: the runner reports NODE_OPTIONS as an error and goes on. */
export function selectExportable(pairs: ReadonlyMap<string, string>): {
  readonly accepted: ReadonlyMap<string, string>;
  readonly refused: readonly string[];
} {
  const accepted = new Map<string, string>();
  const refused: string[] = [];
  for (const [name, value] of pairs) {
    if (name.toUpperCase() === 'NODE_OPTIONS') refused.push(name);
    else accepted.set(name, value);
  }
  return { accepted, refused };
}

/** A map as a plain record, for results that tests compare. */
export function toRecord(pairs: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs);
}
