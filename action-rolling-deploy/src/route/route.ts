import type { Container } from '@deploy-actions/kit/compose/container';
import type { BatchPart, PartResult } from '@deploy-actions/kit/host/batch';
import type { ServiceRoute } from './route-plan.ts';

export type RouteKind = 'none' | 'network' | 'drain-file' | 'haproxy' | 'nginx' | 'caddy';

/** A part of a batch that says afterwards what it has done. */
export interface RoutePart extends BatchPart {
  readonly onDone?: (result: PartResult) => void;
}

/**
 * How users' requests find a container of a service: what the engine tells the proxy, and when. Most of it is parts that
 * ride in the engine's own remote commands.
 */
export interface Route {
  readonly kind: RouteKind;
  /** What was decided for a service; undefined for one that the model lacks. */
  of(service: string): ServiceRoute | undefined;
  /** New containers are created, not started: keeps them out of sight of the proxy (late network join). */
  hide(service: string, containers: readonly Container[]): readonly BatchPart[];
  /** They are healthy: lets traffic reach them; proved when the parts have run. */
  admit(service: string, containers: readonly Container[]): readonly RoutePart[];
  /** They were admitted: resolves when the proxy has met them, or a while later, where nobody else would be left. */
  met(service: string, containers: readonly Container[]): Promise<void>;
  /**
   * Before hooks and SIGTERM: no NEW request reaches this container any more; proved, or said not to be, when the parts
   * have run. Where the proxy takes more than one command (Caddy) they run here and the parts are none. `staying` are the
   * containers that keep serving.
   * @throws RolloutError ROUTE_FAILED, as the parts do: then the proxy still sends to the container
   */
  withdraw(service: string, container: Container, staying: readonly Container[]): Promise<readonly RoutePart[]>;
  /**
   * The service's rollout is over, its old containers are removed: the proxy is left as its own configuration says.
   * Safe to call at any time, and again: recovery calls it for a rollout that died. What may go on beside the next step
   * has begun on the server when it resolves, and is over when {@link settled} resolves.
   */
  settle(service: string): Promise<void>;
  /** Nothing that `settle` began is under way any more. Never rejects. */
  settled(): Promise<void>;
}

/** Nobody has to be told. */
export const noRoute: Route = {
  kind: 'none',
  of: () => undefined,
  hide: () => [],
  admit: () => [],
  met: () => Promise.resolve(),
  withdraw: () => Promise.resolve([]),
  settle: () => Promise.resolve(),
  settled: () => Promise.resolve(),
};
