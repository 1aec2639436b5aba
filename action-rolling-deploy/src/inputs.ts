import { badInput, inputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { readComposeSettings, type ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { recordPins } from '@deploy-actions/kit/compose/preflight';
import { readRegistryCredentials, type RegistryCredentials } from '@deploy-actions/kit/compose/registry-login';
import { readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import { parseImagePins, type ImagePin } from '@deploy-actions/kit/image/image-lines';
import { isPinned } from '@deploy-actions/kit/image/image-ref';
import { readLeaseWish, type LeaseWish } from '@deploy-actions/kit/state/lease-scope';
import type { RecordedPin } from '@deploy-actions/kit/state/release';
import type { Duration } from '@deploy-actions/kit/time/duration';
import { readCaution, type Caution } from './assessment/caution.ts';
import { parseRollbackTo, type RollbackTo } from './rollback-target.ts';
import { readRouteSettings } from './route/route-settings.ts';
import type { RouteSettings } from './route/route-plan.ts';
import { readWishes, type Wishes } from './wishes.ts';

export type Mode = 'plan' | 'deploy' | 'rollback' | 'status' | 'doctor' | 'unlock';

export interface Inputs {
  readonly mode: Mode;
  readonly target: HostTarget;
  readonly settings: ComposeSettings;
  readonly pins: readonly RecordedPin[];
  /** Lines of `images` without a digest; some only with `allow-mutable-tags`. */
  readonly tagPins: readonly ImagePin[];
  readonly wishes: Wishes;
  readonly caution: Caution;
  readonly routing: RouteSettings;
  readonly credentials: RegistryCredentials | undefined;
  readonly leaseWish: LeaseWish;
  /** undefined: computed from the container's own health check. */
  readonly healthTimeout: Duration | undefined;
  /** undefined: 0 with a health check, 10 s without. */
  readonly minHealthy: Duration | undefined;
  /** How long everything is watched before the release counts. */
  readonly bakeMs: Duration;
  readonly retain: number;
  readonly to: RollbackTo;
  /** Roll back only while this release is the current one. */
  readonly fromRelease: number | undefined;
  /** Rollback across an irreversible migration; unlock a run that may still go on. */
  readonly isForced: boolean;
  readonly refuseOlder: boolean;
  /** Why a person unlocks: for the audit log. */
  readonly reason: string | undefined;
  /** Masked. Only asked: which of two commits is older, whether a run is over. */
  readonly githubToken: string | undefined;
}

/**
 * Reads and checks every input before the first connection.
 * @throws ConfigurationError naming the input
 */
export function loadInputs(runner: Runner): Inputs {
  const inputs = inputReader(runner);
  const from = inputs.optional('from-release');
  if (from !== undefined && !/^\d{1,9}$/.test(from)) throw badInput('from-release', from, 'the number of a release');
  const wishes = readWishes(inputs);
  const images = parseImagePins(inputs.lines('images'), 'images');
  const tagPins = wishes.allowsMutableTags ? images.filter(({ ref }) => !isPinned(ref)) : [];
  return {
    mode: inputs.oneOf('mode', ['plan', 'deploy', 'rollback', 'status', 'doctor', 'unlock']),
    target: readHostTarget(inputs),
    settings: readComposeSettings(inputs),
    pins: recordPins(images.filter((pin) => !tagPins.includes(pin))),
    tagPins,
    wishes,
    caution: readCaution(inputs),
    routing: readRouteSettings(inputs),
    credentials: readRegistryCredentials(inputs),
    leaseWish: readLeaseWish(inputs),
    healthTimeout: inputs.optionalDuration('health-timeout'),
    minHealthy: inputs.optionalDuration('min-healthy'),
    bakeMs: inputs.duration('bake'),
    retain: inputs.integer('retain', { min: 2, max: 100 }),
    to: parseRollbackTo(inputs.required('to')),
    fromRelease: from === undefined ? undefined : Number(from),
    isForced: inputs.flag('force'),
    refuseOlder: inputs.flag('refuse-older'),
    reason: inputs.optional('reason')?.replaceAll(/\p{Cc}+/gu, ' '),
    githubToken: inputs.secret('github-token')?.trim(),
  };
}
