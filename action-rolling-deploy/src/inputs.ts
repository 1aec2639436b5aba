import { badInput, inputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { readComposeSettings, type ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { recordPins } from '@deploy-actions/kit/compose/preflight';
import { readRegistryCredentials, type RegistryCredentials } from '@deploy-actions/kit/compose/registry-login';
import { readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import { parseImagePins } from '@deploy-actions/kit/image/image-lines';
import { readLockWait } from '@deploy-actions/kit/state/lease-step';
import type { RecordedPin } from '@deploy-actions/kit/state/release';
import type { Duration } from '@deploy-actions/kit/time/duration';

export type Mode = 'plan' | 'deploy' | 'rollback';

export interface Inputs {
  readonly mode: Mode;
  readonly target: HostTarget;
  readonly settings: ComposeSettings;
  readonly pins: readonly RecordedPin[];
  readonly credentials: RegistryCredentials | undefined;
  readonly lockWait: Duration;
  /** undefined: computed from the container's own health check. */
  readonly healthTimeout: Duration | undefined;
  /** undefined: 0 with a health check, 10 s without. */
  readonly minHealthy: Duration | undefined;
  readonly retain: number;
  /** Rollback target: `previous` or a release number. */
  readonly to: 'previous' | number;
  /** Roll back only while this release is the current one. */
  readonly fromRelease: number | undefined;
}

/**
 * Reads and checks every input before the first connection.
 * @throws ConfigurationError naming the input
 */
export function loadInputs(runner: Runner): Inputs {
  const inputs = inputReader(runner);
  const to = inputs.required('to');
  if (to !== 'previous' && !/^\d{1,9}$/.test(to)) throw badInput('to', to, '`previous` or the number of a release');
  const from = inputs.optional('from-release');
  if (from !== undefined && !/^\d{1,9}$/.test(from)) throw badInput('from-release', from, 'the number of a release');
  return {
    mode: inputs.oneOf('mode', ['plan', 'deploy', 'rollback']),
    target: readHostTarget(inputs),
    settings: readComposeSettings(inputs),
    pins: recordPins(parseImagePins(inputs.lines('images'), 'images')),
    credentials: readRegistryCredentials(inputs),
    lockWait: readLockWait(inputs),
    healthTimeout: inputs.optionalDuration('health-timeout'),
    minHealthy: inputs.optionalDuration('min-healthy'),
    retain: inputs.integer('retain', { min: 2, max: 100 }),
    to: to === 'previous' ? to : Number(to),
    fromRelease: from === undefined ? undefined : Number(from),
  };
}
