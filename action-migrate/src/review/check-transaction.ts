import { describeNonTransactional } from './check-index.ts';
import type { SqlFile } from './finding.ts';
import { relationOf } from './names.ts';
import type { Remark } from './remark.ts';
import type { Scope } from './scope.ts';
import { constantOf, nodesOf, textOf, type TreeNode } from './tree.ts';

/** How a statement stands to the transaction around it. */
export function checkTransaction(
  { kind, fields }: TreeNode,
  scope: Scope,
  runs: SqlFile['runs'],
  file: string,
): readonly Remark[] {
  const refused = describeNonTransactional(kind, fields);
  if (refused !== undefined && scope.isTransactionOpen) {
    const rule = kind === 'IndexStmt' ? 'ban-concurrent-index-creation-in-transaction' : 'non-transactional-statement';
    const object = textOf(fields, 'idxname') || relationOf(fields).shown || file;
    const remark = { rule, object, what: `${refused} stands in a transaction` } as const;
    return [runs === 'single-transaction' ? { ...remark, unless: { kind: 'no-transaction-needed' } } : remark];
  }
  if (kind !== 'TransactionStmt') return [];
  const control = textOf(fields, 'kind').replace('TRANS_STMT_', '');
  const what = nestingOf(control, scope.isTransactionOpen, runs);
  return what === undefined ? [] : [{ rule: 'transaction-nesting', object: file, what }];
}

function nestingOf(control: string, isOpen: boolean, runs: SqlFile['runs']): string | undefined {
  const words = control.replace('START', 'START TRANSACTION').replaceAll('_', ' ');
  const isControl = /^(BEGIN|START|COMMIT|ROLLBACK|PREPARE|COMMIT_PREPARED|ROLLBACK_PREPARED)$/.test(control);
  if (runs === 'single-transaction')
    return isControl ? `${words} inside the one transaction in which the file runs` : undefined;
  if (control === 'BEGIN' || control === 'START') return isOpen ? `${words} inside a transaction` : undefined;
  return (control === 'COMMIT' || control === 'ROLLBACK') && !isOpen ? `${words} without a transaction` : undefined;
}

const lockers = new Set([
  'AlterTableStmt',
  'TruncateStmt',
  'IndexStmt',
  'DropStmt',
  'RenameStmt',
  'AlterObjectSchemaStmt',
  'LockStmt',
  'ClusterStmt',
  'RefreshMatViewStmt',
  'CreateTrigStmt',
]);

/** Which timeouts a statement that waits for a lock of an old table lacks. */
export function checkTimeouts({ kind, fields }: TreeNode, scope: Scope, file: string): readonly Remark[] {
  // What is built CONCURRENTLY keeps nobody waiting.
  if (!lockers.has(kind) || scope.isNew(relationOf(fields)) || describeNonTransactional(kind, fields) !== undefined)
    return [];
  const remarks: Remark[] = [];
  const what = (name: string): string => `takes a lock without ${name}`;
  if (!scope.hasLockTimeout) remarks.push({ rule: 'require-lock-timeout', object: file, what: what('lock_timeout') });
  if (!scope.hasStatementTimeout)
    remarks.push({ rule: 'require-statement-timeout', object: file, what: what('statement_timeout') });
  return remarks;
}

/** SET lock_timeout = 0: no limit at all. */
export function checkTimeoutOff({ kind, fields }: TreeNode): readonly Remark[] {
  const name = kind === 'VariableSetStmt' ? textOf(fields, 'name') : '';
  if (name !== 'lock_timeout' && name !== 'statement_timeout') return [];
  const value = constantOf(nodesOf(fields, 'args')[0]);
  const isOff = typeof value === 'number' ? value === 0 : typeof value === 'string' && /^0\s*\D*$/.test(value);
  return isOff ? [{ rule: 'ban-timeout-off', object: name, what: `switches ${name} off` }] : [];
}
