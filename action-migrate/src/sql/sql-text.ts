import { readMetaCommand, type MetaCommand } from './meta-command.ts';

/** One statement of a script, as the parser gets it. */
export interface SqlPiece {
  /** The statement without its semicolon; meta commands and psql variables are blanked or made names, so that lengths stay. */
  readonly text: string;
  /** Where it begins in the script, in UTF-16 units, comments before it included. */
  readonly start: number;
  /** Where its first word is. */
  readonly from: number;
  /** Where its last word, or its semicolon, is. */
  readonly to: number;
  /** Between `\if` and `\endif`: it may not run. */
  readonly isConditional: boolean;
}

export interface SqlComment {
  readonly text: string;
  readonly start: number;
}

/** A script, cut as psql cuts it. */
export interface SqlText {
  readonly pieces: readonly SqlPiece[];
  readonly comments: readonly SqlComment[];
  readonly metaCommands: readonly (MetaCommand & { readonly start: number })[];
}

/**
 * Cuts a script into statements. Never fails: what is not closed becomes a last piece that the parser refuses.
 * @param onLiteral is told where each string and each dollar-quoted text begins and ends
 */
export function cutSql(source: string, onLiteral?: (from: number, to: number) => void): SqlText {
  return new Cutter(source, onLiteral).run();
}

