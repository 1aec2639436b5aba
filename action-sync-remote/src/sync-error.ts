import { DeployError } from '@deploy-actions/kit/action/errors';

export type SyncErrorCode =
  /** Nothing to sync: what an earlier sync put there would be deleted. */
  | 'SOURCE_EMPTY'
  /** A file, link or name in the source that cannot be synced safely. */
  | 'SOURCE_REFUSED'
  /** A file changed, or went away, while it was being read. */
  | 'SOURCE_CHANGED'
  /** `env-file` names a file that is not on the server, and this step brings none. */
  | 'ENV_FILE_MISSING'
  /** What stands there is no file that can be read and replaced. */
  | 'ENV_FILE_UNUSABLE'
  /** `delete: mirror`, and Docker could not be asked what is mounted. */
  | 'MOUNTS_UNKNOWN'
  /** A part of a big file is on the server's disk otherwise than it was sent. */
  | 'TRANSFER_DAMAGED'
  | 'NO_SPACE';

export class SyncError extends DeployError<SyncErrorCode> {}

/** What a file of the source ends a sync with that is not as it was when it was hashed. */
export function changedSource(path: string, cause?: unknown): SyncError {
  return new SyncError({
    code: 'SOURCE_CHANGED',
    message: `${JSON.stringify(path)} in the source changed or went away while it was being sent. Nothing was changed on the server.`,
    hint: 'Does an earlier step of this job still write into the source? Run the job again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
