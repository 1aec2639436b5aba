import { DeployError } from '../action/errors.ts';

export type StagedTreeErrorCode =
  /** What stands in deploy-path cannot be replaced: a folder, link or foreign file in the way, or no permission. */
  | 'PATH_BLOCKED'
  /** The release named is not staged (any more). */
  | 'STAGED_TREE_MISSING'
  /** Files on the server are not what their manifest says. */
  | 'STAGED_TREE_CORRUPT'
  /** A manifest on the server is not one of ours. */
  | 'MANIFEST_UNREADABLE'
  /** The server lacks a program that every step needs. */
  | 'TOOL_MISSING'
  /** The disk became full, or a quota was reached, while files were written. */
  | 'NO_SPACE'
  | 'DEPLOY_PATH_UNUSABLE';

export class StagedTreeError extends DeployError<StagedTreeErrorCode> {}
