import { relationOf, wordsName } from './names.ts';
import type { Check, Remark } from './remark.ts';
import type { Scope } from './scope.ts';
import {
  constantOf,
  flagOf,
  locationOf,
  fieldsOf,
  nodeOf,
  nodesOf,
  stringsOf,
  textOf,
  walk,
  type TreeNode,
} from './tree.ts';

/** These hold statements that run later, by somebody else, or never. */
const later = new Set(['CreateFunctionStmt', 'RuleStmt', 'ViewStmt', 'CreatePolicyStmt', 'CreateTrigStmt']);

/** Rows: TRUNCATE, DELETE and UPDATE of a whole table, wherever in a statement they stand. */
export const checkData: Check = (statement, scope) => {
  if (later.has(statement.kind) || isExplained(statement)) return [];
  if (statement.kind === 'TruncateStmt') return truncateRemarks(statement, scope);
  const remarks: Remark[] = [];
  for (const node of walk({ [statement.kind]: statement.fields }, (kind) => !later.has(kind))) {
    if (node.kind !== 'DeleteStmt' && node.kind !== 'UpdateStmt') continue;
    const table = relationOf(node.fields);
    if (scope.isNew(table) || !isForAll(nodeOf(node.fields, 'whereClause'))) continue;
    const object = table.shown;
    const at = locationOf(fieldsOf(node.fields, 'relation'));
    if (node.kind === 'DeleteStmt')
      remarks.push({ rule: 'delete-without-where', object, at, what: `deletes every row of ${object}` });
    else remarks.push({ rule: 'update-without-where', object, at, what: `updates every row of ${object}` });
  }
  return remarks;
};

/** EXPLAIN without ANALYZE runs nothing. */
function isExplained({ kind, fields }: TreeNode): boolean {
  return (
    kind === 'ExplainStmt' &&
    !nodesOf(fields, 'options').some((option) => textOf(option.fields, 'defname') === 'analyze')
  );
}

function truncateRemarks({ fields }: TreeNode, scope: Scope): readonly Remark[] {
  const isCascade = textOf(fields, 'behavior') === 'DROP_CASCADE';
  return nodesOf(fields, 'relations').flatMap((range): readonly Remark[] => {
    const table = relationOf({ relation: range.fields });
    if (scope.isNew(table)) return [];
    const object = table.shown;
    if (isCascade) return [{ rule: 'ban-truncate-cascade', object, what: `empties ${object} and what refers to it` }];
    return [{ rule: 'ban-truncate', object, what: `empties ${object}` }];
  });
}

/** No condition, or one that holds for every row: `true`, `1 = 1`. */
function isForAll(condition: TreeNode | undefined): boolean {
  if (condition === undefined || constantOf(condition) === true) return true;
  if (condition.kind !== 'A_Expr' || stringsOf(nodesOf(condition.fields, 'name')).join('') !== '=') return false;
  const left = constantOf(nodeOf(condition.fields, 'lexpr'));
  return left !== undefined && left === constantOf(nodeOf(condition.fields, 'rexpr'));
}

/** What reaches beyond the database's own rows and names. */
export const checkReach: Check = ({ kind, fields }, scope) => {
  const object = relationOf(fields).shown;
  if (kind === 'CopyStmt' && flagOf(fields, 'is_program'))
    return [
      {
        rule: 'copy-program',
        object,
        what: `copies through the program ${JSON.stringify(textOf(fields, 'filename'))}`,
      },
    ];
  if (kind === 'LockStmt')
    return nodesOf(fields, 'relations')
      .map((range) => relationOf({ relation: range.fields }))
      .filter((table) => !scope.isNew(table))
      .map((table) => ({ rule: 'lock-table', object: table.shown, what: `locks ${table.shown}` }));
  const serverWide = serverWideKinds[kind];
  if (serverWide !== undefined)
    return [{ rule: 'server-wide-statement', object: serverObject(fields), what: serverWide }];
  if (kind === 'CreateDomainStmt' && nodesOf(fields, 'constraints').length > 0) {
    const name = wordsName(fields, 'domainname').shown;
    return [
      { rule: 'ban-create-domain-with-constraint', object: name, what: `creates the domain ${name} with a constraint` },
    ];
  }
  if (kind === 'AlterDomainStmt' && nodeOf(fields, 'def')?.kind === 'Constraint') {
    const name = wordsName(fields, 'typeName').shown;
    return [
      { rule: 'ban-alter-domain-with-add-constraint', object: name, what: `adds a constraint to the domain ${name}` },
    ];
  }
  return [];
};

const serverWideKinds: Readonly<Record<string, string>> = {
  AlterSystemStmt: 'changes a setting of the whole server',
  CreatedbStmt: 'creates a database',
  AlterDatabaseStmt: 'changes a database',
  AlterDatabaseSetStmt: "changes a database's settings",
  CreateRoleStmt: 'creates a role',
  AlterRoleStmt: 'changes a role',
  AlterRoleSetStmt: "changes a role's settings",
  DropRoleStmt: 'drops a role',
  GrantRoleStmt: 'changes who belongs to a role',
  CreateTableSpaceStmt: 'creates a tablespace',
  DropTableSpaceStmt: 'drops a tablespace',
};

function serverObject(fields: TreeNode['fields']): string {
  const [named] = ['dbname', 'role', 'tablespacename']
    .map((field) => textOf(fields, field))
    .filter((text) => text !== '');
  if (named !== undefined) return named;
  const roles = [...nodesOf(fields, 'roles'), ...nodesOf(fields, 'grantee_roles')].map((role) =>
    textOf(role.fields, 'rolename'),
  );
  return (
    roles[0] ??
    (textOf(fieldsOf(fields, 'role'), 'rolename') || textOf(fieldsOf(fields, 'setstmt'), 'name') || 'server')
  );
}
