import { DeployError } from '@deploy-actions/kit/action/errors';

/** What a red gate is called in `error-code`. */
export type GateErrorCode =
  /** The deadline passed before every check was green. */
  | 'HEALTH_TIMEOUT'
  /** At the deadline a healthy answer still came from another commit. */
  | 'WRONG_COMMIT'
  /** A CDN answered with a challenge page instead of the app. */
  | 'CDN_CHALLENGE'
  /** At the deadline no container of the service was running. */
  | 'NO_CONTAINER'
  /** The Compose project of a service check cannot be found on the server. */
  | 'PROJECT_UNKNOWN';

export class GateError extends DeployError<GateErrorCode> {}
