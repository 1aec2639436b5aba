import { DeployError } from '@deploy-actions/kit/action/errors';

/** What a stopped migration is called in `error-code`. */
export type MigrateErrorCode =
  /** A command ended with a status other than 0, or its container could not be started. */
  | 'COMMAND_FAILED'
  /** A command ran longer than `run-timeout`; its container was stopped. */
  | 'COMMAND_TIMEOUT'
  /** The connection broke and could not be made again: whether the command finished is unknown. */
  | 'SSH_LOST'
  /** A one-off of another run goes on and did not end within `run-timeout`. */
  | 'ONE_OFF_RUNNING'
  /** A service that `service` depends on does not run, or is not healthy. */
  | 'DEPENDENCY_UNAVAILABLE'
  /** `images` was given, and `service` would run another image. */
  | 'IMAGE_MISMATCH'
  /** The container is gone: somebody removed it while it ran. */
  | 'ONE_OFF_GONE'
  /** The database, or the container that speaks to it, does not answer. */
  | 'DB_UNHEALTHY'
  /** The client programs are older than the server they shall dump. */
  | 'CLIENT_TOO_OLD'
  /** The backup might not fit on the disk. */
  | 'DISK_LOW'
  /** The dump program failed, or did not end in time. */
  | 'BACKUP_FAILED'
  /** The dump ended well, and cannot be read to its end. */
  | 'BACKUP_CORRUPT'
  /** A statement of a SQL file failed; its transaction was rolled back. */
  | 'SQL_ERROR'
  /** A SQL file did not get its locks in time, nor at the retries; nothing of it was applied. */
  | 'LOCK_TIMEOUT'
  /** A SQL file that cannot be in one transaction failed after some of its statements had been applied. */
  | 'PARTIAL_APPLY'
  /** An index that a SQL file builds is there and invalid. */
  | 'INVALID_INDEX'
  /** Another session migrates the same database. */
  | 'LOCK_HELD'
  /** The SQL review found what it does not let through; nothing ran. */
  | 'LINT_FAILED'
  /** Another job took the lease while this step ran. */
  | 'LEASE_LOST'
  | 'CANCELLED';

export class MigrateError extends DeployError<MigrateErrorCode> {}
