import { wordsName, type RelationName } from './names.ts';
import type { Remark } from './remark.ts';
import {
  fieldsOf,
  flagOf,
  locationOf,
  nodeOf,
  nodesOf,
  textOf,
  walk,
  wordsOf,
  type Fields,
  type TreeNode,
} from './tree.ts';

/** Functions whose value is the same for every row of one statement; a default made of others rewrites the table. */
const steady = new Set(
  (
    'now transaction_timestamp statement_timestamp timezone date_trunc date_part to_timestamp to_date to_char make_date ' +
    'make_interval make_timestamptz age lower upper concat format length md5 coalesce round abs ' +
    'jsonb_build_object jsonb_build_array json_build_object json_build_array to_json to_jsonb string_to_array array_fill ' +
    'current_setting current_schema current_database pg_backend_pid int4range int8range numrange tsrange tstzrange daterange'
  ).split(' '),
);

/** ALTER TABLE … ADD COLUMN. */
export function columnRemarks(column: Fields, table: RelationName): readonly Remark[] {
  const object = `${table.shown}.${textOf(column, 'colname')}`;
  const at = locationOf(column);
  const constraints = nodesOf(column, 'constraints');
  const find = (type: string): TreeNode | undefined =>
    constraints.find(({ fields }) => textOf(fields, 'contype') === type);
  const isSerial = /serial[248]?$/.test(wordsOf(fieldsOf(column, 'typeName'), 'names').at(-1) ?? '');
  const isFilled = isSerial || find('CONSTR_IDENTITY') !== undefined || find('CONSTR_GENERATED') !== undefined;
  const value = defaultOf(find('CONSTR_DEFAULT'));
  const isRequired = find('CONSTR_NOTNULL') !== undefined || find('CONSTR_PRIMARY') !== undefined;
  const remarks: Remark[] = [];
  if (isRequired && !isFilled && value === undefined)
    remarks.push({ rule: 'adding-required-field', object, at, what: `adds ${object} NOT NULL without a default` });
  const rewrite = rewriteReason(isSerial, find, value);
  if (rewrite !== undefined)
    remarks.push({ rule: 'adding-field-with-default', object, at, what: `adds ${object} with ${rewrite}` });
  if (find('CONSTR_PRIMARY') !== undefined)
    remarks.push({ rule: 'adding-serial-primary-key-field', object, at, what: `adds ${object} as the primary key` });
  if (find('CONSTR_UNIQUE') !== undefined)
    remarks.push({ rule: 'disallowed-unique-constraint', object, at, what: `adds ${object} UNIQUE` });
  // PostgreSQL checks no foreign key of a column that is NULL in every row.
  if (find('CONSTR_FOREIGN') !== undefined && (value !== undefined || isFilled))
    remarks.push({ rule: 'adding-foreign-key-constraint', object, at, what: `adds ${object} with a foreign key` });
  if (find('CONSTR_CHECK') !== undefined)
    remarks.push({ rule: 'constraint-missing-not-valid', object, at, what: `adds ${object} with a CHECK` });
  return remarks;
}

/** DEFAULT NULL is no default. */
function defaultOf(constraint: TreeNode | undefined): TreeNode | undefined {
  const value = constraint === undefined ? undefined : nodeOf(constraint.fields, 'raw_expr');
  return value?.kind === 'A_Const' && flagOf(value.fields, 'isnull') ? undefined : value;
}

function rewriteReason(
  isSerial: boolean,
  find: (type: string) => TreeNode | undefined,
  value: TreeNode | undefined,
): string | undefined {
  if (isSerial) return 'a value from a sequence in every row';
  if (find('CONSTR_IDENTITY') !== undefined) return 'an identity in every row';
  const generated = find('CONSTR_GENERATED');
  if (generated !== undefined)
    return textOf(generated.fields, 'generated_kind') === 'v' ? undefined : 'a stored, generated value in every row';
  const unsteady = value === undefined ? undefined : unsteadyFunction(value);
  return unsteady === undefined ? undefined : `a default that ${unsteady}() computes for each row`;
}

function unsteadyFunction(value: TreeNode): string | undefined {
  for (const node of walk({ [value.kind]: value.fields })) {
    if (node.kind !== 'FuncCall') continue;
    const name = wordsName(node.fields, 'funcname').shown.replace(/^pg_catalog\./, '');
    if (!steady.has(name)) return name;
  }
  return undefined;
}
