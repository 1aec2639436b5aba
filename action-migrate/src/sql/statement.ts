import { cutSql } from './sql-text.ts';

/** One statement of a SQL file, or one command of psql's own. */
export interface Statement {
  readonly kind: 'sql' | 'meta';
  /** Without comments and without what stands in strings; white space is one space. For deciding, not for running. */
  readonly skeleton: string;
  /** 1-based. */
  readonly line: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly shown: string;
}

/** The statements and psql's commands of a script, in its order. */
export function splitStatements(text: string): readonly Statement[] {
  const literals: Span[] = [];
  const { pieces, comments, metaCommands } = cutSql(text, (from, to) => literals.push({ from, to, shown: "''" }));
  const metas = metaCommands.map(({ start, end }) => ({ from: start, to: end, shown: ' ' }));
  const hidden: readonly Span[] = [
    ...literals,
    ...comments.map(({ text: { length }, start }) => ({ from: start, to: start + length, shown: ' ' })),
    ...metas,
  ].sort((a, b) => a.from - b.from);
  const found = [
    ...pieces.map(({ from, to }) => ({ kind: 'sql', from, to }) as const),
    ...metas.map(({ from, to }) => ({ kind: 'meta', from, to }) as const),
  ].sort((a, b) => a.from - b.from);
  let next = 0;
  let line = 1;
  let counted = 0;
  return found.map(({ kind, from, to }) => {
    while ((hidden[next]?.to ?? Infinity) <= from) next++;
    for (; counted < from; counted++) if (text.charCodeAt(counted) === newline) line++;
    const whole = kind === 'meta' ? text.slice(from, to) : showAround(text, from, to, hidden, next);
    return { kind, skeleton: whole.replaceAll(/\s+/g, ' ').trim(), line };
  });
}

const newline = 10;

/** What stands from a place to another, with what is to be hidden, in order from `next` on, shown as something else. */
function showAround(text: string, from: number, to: number, hidden: readonly Span[], next: number): string {
  let shown = '';
  let at = from;
  for (let span = hidden[next]; span !== undefined && span.from < to; span = hidden[++next]) {
    shown += text.slice(at, span.from) + span.shown;
    at = span.to;
  }
  return shown + text.slice(at, Math.max(at, to));
}
