import { DeployError } from '@deploy-actions/kit/action/errors';

export type SyncErrorCode =
  /** Nothing to sync: what an earlier sync put there would be deleted. */
  | 'SOURCE_EMPTY'
  /** A file, link or name in the source that cannot be synced safely. */
  | 'SOURCE_REFUSED'
  /** A file changed, or went away, while it was being read. */
  | 'SOURCE_CHANGED'
  | 'NO_SPACE';

export class SyncError extends DeployError<SyncErrorCode> {}
