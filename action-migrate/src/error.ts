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
  | 'CANCELLED';

export class MigrateError extends DeployError<MigrateErrorCode> {}
