/**
 * Reading PostgreSQL's parse tree as libpg-query gives it: JSON in which a node is an object with one key, its kind, and an
 * absent key means false, 0, "" or NULL. The tree crosses a border untyped, so each reader checks what it finds.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** One node: `{"AlterTableStmt": {…}}`. */
export interface TreeNode {
  readonly kind: string;
  readonly fields: Fields;
}

const none: Fields = {};

export function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : none;
}

/** The node that a value is; undefined for what is none. */
export function asNode(value: unknown): TreeNode | undefined {
  const entry = Object.entries(asFields(value))[0];
  return entry === undefined ? undefined : { kind: entry[0], fields: asFields(entry[1]) };
}

/** A field that is a list, as nodes. */
export function nodesOf(fields: Fields, name: string): readonly TreeNode[] {
  const value = fields[name];
  return Array.isArray(value) ? value.flatMap((item: unknown) => asNode(item) ?? []) : [];
}

/** A field that is one node of any kind. */
export function nodeOf(fields: Fields, name: string): TreeNode | undefined {
  return asNode(fields[name]);
}

/** A field whose kind is fixed, so that it is not wrapped in it (`relation`, `typeName`). */
export function fieldsOf(fields: Fields, name: string): Fields {
  return asFields(fields[name]);
}

export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

export function flagOf(fields: Fields, name: string): boolean {
  return fields[name] === true;
}

/** A place in the text, in bytes; undefined when PostgreSQL gives none (then it says 0, -1 or nothing). */
export function locationOf(fields: Fields): number | undefined {
  const value = fields['location'];
  return typeof value === 'number' && value > 0 ? value : undefined;
}

/** The words of a dotted name: `[{"String":{"sval":"public"}},{"String":{"sval":"t"}}]`. */
export function wordsOf(fields: Fields, name: string): readonly string[] {
  return stringsOf(nodesOf(fields, name));
}

export function stringsOf(nodes: readonly TreeNode[]): readonly string[] {
  return nodes.flatMap(({ kind, fields }) => (kind === 'String' ? [textOf(fields, 'sval')] : []));
}

/** The value of an option `WITH (name = value)`, or of a clause that PostgreSQL keeps as one. */
export function optionOf(fields: Fields, list: string, name: string): TreeNode | undefined {
  return nodesOf(fields, list).find((node) => node.kind === 'DefElem' && textOf(node.fields, 'defname') === name);
}

/** A constant text, boolean or whole number in an expression; undefined for what is computed. */
export function constantOf(node: TreeNode | undefined): string | boolean | number | undefined {
  if (node?.kind === 'TypeCast') return constantOf(nodeOf(node.fields, 'arg'));
  if (node?.kind !== 'A_Const') return undefined;
  const { fields } = node;
  if ('sval' in fields) return textOf(fieldsOf(fields, 'sval'), 'sval');
  if ('boolval' in fields) return flagOf(fieldsOf(fields, 'boolval'), 'boolval');
  if (!('ival' in fields)) return undefined;
  const number = fieldsOf(fields, 'ival')['ival'];
  return typeof number === 'number' ? number : 0;
}

/**
 * Every node below a value, itself included, in the order of the text. Not recursive: trees are as deep as the text says. What
 * `isEntered` refuses is visited and not entered.
 */
export function* walk(root: unknown, isEntered: (kind: string) => boolean = () => true): Generator<TreeNode> {
  const rest: (readonly [string, unknown])[] = [['', root]];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const [name, value] = next;
    if (typeof value !== 'object' || value === null) continue;
    // A kind is written with a capital letter, a field without.
    const isNode = /^[A-Z]/.test(name) && !Array.isArray(value);
    if (isNode) yield { kind: name, fields: asFields(value) };
    if (isNode && !isEntered(name)) continue;
    for (const [inner, child] of Object.entries(value).reverse()) rest.push([Array.isArray(value) ? '' : inner, child]);
  }
}
