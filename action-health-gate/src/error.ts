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
  /** A container ended by itself, is dead, or crashed more often than allowed; found before the deadline. */
  | 'CONTAINER_FAILED'
  /** All checks were green, but a container logged what it must not. */
  | 'LOG_MATCH'
  /** The Compose project of a service check cannot be found on the server. */
  | 'PROJECT_UNKNOWN';

export class GateError extends DeployError<GateErrorCode> {}
