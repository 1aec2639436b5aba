import { objectName, relationOf } from './names.ts';
import type { Scope } from './scope.ts';
import { flagOf, nodeOf, nodesOf, textOf, type Fields, type TreeNode } from './tree.ts';

/** CREATE statements and the field that says IF NOT EXISTS or OR REPLACE; '' where PostgreSQL has neither. */
const creations: Readonly<Record<string, readonly [string, string]>> = {
  CreateStmt: ['CREATE TABLE', 'if_not_exists'],
  CreateTableAsStmt: ['CREATE TABLE AS', 'if_not_exists'],
  CreateSeqStmt: ['CREATE SEQUENCE', 'if_not_exists'],
  CreateSchemaStmt: ['CREATE SCHEMA', 'if_not_exists'],
  CreateExtensionStmt: ['CREATE EXTENSION', 'if_not_exists'],
  ViewStmt: ['CREATE VIEW', 'replace'],
  CreateFunctionStmt: ['CREATE FUNCTION', 'replace'],
  CreateTrigStmt: ['CREATE TRIGGER', 'replace'],
  CreateEnumStmt: ['CREATE TYPE', ''],
  CompositeTypeStmt: ['CREATE TYPE', ''],
  CreateDomainStmt: ['CREATE DOMAIN', ''],
  CreatePolicyStmt: ['CREATE POLICY', ''],
  CreateRoleStmt: ['CREATE ROLE', ''],
};

/** What of a statement fails when it runs a second time; undefined when it may. */
export function describeFragile({ kind, fields }: TreeNode, scope: Scope): string | undefined {
  if (kind === 'IndexStmt') {
    const name = textOf(fields, 'idxname');
    return flagOf(fields, 'if_not_exists') || scope.isDropped(name) ? undefined : `CREATE INDEX ${name}`.trim();
  }
  if (kind === 'DropStmt')
    return flagOf(fields, 'missing_ok') ? undefined : `DROP of ${objectName(nodesOf(fields, 'objects')[0]).shown}`;
  if (kind === 'RenameStmt') return `RENAME to ${textOf(fields, 'newname')}`;
  if (kind === 'AlterEnumStmt')
    return flagOf(fields, 'skipIfNewValExists') ? undefined : `ALTER TYPE ADD VALUE ${textOf(fields, 'newVal')}`;
  if (kind === 'AlterTableStmt') return fragileCommand(fields, scope);
  const creation = creations[kind];
  if (creation === undefined) return undefined;
  const [words, guard] = creation;
  return guard !== '' && flagOf(fields, guard) ? undefined : words;
}

function fragileCommand(fields: Fields, scope: Scope): string | undefined {
  const table = relationOf(fields).shown;
  for (const { fields: command } of nodesOf(fields, 'cmds')) {
    const name = textOf(command, 'name');
    const definition = nodeOf(command, 'def')?.fields ?? {};
    const constraint = textOf(definition, 'conname');
    const isGuarded = flagOf(command, 'missing_ok');
    switch (textOf(command, 'subtype')) {
      case 'AT_AddColumn':
        if (!isGuarded) return `ADD COLUMN ${table}.${textOf(definition, 'colname')}`;
        break;
      case 'AT_DropColumn':
        if (!isGuarded) return `DROP COLUMN ${table}.${name}`;
        break;
      case 'AT_DropConstraint':
        if (!isGuarded) return `DROP CONSTRAINT ${name}`;
        break;
      case 'AT_AddConstraint':
        if (!scope.isDropped(`${table}.${constraint}`)) return `ADD CONSTRAINT ${constraint}`.trim();
    }
  }
  return undefined;
}
