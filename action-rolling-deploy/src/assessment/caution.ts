import type { InputReader } from '@deploy-actions/kit/action/inputs';

/** What a rollout is refused for unless the user says otherwise. */
export interface Caution {
  /** False: too little memory or disk is a warning. */
  readonly isHeadroomEnforced: boolean;
  /** Networks that changed may be made anew, which stops the services in them. */
  readonly isDowntimeAllowed: boolean;
}

/**
 * Reads `headroom` and `allow-downtime`.
 * @throws ConfigurationError naming the input
 */
export function readCaution(inputs: InputReader): Caution {
  return {
    isHeadroomEnforced: inputs.oneOf('headroom', ['require', 'warn']) === 'require',
    isDowntimeAllowed: inputs.flag('allow-downtime'),
  };
}
