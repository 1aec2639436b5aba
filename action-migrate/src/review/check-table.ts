import { columnRemarks } from './check-column.ts';
import { constraintRemarks } from './check-constraint.ts';
import { relationOf, type RelationName } from './names.ts';
import type { Check, Remark } from './remark.ts';
import type { Scope } from './scope.ts';
import { flagOf, nodeOf, nodesOf, textOf, type Fields } from './tree.ts';

const rewriting: Readonly<Record<string, string>> = {
  AT_SetLogged: 'makes it logged',
  AT_SetUnLogged: 'makes it unlogged',
  AT_SetTableSpace: 'moves it to another tablespace',
  AT_SetAccessMethod: 'changes its access method',
  AT_SetExpression: 'changes a generated column',
};

/** ALTER TABLE. A table that the file itself created holds no rows and serves nobody. */
export const checkAlterTable: Check = ({ kind, fields }, scope) => {
  if (kind !== 'AlterTableStmt') return [];
  const table = relationOf(fields);
  if (scope.isNew(table)) return [];
  return nodesOf(fields, 'cmds').flatMap((command) => commandRemarks(command.fields, table, scope));
};

function commandRemarks(command: Fields, table: RelationName, scope: Scope): readonly Remark[] {
  const subtype = textOf(command, 'subtype');
  const name = textOf(command, 'name');
  const definition = nodeOf(command, 'def')?.fields;
  const column = `${table.shown}.${name}`;
  switch (subtype) {
    case 'AT_AddColumn':
      return definition === undefined ? [] : columnRemarks(definition, table);
    case 'AT_AddConstraint':
      return definition === undefined ? [] : constraintRemarks(definition, table);
    case 'AT_DropColumn':
      return [{ rule: 'ban-drop-column', object: column, what: `drops the column ${column}` }];
    case 'AT_AlterColumnType':
      return [{ rule: 'changing-column-type', object: column, what: `changes the type of ${column}` }];
    case 'AT_SetNotNull':
      if (scope.isNeverNull(table, name)) return [];
      return [{ rule: 'adding-not-nullable-field', object: column, what: `makes ${column} NOT NULL` }];
    case 'AT_DropNotNull':
      return [{ rule: 'ban-drop-not-null', object: column, what: `lets ${column} be NULL` }];
    case 'AT_ColumnDefault':
      return definition === undefined ? dropDefaultRemarks(table, name, scope) : [];
    case 'AT_ValidateConstraint':
      return validateRemarks(table, name, scope);
    case 'AT_DetachPartition':
      return flagOf(definition ?? {}, 'concurrent') ? [] : detachRemarks(definition ?? {}, table);
    default:
      return otherRemarks(subtype, table);
  }
}

/** What Django does: add NOT NULL with a default, drop the default at once. */
function dropDefaultRemarks(table: RelationName, name: string, scope: Scope): readonly Remark[] {
  if (!scope.isRequired(table, name)) return [];
  const object = `${table.shown}.${name}`;
  const what = `takes the default away from ${object}, which the same file added as NOT NULL`;
  return [{ rule: 'adding-required-field', object, what }];
}

function validateRemarks(table: RelationName, name: string, scope: Scope): readonly Remark[] {
  if (!scope.isNotValid(table, name) || !scope.isTransactionOpen) return [];
  const object = `${table.shown}.${name}`;
  const what = `validates the constraint ${object} in the transaction that added it, which still holds its lock`;
  return [{ rule: 'constraint-missing-not-valid', object, what }];
}

function detachRemarks(command: Fields, table: RelationName): readonly Remark[] {
  const partition = relationOf(command, 'name').shown;
  const what = `detaches the partition ${partition} of ${table.shown}`;
  return [{ rule: 'require-concurrent-partition-detach', object: partition, what }];
}

function otherRemarks(subtype: string, table: RelationName): readonly Remark[] {
  const rewrite = rewriting[subtype];
  const object = table.shown;
  if (rewrite !== undefined) return [{ rule: 'table-rewrite', object, what: `${rewrite}: ${object}` }];
  if (subtype.startsWith('AT_DisableTrig'))
    return [{ rule: 'ban-disable-trigger', object, what: `disables triggers of ${object}` }];
  return [];
}
