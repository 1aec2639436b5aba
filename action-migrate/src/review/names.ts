import { fieldsOf, flagOf, stringsOf, textOf, wordsOf, nodeOf, nodesOf, type Fields, type TreeNode } from './tree.ts';

/** A table, view, index or sequence as the statement names it. */
export interface RelationName {
  /** As people write it: `orders` or `shop.orders`. */
  readonly shown: string;
  /** `schema.name`, or `.name` where the search path decides. */
  readonly key: string;
}

function toName(words: readonly string[]): RelationName {
  const name = words.at(-1) ?? '';
  const schema = words.at(-2) ?? '';
  // PostgreSQL has folded the case of what is not quoted already.
  return { shown: schema === '' ? name : `${schema}.${name}`, key: `${schema}.${name}` };
}

/** A RangeVar. */
export function relationOf(fields: Fields, field = 'relation'): RelationName {
  const range = fieldsOf(fields, field);
  return toName([textOf(range, 'schemaname'), textOf(range, 'relname')]);
}

/** Whether a RangeVar is a temporary table. */
export function isTemporary(fields: Fields): boolean {
  return textOf(fieldsOf(fields, 'relation'), 'relpersistence') === 't';
}

/** Whether it says ONLY: of a partitioned table, the parent alone, which has no rows. */
export function isOnly(fields: Fields): boolean {
  return !flagOf(fieldsOf(fields, 'relation'), 'inh');
}

/** A dotted name that a field holds as a list of words. */
export function wordsName(fields: Fields, field: string): RelationName {
  return toName(wordsOf(fields, field));
}

/** One object of a DROP, COMMENT or RENAME: a word, a list of words, a type, or a routine with its arguments. */
export function objectName(node: TreeNode | undefined): RelationName {
  if (node === undefined) return toName([]);
  if (node.kind === 'String') return toName([textOf(node.fields, 'sval')]);
  if (node.kind === 'List') return toName(stringsOf(nodesOf(node.fields, 'items')));
  if (node.kind === 'TypeName') return wordsName(node.fields, 'names');
  if (node.kind === 'ObjectWithArgs') return wordsName(node.fields, 'objname');
  return toName([]);
}

/** What a RENAME or SET SCHEMA is about: its relation, or its object. */
export function targetOf(fields: Fields): RelationName {
  return 'relation' in fields ? relationOf(fields) : objectName(nodeOf(fields, 'object'));
}
