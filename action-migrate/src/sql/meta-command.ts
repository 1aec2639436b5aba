/** A backslash command of psql, such as `\set name value`. */
export interface MetaCommand {
  /** Without the backslash, as written: psql knows capital from small letters. */
  readonly name: string;
  readonly args: string;
  /** Where the script goes on. */
  readonly end: number;
  /** It sends what stands before it on to the server, as a semicolon does. */
  readonly isSending: boolean;
  /** Lines of data follow (`\copy … from stdin`). */
  readonly hasData: boolean;
}

const sending = /^(g|gx|gexec|gset|gdesc|crosstabview|watch|bind_named|parse)$/;
/** They take the rest of the line, whatever is in it. */
const greedy = /^(!|copy|ef|ev|sf|sv|h|help)$/;

/**
 * Reads the command at a backslash. Its arguments end at the line's end, at `\\`, after which the script goes on, or at the
 * backslash of the next command; in quotes none of these counts.
 */
export function readMetaCommand(source: string, at: number): MetaCommand {
  const line = source.slice(at + 1, lineEnd(source, at));
  const name = /^(?:[A-Za-z_]+\+?|.)?/u.exec(line)?.[0] ?? '';
  const rest = line.slice(name.length);
  const length = greedy.test(name) ? rest.length : argumentsLength(rest);
  const isSeparated = rest.startsWith('\\\\', length);
  const args = rest.slice(0, length).trim();
  return {
    name,
    args,
    end: at + 1 + name.length + length + (isSeparated ? 2 : 0),
    isSending: sending.test(name),
    hasData: name === 'copy' && /\bfrom\s+p?stdin\b/i.test(args),
  };
}

function argumentsLength(rest: string): number {
  let quote = '';
  for (let at = 0; at < rest.length; at++) {
    const char = rest.charAt(at);
    if (quote !== '') {
      if (char === '\\' && quote === "'") at++;
      else if (char === quote) quote = '';
    } else if (char === '\\') return at;
    else if (char === "'" || char === '"' || char === '`') quote = char;
  }
  return rest.length;
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end;
}
