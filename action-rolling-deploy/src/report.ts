import type { Container } from '@deploy-actions/kit/compose/container';
import type { DeployError } from '@deploy-actions/kit/action/errors';
import type { Settled } from './recovery.ts';
import type { RolloutPlan } from '@deploy-actions/kit/plan/rollout-plan';
import { hasEnded } from '@deploy-actions/kit/plan/rollout-plan';

export type Outcome =
  | 'planned'
  | 'noop'
  | 'deployed'
  /** There was nothing to do but to settle a deploy that had died. */
  | 'recovered'
  | 'rolled_back'
  | 'rollback_failed'
  | 'cancelled'
  | 'unknown'
  | 'refused';

/** Service → image reference that its running containers were created with. */
export type Digests = Readonly<Record<string, string>>;

/** What this step did: outputs, summary and the last log lines are made of it. */
export interface Report {
  readonly outcome: Outcome;
  readonly deployId: string;
  readonly host: string;
  readonly project: string;
  /** Number of the release that is current now; undefined when there is none. */
  readonly release: number | undefined;
  readonly previousRelease: number | undefined;
  readonly plan: RolloutPlan | undefined;
  readonly changed: readonly string[];
  readonly digests: Digests;
  readonly previousDigests: Digests;
  readonly timings: Readonly<Record<string, number>>;
  readonly failure: DeployError | undefined;
  /** A deploy that had died and that this step brought to its end first. */
  readonly settled?: Settled;
  /** One sentence: what serves now, and what to do next. */
  readonly nowServing: string;
}

/** What runs, by service; a service with two versions at once shows both. */
export function runningDigests(containers: readonly Container[]): Digests {
  const running = containers.filter((container) => !container.isOneOff && !hasEnded(container));
  const services = [...new Set(running.map((container) => container.service))].sort();
  return Object.fromEntries(
    services.map((service) => [
      service,
      [...new Set(running.filter((c) => c.service === service).map((c) => c.image))].join(' + '),
    ]),
  );
}

/** `service=reference` lines, the form of the outputs `digests` and `previous-digests`. */
export function formatDigests(digests: Digests): string {
  return Object.entries(digests)
    .map(([service, ref]) => `${service}=${ref}`)
    .join('\n');
}

/** A step that had nothing to do but to settle a deploy that had died says so in its outcome. */
export function addSettled(report: Report, settled: Settled): Report {
  return { ...report, settled, outcome: report.outcome === 'noop' ? 'recovered' : report.outcome };
}
