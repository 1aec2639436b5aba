import { wordsName } from './names.ts';
import {
  asFields,
  constantOf,
  flagOf,
  nodeOf,
  nodesOf,
  optionOf,
  textOf,
  walk,
  type Fields,
  type TreeNode,
} from './tree.ts';

/** The text of a body and where it begins, in bytes of its statement. */
export interface RoutineBody {
  readonly language: string;
  readonly text: string;
  readonly at: number;
}

/** The body of a DO or CREATE FUNCTION; undefined for one that the standard writes without quotes. */
export function bodyOf({ kind, fields }: TreeNode): RoutineBody | undefined {
  const list = kind === 'DoStmt' ? 'args' : 'options';
  const option = optionOf(fields, list, 'as');
  if (option === undefined) return undefined;
  const value = nodeOf(option.fields, 'arg');
  const text = value?.kind === 'List' ? nodesOf(value.fields, 'items')[0] : value;
  const language = nodeOf(optionOf(fields, list, 'language')?.fields ?? {}, 'arg');
  const place = option.fields['location'];
  return {
    language: (language === undefined ? 'plpgsql' : textOf(language.fields, 'sval')).toLowerCase(),
    text: textOf(text?.fields ?? {}, 'sval'),
    at: typeof place === 'number' && place > 0 ? place : 0,
  };
}

/** Something that a PL/pgSQL body runs. `line`: from 1, in the body. */
export type BodyStatement =
  | { readonly kind: 'sql'; readonly sql: string; readonly line: number }
  /** EXECUTE: an expression that gives the statement. */
  | { readonly kind: 'dynamic'; readonly expression: string; readonly line: number };

/** Reads what libpg-query makes of a body, in the order of the text. */
export function readPlpgsql(tree: Fields): readonly BodyStatement[] {
  const statements: BodyStatement[] = [];
  for (const { kind, fields } of walk(tree)) {
    if (!kind.startsWith('PLpgSQL_stmt_')) continue;
    const lineno = fields['lineno'];
    const line = typeof lineno === 'number' ? lineno : 1;
    for (const [field, value] of Object.entries(fields)) {
      const expression = asFields(value)['PLpgSQL_expr'];
      if (expression === undefined) continue;
      const text = textOf(asFields(expression), 'query');
      const isDynamic = field === 'dynquery' || (field === 'query' && /_dyn(execute|fors)$/.test(kind));
      const mode = asFields(expression)['parseMode'];
      if (isDynamic) statements.push({ kind: 'dynamic', expression: text, line });
      // 0: a statement, 2: an expression; the others are assignments.
      else if (mode === 0 || mode === undefined) statements.push({ kind: 'sql', sql: text, line });
      else if (mode === 2) statements.push({ kind: 'sql', sql: `SELECT ${text}`, line });
    }
  }
  return statements;
}

/** The text that `SELECT <expression>` gives, if it is a constant. */
export function constantText(select: TreeNode): string | undefined {
  const target = nodesOf(select.fields, 'targetList')[0];
  const value = target === undefined ? undefined : constantOf(nodeOf(target.fields, 'val'));
  return typeof value === 'string' ? value : undefined;
}

/** Routines that a statement calls itself, by CALL or in a query; not those in a body that it defines. */
export function callsOf({ kind, fields }: TreeNode): readonly ReturnType<typeof wordsName>[] {
  if (/^(Create|ViewStmt|RuleStmt|AlterTableStmt|IndexStmt)/.test(kind) && kind !== 'CreateTableAsStmt') return [];
  const calls: ReturnType<typeof wordsName>[] = [];
  if (kind === 'CallStmt') calls.push(wordsName(asFields(fields['funccall']), 'funcname'));
  for (const node of walk(fields)) if (node.kind === 'FuncCall') calls.push(wordsName(node.fields, 'funcname'));
  return calls;
}

/** PL/pgSQL's parser knows no catalog: a type taken from a column is replaced by one that it knows, in the same length. */
export function withoutCopiedTypes(statement: string): string {
  return statement.replaceAll(/[\w".]+\s*%\s*(?:row)?type\b/gi, (type) => 'text'.padEnd(type.length));
}

/** The statements of BEGIN ATOMIC … END, or RETURN; empty for a quoted body. */
export function atomicBody(fields: Fields): readonly TreeNode[] {
  const statements: TreeNode[] = [];
  for (const node of walk(fields['sql_body'], (kind) => kind === 'List'))
    if (node.kind !== 'List' && !flagOf(node.fields, 'isReturn')) statements.push(node);
  return statements;
}
