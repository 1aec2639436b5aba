import { isOnly, relationOf } from './names.ts';
import type { Check } from './remark.ts';
import { flagOf, nodesOf, optionOf, textOf, nodeOf, constantOf, type Fields } from './tree.ts';

/** Indexes and other things that are built under a lock. */
export const checkIndex: Check = ({ kind, fields }, scope) => {
  const table = relationOf(fields);
  switch (kind) {
    case 'IndexStmt': {
      if (flagOf(fields, 'concurrent') || isOnly(fields) || scope.isNew(table)) return [];
      const object = textOf(fields, 'idxname') || table.shown;
      return [{ rule: 'require-concurrent-index-creation', object, what: `builds an index of ${table.shown}` }];
    }
    case 'ReindexStmt': {
      if (isOn(fields, 'params', 'concurrently') || scope.isNew(table)) return [];
      const object = table.shown || textOf(fields, 'name');
      return [{ rule: 'require-concurrent-reindex', object, what: `rebuilds indexes of ${object}` }];
    }
    case 'RefreshMatViewStmt':
      if (flagOf(fields, 'concurrent') || flagOf(fields, 'skipData') || scope.isNew(table)) return [];
      return [{ rule: 'require-concurrent-refresh', object: table.shown, what: `fills ${table.shown} again` }];
    case 'ClusterStmt': {
      if (scope.isNew(table)) return [];
      const object = table.shown || 'database';
      return [{ rule: 'prefer-repack', object, what: `sorts the table ${object}` }];
    }
    case 'VacuumStmt': {
      if (!flagOf(fields, 'is_vacuumcmd') || !isOn(fields, 'options', 'full')) return [];
      const first = nodesOf(fields, 'rels')[0];
      const object = first === undefined ? 'database' : relationOf(first.fields).shown;
      return [{ rule: 'prefer-repack', object, what: `rewrites ${object}` }];
    }
    default:
      return [];
  }
};

/** An option in parentheses is on where it stands alone. */
function isOn(fields: Fields, list: string, name: string): boolean {
  const option = optionOf(fields, list, name);
  if (option === undefined) return false;
  const value = nodeOf(option.fields, 'arg');
  const text = value?.kind === 'String' ? textOf(value.fields, 'sval') : constantOf(value);
  return !(text === false || text === 'false' || text === 'off' || text === 0);
}

const never: Readonly<Record<string, string>> = {
  VacuumStmt: 'VACUUM',
  CreatedbStmt: 'CREATE DATABASE',
  DropdbStmt: 'DROP DATABASE',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  DropTableSpaceStmt: 'DROP TABLESPACE',
  AlterSystemStmt: 'ALTER SYSTEM',
  CreateSubscriptionStmt: 'CREATE SUBSCRIPTION',
  DropSubscriptionStmt: 'DROP SUBSCRIPTION',
};

/**
 * What PostgreSQL refuses inside a transaction, in words; undefined for all else.
 * (PreventInTransactionBlock in its sources.)
 */
export function describeNonTransactional(kind: string, fields: Fields): string | undefined {
  if (kind === 'IndexStmt') return flagOf(fields, 'concurrent') ? 'CREATE INDEX CONCURRENTLY' : undefined;
  if (kind === 'DropStmt') return flagOf(fields, 'concurrent') ? 'DROP INDEX CONCURRENTLY' : undefined;
  if (kind === 'ReindexStmt') {
    if (isOn(fields, 'params', 'concurrently')) return 'REINDEX CONCURRENTLY';
    return /_(SCHEMA|SYSTEM|DATABASE)$/.test(textOf(fields, 'kind')) ? 'REINDEX of more than a table' : undefined;
  }
  if (kind === 'ClusterStmt') return 'relation' in fields ? undefined : 'CLUSTER of the whole database';
  if (kind === 'VacuumStmt' && !flagOf(fields, 'is_vacuumcmd')) return undefined;
  if (kind === 'AlterDatabaseStmt')
    return optionOf(fields, 'options', 'tablespace') === undefined ? undefined : 'ALTER DATABASE SET TABLESPACE';
  if (kind === 'AlterTableStmt')
    return nodesOf(fields, 'cmds').some((command) => flagOf(nodeOf(command.fields, 'def')?.fields ?? {}, 'concurrent'))
      ? 'DETACH PARTITION CONCURRENTLY'
      : undefined;
  return never[kind];
}
