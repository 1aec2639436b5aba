import type { RuleName } from './rule.ts';
import type { Scope } from './scope.ts';
import type { TreeNode } from './tree.ts';

/** What a check says about one statement; the reviewer makes a finding of it. */
export interface Remark {
  readonly rule: RuleName;
  readonly object: string;
  readonly what: string;
  /** Where in the statement, in bytes; absent = at its beginning. */
  readonly at?: number | undefined;
  /** Holds only at the end of the file: taken back when … */
  readonly unless?: Unless;
}

export type Unless =
  /** … the same view or function is created again further down. */
  | { readonly kind: 'recreated'; readonly key: string }
  /** … nothing in the file needs a transaction: then it runs without one. */
  | { readonly kind: 'no-transaction-needed' };

/** Looks at one statement, with what the file did before it. Pure. */
export type Check = (statement: TreeNode, scope: Scope) => readonly Remark[];
