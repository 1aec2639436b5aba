/** One statement of a SQL file, or one command of psql's own. */
export interface Statement {
  readonly kind: 'sql' | 'meta';
  /** Without comments and without what stands in strings; white space is one space. For deciding, not for running. */
  readonly skeleton: string;
  /** 1-based. */
  readonly line: number;
}

interface Cursor {
  readonly text: string;
  at: number;
}

/**
 * Splits as psql does: strings, quoted names, dollar quotes, nested comments, bodies in `begin atomic … end`, data behind
 * `COPY … FROM stdin`. What is never closed ends with the text; the server says what is wrong with it.
 */
export function splitStatements(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  const cursor: Cursor = { text, at: 0 };
  while (cursor.at < text.length) {
    const statement = readStatement(cursor);
    if (statement === undefined) continue;
    statements.push({ ...statement, line: countLines(text, statement.start) });
    if (statement.kind === 'sql' && isCopyFromStdin(statement.skeleton)) skipCopyData(cursor);
  }
  return statements.map(({ kind, skeleton, line }) => ({ kind, skeleton, line }));
}

interface Read {
  readonly kind: Statement['kind'];
  readonly skeleton: string;
  readonly start: number;
}

function readStatement(cursor: Cursor): Read | undefined {
  const { text } = cursor;
  let skeleton = '';
  let start = -1;
  let depth = 0;
  let parentheses = 0;
  while (cursor.at < text.length) {
    const character = text.charAt(cursor.at);
    const skipped = skipOpaque(cursor);
    if (skipped !== undefined) {
      if (start < 0 && skipped !== ' ') start = cursor.at - 1;
      skeleton += skipped;
      continue;
    }
    if (character === '\\') {
      if (skeleton.trim() === '') return readMeta(cursor);
      // psql takes a backslash anywhere as its own: `select 1 \gexec`.
      const meta = readMeta(cursor);
      return { ...meta, skeleton: `${skeleton.trim()} ${meta.skeleton}`, start: start < 0 ? meta.start : start };
    }
    if (start < 0 && !/\s/.test(character)) start = cursor.at;
    if (/[A-Za-z_\u0080-\uffff]/.test(character)) {
      const word = /^[\w$\u0080-\uffff]+/.exec(text.slice(cursor.at, cursor.at + 256))?.[0] ?? character;
      depth = nextDepth(depth, word.toLowerCase(), skeleton);
      skeleton += word;
      cursor.at += word.length;
      continue;
    }
    cursor.at++;
    if (character === '(') parentheses++;
    if (character === ')') parentheses--;
    if (character === ';' && depth === 0 && parentheses <= 0) break;
    skeleton += character;
  }
  const plain = skeleton.replaceAll(/\s+/g, ' ').trim();
  return plain === '' ? undefined : { kind: 'sql', skeleton: plain, start: Math.max(0, start) };
}

/** Depth of `begin atomic`, and of `case` inside of it, as psql's own lexer counts them for functions. */
function nextDepth(depth: number, word: string, before: string): number {
  if (word === 'atomic' && /\bbegin\s+$/i.test(before) && /^\s*create\b/i.test(before)) return depth + 1;
  if (depth === 0) return 0;
  if (word === 'begin' || word === 'case') return depth + 1;
  return word === 'end' ? depth - 1 : depth;
}

/** Passes a comment (as a space) or a literal (as its quotes); undefined where none begins here. */
function skipOpaque(cursor: Cursor): string | undefined {
  const { text, at } = cursor;
  const two = text.slice(at, at + 2);
  if (two === '--') {
    const end = text.indexOf('\n', at);
    cursor.at = end < 0 ? text.length : end;
    return ' ';
  }
  if (two === '/*') {
    skipBlockComment(cursor);
    return ' ';
  }
  const character = text.charAt(at);
  if (character === "'") {
    const isEscaped = /(^|[^\w$])e$/i.test(text.slice(Math.max(0, at - 2), at));
    skipQuoted(cursor, "'", isEscaped);
    return "''";
  }
  if (character === '"') {
    skipQuoted(cursor, '"', false);
    return text.slice(at, cursor.at);
  }
  if (character !== '$' || /[\w$]/.test(text.charAt(at - 1))) return undefined;
  const tag = /^\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(at, at + 128))?.[0];
  if (tag === undefined) return undefined;
  const end = text.indexOf(tag, at + tag.length);
  cursor.at = end < 0 ? text.length : end + tag.length;
  return "''";
}

function skipBlockComment(cursor: Cursor): void {
  let depth = 0;
  const marks = /\/\*|\*\//g;
  marks.lastIndex = cursor.at;
  for (let mark = marks.exec(cursor.text); mark !== null; mark = marks.exec(cursor.text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    cursor.at = marks.lastIndex;
    if (depth === 0) return;
  }
  cursor.at = cursor.text.length;
}

function skipQuoted(cursor: Cursor, quote: string, isEscaped: boolean): void {
  const { text } = cursor;
  let at = cursor.at + 1;
  while (at < text.length) {
    if (isEscaped && text.charAt(at) === '\\') at += 2;
    else if (text.charAt(at) !== quote) at++;
    else if (text.charAt(at + 1) === quote) at += 2;
    else break;
  }
  cursor.at = Math.min(text.length, at + 1);
}

function readMeta(cursor: Cursor): Read {
  const start = cursor.at;
  const end = cursor.text.indexOf('\n', start);
  cursor.at = end < 0 ? cursor.text.length : end + 1;
  return { kind: 'meta', skeleton: cursor.text.slice(start, cursor.at).trim(), start };
}

function isCopyFromStdin(skeleton: string): boolean {
  return /^copy\b.*\bfrom\s+stdin\b/i.test(skeleton);
}

/** Data lines end with `\.`; they begin on the line after the statement. */
function skipCopyData(cursor: Cursor): void {
  const end = /^\\\.[ \t\r]*$/m.exec(cursor.text.slice(cursor.at));
  cursor.at = end === null ? cursor.text.length : cursor.at + end.index + end[0].length;
}

function countLines(text: string, until: number): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < until; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
