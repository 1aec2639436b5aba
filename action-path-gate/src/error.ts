import { DeployError } from '@deploy-actions/kit/action/errors';

/** What a failed gate is called in `error-code`. */
export type PathGateErrorCode =
  /** The changed files are not all known, and `on-unknown: fail` asks for an error then. */
  'CHANGES_UNKNOWN';

export class PathGateError extends DeployError<PathGateErrorCode> {}
