import { objectName, targetOf } from './names.ts';
import type { Check, Remark } from './remark.ts';
import type { RuleName } from './rule.ts';
import { flagOf, nodesOf, stringsOf, textOf } from './tree.ts';

const drops: Readonly<Record<string, readonly [RuleName, string]>> = {
  OBJECT_TABLE: ['ban-drop-table', 'the table'],
  OBJECT_FOREIGN_TABLE: ['ban-drop-table', 'the foreign table'],
  OBJECT_VIEW: ['ban-drop-view', 'the view'],
  OBJECT_MATVIEW: ['ban-drop-view', 'the materialized view'],
  OBJECT_SCHEMA: ['ban-drop-schema', 'the schema'],
  OBJECT_TYPE: ['ban-drop-type', 'the type'],
  OBJECT_DOMAIN: ['ban-drop-type', 'the domain'],
  OBJECT_SEQUENCE: ['ban-drop-sequence', 'the sequence'],
  OBJECT_FUNCTION: ['ban-drop-function', 'the function'],
  OBJECT_PROCEDURE: ['ban-drop-function', 'the procedure'],
  OBJECT_ROUTINE: ['ban-drop-function', 'the routine'],
  OBJECT_AGGREGATE: ['ban-drop-function', 'the aggregate'],
  OBJECT_EXTENSION: ['ban-drop-extension', 'the extension'],
};

/** Renaming these changes a name that an app may use; indexes, constraints, triggers and policies are nobody's business. */
const renames: Readonly<Record<string, readonly [RuleName, string]>> = {
  OBJECT_COLUMN: ['renaming-column', 'the column'],
  OBJECT_ATTRIBUTE: ['renaming-column', 'the attribute'],
  OBJECT_TABLE: ['renaming-table', 'the table'],
  OBJECT_FOREIGN_TABLE: ['renaming-table', 'the foreign table'],
  OBJECT_VIEW: ['renaming-object', 'the view'],
  OBJECT_MATVIEW: ['renaming-object', 'the materialized view'],
  OBJECT_SCHEMA: ['renaming-object', 'the schema'],
  OBJECT_TYPE: ['renaming-object', 'the type'],
  OBJECT_DOMAIN: ['renaming-object', 'the domain'],
  OBJECT_SEQUENCE: ['renaming-object', 'the sequence'],
  OBJECT_FUNCTION: ['renaming-object', 'the function'],
  OBJECT_PROCEDURE: ['renaming-object', 'the procedure'],
  OBJECT_ROUTINE: ['renaming-object', 'the routine'],
  OBJECT_ROLE: ['renaming-object', 'the role'],
  OBJECT_DATABASE: ['renaming-object', 'the database'],
};

const recreatable = /^(ban-drop-view|ban-drop-function)$/;

/** DROP …: data, and names that the old version uses. */
export const checkDrop: Check = ({ kind, fields }, scope) => {
  if (kind === 'DropdbStmt') {
    const object = textOf(fields, 'dbname');
    return [{ rule: 'ban-drop-database', object, what: `drops the database ${object}` }];
  }
  if (kind === 'DropOwnedStmt') {
    const object = nodesOf(fields, 'roles')
      .map((role) => textOf(role.fields, 'rolename'))
      .join(',');
    return [{ rule: 'drop-owned', object, what: `drops everything that ${object} owns` }];
  }
  if (kind !== 'DropStmt') return [];
  const type = textOf(fields, 'removeType');
  return nodesOf(fields, 'objects').flatMap((node): readonly Remark[] => {
    const name = objectName(node);
    if (scope.isNew(name) || scope.isNewRoutine(name)) return [];
    const object = name.shown;
    if (type === 'OBJECT_INDEX')
      return flagOf(fields, 'concurrent')
        ? []
        : [{ rule: 'require-concurrent-index-deletion', object, what: `drops the index ${object}` }];
    const drop = drops[type];
    if (drop === undefined) return [];
    const [rule, noun] = drop;
    const remark = { rule, object, what: `drops ${noun} ${object}` };
    return [recreatable.test(rule) ? { ...remark, unless: { kind: 'recreated', key: object } } : remark];
  });
};

/** RENAME and SET SCHEMA. */
export const checkRename: Check = ({ kind, fields }, scope) => {
  const name = targetOf(fields);
  if (kind === 'AlterObjectSchemaStmt') {
    const isApps = textOf(fields, 'objectType') !== 'OBJECT_EXTENSION';
    const what = `moves ${name.shown} to the schema ${textOf(fields, 'newschema')}`;
    return isApps && !scope.isNew(name) ? [{ rule: 'ban-set-schema', object: name.shown, what }] : [];
  }
  if (kind === 'AlterEnumStmt')
    return enumRemarks(textOf(fields, 'oldVal'), textOf(fields, 'newVal'), enumName(fields));
  const rename = kind === 'RenameStmt' ? renames[textOf(fields, 'renameType')] : undefined;
  if (rename === undefined || scope.isNew(name)) return [];
  const [rule, noun] = rename;
  const part = textOf(fields, 'subname');
  // A schema, role or database has its name where a column has the name of its part.
  const object = [name.shown, part].filter((text) => text !== '').join('.');
  return [{ rule, object, what: `renames ${noun} ${object} to ${textOf(fields, 'newname')}` }];
};

function enumName(fields: Parameters<Check>[0]['fields']): string {
  return stringsOf(nodesOf(fields, 'typeName')).join('.');
}

function enumRemarks(from: string, to: string, object: string): readonly Remark[] {
  if (from !== '')
    return [{ rule: 'renaming-object', object, what: `renames the value ${from} of ${object} to ${to}` }];
  return [{ rule: 'adding-enum-value', object, what: `adds the value ${to} to ${object}` }];
}
