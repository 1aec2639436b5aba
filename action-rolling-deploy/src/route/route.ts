import type { Container } from '@deploy-actions/kit/compose/container';
import type { ServiceRoute } from './route-plan.ts';

export type RouteKind = 'none' | 'network' | 'drain-file' | 'haproxy' | 'nginx' | 'caddy';

/**
 * How users' requests find a container of a service: what the engine tells the proxy, and when. Every method resolves
 * when what it says is proved, or when it has waited for it (and has said so); it throws only what must stop a deploy.
 */
export interface Route {
  readonly kind: RouteKind;
  /** What was decided for a service; undefined for one that the model lacks. */
  of(service: string): ServiceRoute | undefined;
  /** New containers are created, not started: keep them out of sight of the proxy (late network join). */
  hide(service: string, containers: readonly Container[]): Promise<void>;
  /** They are healthy: let traffic reach them; resolves when that is proved. */
  admit(service: string, containers: readonly Container[]): Promise<void>;
  /**
   * Before hooks and SIGTERM: no NEW request reaches this container any more; resolves when that is proved, or said not
   * to be. `staying` are the containers that keep serving.
   */
  withdraw(service: string, container: Container, staying: readonly Container[]): Promise<void>;
  /**
   * The service's rollout is over, its old containers are removed: the proxy is left as its own configuration says.
   * Safe to call at any time, and again: recovery calls it for a rollout that died.
   */
  settle(service: string): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Nobody has to be told. */
export const noRoute: Route = {
  kind: 'none',
  of: () => undefined,
  hide: nothing,
  admit: nothing,
  withdraw: nothing,
  settle: nothing,
};
