import type { ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import type { Host } from '@deploy-actions/kit/host/host';
import type { Clock } from '@deploy-actions/kit/time/clock';
import type { Duration } from '@deploy-actions/kit/time/duration';
import type { RunPlan } from './run-plan.ts';

/** What everything that acts in this step shares. */
export interface RunDoor {
  readonly host: Host;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly settings: ComposeSettings;
  readonly model: ComposeModel;
  readonly plan: RunPlan;
  readonly runTimeout: Duration;
  /** @throws NotBegun when another job took the lease, see lease-check.ts */
  readonly requireLease: () => Promise<void>;
  /** One line of the job's log. */
  readonly say: (line: string) => void;
  readonly warn: (line: string) => void;
  /** A folded group of the job's log. */
  readonly group: <T>(title: string, body: () => Promise<T>) => Promise<T>;
}
