import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import type { Host } from '@deploy-actions/kit/host/host';
import type { Journal } from '@deploy-actions/kit/state/journal';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { RolloutError } from './errors.ts';

/** How a rollout waits. */
export interface RolloutOptions {
  readonly healthTimeoutMs: number | undefined;
  readonly minHealthyMs: number | undefined;
}

/** What every move of a rollout needs. */
export interface RolloutContext {
  readonly host: Host;
  /** The live files with the pins of this rollout. */
  readonly scope: ComposeScope;
  readonly model: ComposeModel;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly options: RolloutOptions;
  readonly log: (line: string) => void;
  /** Containers that may exist: those seen at the start and those this deploy made. Grows with each creation. */
  readonly known: Set<string>;
  /** Containers this deploy made, by service: the only new ones it may remove. */
  readonly created: Map<string, readonly string[]>;
  /** Containers whose pre-stop command ran: they no longer take traffic, so they are no way back. */
  readonly spent: Set<string>;
}

/**
 * The containers of a service now, one-offs left out.
 * @throws RolloutError CONCURRENT_CHANGE when one is there that neither existed at the start nor was made by this deploy
 */
export async function observeService(context: RolloutContext, service: string): Promise<readonly Container[]> {
  const containers = await listProjectContainers(context.host, context.model.name);
  const own = containers.filter((container) => container.service === service && !container.isOneOff);
  const foreign = own.find((container) => !context.known.has(container.id));
  if (foreign === undefined) return own;
  throw new RolloutError({
    code: 'CONCURRENT_CHANGE',
    message: `${context.host.name}: container ${foreign.name} of service ${service} appeared during this deploy, and this deploy did not make it. Nothing foreign was touched.`,
    hint: 'Somebody ran docker compose by hand, or another tool deploys here. Settle that, then run again.',
  });
}
