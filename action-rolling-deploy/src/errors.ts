import { DeployError } from '@deploy-actions/kit/action/errors';

/** Failures of the rollout itself; what is wrong with connection, Docker, Compose or state has codes of its own. */
export type RolloutErrorCode =
  /** A new container's health check failed. */
  | 'CONTAINER_UNHEALTHY'
  /** A new container ended, was killed, or keeps restarting. */
  | 'CONTAINER_EXITED'
  /** A new container was neither healthy nor failed in time. */
  | 'HEALTH_TIMEOUT'
  /** What was created is not what was planned. */
  | 'WRONG_CONTAINER'
  /** Somebody else changed the project's containers meanwhile. */
  | 'CONCURRENT_CHANGE'
  /** The new release serves; recording it did not get to its end. */
  | 'COMMIT_UNFINISHED'
  /** The way back failed too; the message says what runs. */
  | 'ROLLBACK_FAILED'
  /** The proxy could not be told of the new containers. */
  | 'ROUTE_FAILED'
  /** A service needs what this engine cannot do. */
  | 'UNSUPPORTED'
  /** A one-off of action-migrate still runs. */
  | 'ONE_OFF_RUNNING'
  /** `mode: rollback` found no release to go back to. */
  | 'NO_RELEASE'
  /** `refuse-older`: a newer commit is deployed, or it cannot be known. */
  | 'OLDER_COMMIT'
  /** A tag that moves would decide what a service runs. */
  | 'MUTABLE_TAG'
  /** Too little memory for old and new side by side. */
  | 'NO_HEADROOM'
  /** Too little disk space for the pull. */
  | 'NO_SPACE'
  /** A network or volume is not as the compose files say. */
  | 'DRIFT'
  /** `healthcheck: require`, and a changed service has none. */
  | 'NO_HEALTHCHECK'
  /** `mode: doctor`: the server cannot be deployed to as it is. */
  | 'SERVER_UNFIT'
  | 'CANCELLED';

export class RolloutError extends DeployError<RolloutErrorCode> {}