const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const variable = /:(?:(\{\?\w+\})|(["'])?[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)/y;

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

/** The scanner of psql (its psqlscan.l), as far as it decides where a statement ends. */
class Cutter {
  readonly #source: string;
  readonly #onLiteral: ((from: number, to: number) => void) | undefined;
  readonly #pieces: SqlPiece[] = [];
  readonly #comments: SqlComment[] = [];
  readonly #metaCommands: (MetaCommand & { readonly start: number })[] = [];
  #at = 0;
  #start = 0;
  #parts: string[] = [];
  #copied = 0;
  #from = -1;
  #to = 0;
  #parens = 0;
  #brackets = 0;
  #begins = 0;
  #words: string[] = [];
  #isCopyFromStdin = false;
  #ifs = 0;

  constructor(source: string, onLiteral: ((from: number, to: number) => void) | undefined) {
    this.#source = source;
    this.#onLiteral = onLiteral;
  }

  run(): SqlText {
    const { length } = this.#source;
    if (this.#source.startsWith('\uFEFF')) this.#blank(1);
    while (this.#at < length) this.#step();
    this.#end(false);
    return { pieces: this.#pieces, comments: this.#comments, metaCommands: this.#metaCommands };
  }

  #step(): void {
    const source = this.#source;
    const char = source.charCodeAt(this.#at);
    if (char === 32 || (char >= 9 && char <= 13)) this.#at++;
    else if (source.startsWith('--', this.#at)) this.#comment(lineEnd(source, this.#at));
    else if (source.startsWith('/*', this.#at)) this.#block(commentEnd(source, this.#at));
    else if (char === 39) this.#literal(quoteEnd(source, this.#at, this.#isEscapeString()));
    else if (char === 34) this.#token(quoteEnd(source, this.#at, false));
    else if (char === 36) this.#dollar();
    else if (char === 92) this.#backslash();
    else if (char === 58) this.#colon();
    else if (char === 59 && this.#parens === 0 && this.#begins === 0) this.#end(true);
    else this.#wordOrSign(char);
  }

  /** Takes the text up to `end` as a part of the statement. */
  #token(end: number): void {
    if (this.#from < 0) this.#from = this.#at;
    this.#at = end;
    this.#to = end;
  }

  #literal(end: number): void {
    this.#onLiteral?.(this.#at, end);
    this.#token(end);
  }

  #wordOrSign(char: number): void {
    const found = matchAt(word, this.#source, this.#at);
    if (found !== null) {
      this.#word(found[0]);
      return;
    }
    if (char === 40) this.#parens++;
    else if (char === 41) this.#parens = Math.max(0, this.#parens - 1);
    else if (char === 91) this.#brackets++;
    else if (char === 93) this.#brackets = Math.max(0, this.#brackets - 1);
    // A number swallows its letters, so that 1e'x' begins no escape string.
    const number = char >= 48 && char <= 57 ? /\d[\w.]*/y : /./sy;
    this.#token(this.#at + (matchAt(number, this.#source, this.#at)?.[0].length ?? 1));
  }

  #word(text: string): void {
    this.#token(this.#at + text.length);
    const name = text.toLowerCase();
    const before = this.#words.at(-1);
    if (this.#words[0] === 'copy' && before === 'from' && name === 'stdin') this.#isCopyFromStdin = true;
    if (this.#parens === 0 && this.#isRoutine()) this.#countBegin(name);
    if (this.#words.length < 4) this.#words.push(name);
    else this.#words[4] = name;
  }

  /** Bodies that the standard writes without quotes (BEGIN ATOMIC … END) hold semicolons; psql counts as this does. */
  #isRoutine(): boolean {
    const [first, ...rest] = this.#words;
    if (first !== 'create') return false;
    const kind = rest[0] === 'or' && rest[1] === 'replace' ? rest[2] : rest[0];
    return kind === 'function' || kind === 'procedure';
  }

  #countBegin(name: string): void {
    if (name === 'begin' || (name === 'case' && this.#begins > 0)) this.#begins++;
    else if (name === 'end' && this.#begins > 0) this.#begins--;
  }

  #isEscapeString(): boolean {
    return /(?<![\w$\u0080-\uffff])[eE]$/.test(this.#source.slice(Math.max(0, this.#at - 2), this.#at));
  }

  #dollar(): void {
    const quote = matchAt(dollarQuote, this.#source, this.#at)?.[0];
    const end = quote === undefined ? -1 : this.#source.indexOf(quote, this.#at + quote.length);
    if (quote === undefined) this.#token(this.#at + 1);
    else this.#literal(end < 0 ? this.#source.length : end + quote.length);
  }

  /** One that nobody closes is left to the parser, which refuses it. */
  #block(end: number | undefined): void {
    if (end === undefined) this.#token(this.#source.length);
    else this.#comment(end);
  }

  #comment(end: number): void {
    this.#comments.push({ text: this.#source.slice(this.#at, end), start: this.#at });
    this.#at = end;
  }

  /** `:name` becomes the name `_name`, `:'name'` a text, `:"name"` a quoted name: the tree has a place for each. */
  #colon(): void {
    const source = this.#source;
    const isCast = source.startsWith('::', this.#at);
    const found = isCast || this.#brackets > 0 ? null : matchAt(variable, source, this.#at);
    if (found === null) {
      this.#token(this.#at + (isCast ? 2 : 1));
      return;
    }
    const [whole, test, quote] = found;
    if (this.#from < 0) this.#from = this.#at;
    if (test !== undefined) this.#replace(whole.length, 'true'.padEnd(whole.length));
    else this.#replace(1, quote === undefined ? '_' : ' ');
    this.#to = this.#at;
  }

  #backslash(): void {
    const start = this.#at;
    const command = readMetaCommand(this.#source, start);
    if (command.name === ';') {
      this.#blank(1);
      return;
    }
    this.#metaCommands.push({ ...command, start });
    if (command.name === 'if') this.#ifs++;
    if (command.name === 'endif') this.#ifs = Math.max(0, this.#ifs - 1);
    this.#blank(command.end - start);
    if (command.isSending) this.#end(false);
    if (command.hasData) this.#copyData();
  }

  #blank(length: number): void {
    this.#replace(length, ' '.repeat(length));
  }

  #replace(length: number, text: string): void {
    this.#parts.push(this.#source.slice(this.#copied, this.#at), text);
    this.#at += length;
    this.#copied = this.#at;
  }

  #end(hasSemicolon: boolean): void {
    const text = [...this.#parts, this.#source.slice(this.#copied, this.#at)].join('');
    if (hasSemicolon) this.#to = this.#at;
    if (this.#from >= 0) {
      const place = { start: this.#start, from: this.#from, to: this.#to };
      this.#pieces.push({ text, ...place, isConditional: this.#ifs > 0 });
    }
    const hasData = this.#isCopyFromStdin;
    if (hasSemicolon) this.#at++;
    this.#begin();
    if (hasData && hasSemicolon) this.#copyData();
  }

  #begin(): void {
    this.#start = this.#at;
    this.#copied = this.#at;
    this.#parts = [];
    this.#from = -1;
    this.#parens = 0;
    this.#brackets = 0;
    this.#begins = 0;
    this.#words = [];
    this.#isCopyFromStdin = false;
  }

  /** The lines after COPY … FROM STDIN up to `\.` are data. What stands between the semicolon and the line's end is SQL. */
  #copyData(): void {
    const rest = this.#source.slice(this.#at, lineEnd(this.#source, this.#at));
    if (rest.trim() !== '' && !rest.trim().startsWith('--')) return;
    const end = /^\\\.[ \t\r]*$/m;
    const found = end.exec(this.#source.slice(this.#at));
    this.#at = found === null ? this.#source.length : this.#at + found.index + found[0].length;
    this.#begin();
  }
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end;
}

/** Comments nest in PostgreSQL. undefined: it is never closed. */
function commentEnd(source: string, at: number): number | undefined {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = at;
  for (let depth = 0; ;) {
    const found = mark.exec(source);
    if (found === null) return undefined;
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
}

/** Behind the closing quote; a doubled one does not close, and in E'…' a backslash takes the next character with it. */
function quoteEnd(source: string, at: number, hasEscapes: boolean): number {
  const quote = source.charAt(at);
  let end = at + 1;
  while (end < source.length) {
    const char = source.charAt(end);
    if (hasEscapes && char === '\\') end += 2;
    else if (char !== quote) end++;
    else if (source.charAt(end + 1) === quote) end += 2;
    else return end + 1;
  }
  return source.length;
}
