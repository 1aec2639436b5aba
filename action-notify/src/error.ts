import { DeployError } from '@deploy-actions/kit/action/errors';

/** What a failed notification is called in `error-code`. */
export type NotifyErrorCode =
  /** At least one message, or the GitHub deployment, did not get through. */
  'DELIVERY_FAILED';

export class NotifyError extends DeployError<NotifyErrorCode> {}
