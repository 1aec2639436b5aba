import type { Container } from '@deploy-actions/kit/compose/container';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import type { Host } from '@deploy-actions/kit/host/host';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { settleCaddy, withdrawFromCaddy } from './caddy.ts';
import { withdrawByFile } from './drain-file.ts';
import { settleHaproxy, withdrawFromHaproxy } from './haproxy.ts';
import { runHooks } from './hooks.ts';
import { joinNetworks, leaveNetworks } from './late-join.ts';
import { refreshNginx, withdrawFromNginx } from './nginx.ts';
import { planRoutes, type RouteSettings, type ServiceRoute, type Withdrawal } from './route-plan.ts';
import type { RouteWork, Withdraw } from './route-work.ts';
import type { Route } from './route.ts';

export interface RouteDeps {
  readonly host: Host;
  readonly model: ComposeModel;
  readonly settings: RouteSettings;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/**
 * The route of a model: each service by what {@link planRoutes} decides for it. A service that the model lacks is nobody's.
 * @throws ConfigurationError those of planRoutes
 */
export function createRoute(deps: RouteDeps): Route {
  const { host, model, clock, signal, log } = deps;
  const routes = planRoutes(model, deps.settings);
  const work: RouteWork = { host, project: model.name, log };
  /** Services whose nginx has loaded its addresses after the last container came or went. */
  const current = new Set<string>();
  const withdraw = async (route: ServiceRoute, container: Container, staying: readonly Container[]): Promise<void> => {
    const way = withdrawals[route.withdrawal];
    // With nobody left to serve there is nobody to switch to: the service is down by its strategy.
    const isSwitch = route.withdrawal !== 'drain-file';
    if (way !== undefined && !(isSwitch && staying.length === 0)) {
      await way(work, route, container, staying);
      current.add(route.service);
    }
    await runHooks(work, container, route.hooks);
    // nginx, HAProxy and Caddy have waited for what is in flight; a file, or a hook of the user's, needs its time to be seen.
    const hasWaited = isSwitch && way !== undefined && route.hooks.length === 0;
    if (!hasWaited && route.drainWaitMs > 0) await clock.sleep(route.drainWaitMs, signal);
  };
  return {
    kind: mainKind([...routes.values()]),
    hide: async (service, containers) => {
      const route = routes.get(service);
      if (route !== undefined) await leaveNetworks(work, route, containers);
    },
    admit: async (service, containers) => {
      const route = routes.get(service);
      current.delete(service);
      if (route !== undefined) await joinNetworks(work, route, containers);
    },
    withdraw: async (service, container, staying) => {
      const route = routes.get(service);
      if (route !== undefined) await withdraw(route, container, staying);
    },
    settle: async (service) => {
      const route = routes.get(service);
      if (route === undefined) return;
      if (route.withdrawal === 'haproxy') await settleHaproxy(work, route);
      if (route.withdrawal === 'caddy') await settleCaddy(work, route);
      if (route.withdrawal === 'nginx' && !current.has(service)) await refreshNginx(work, route);
      current.add(service);
    },
  };
}

const withdrawals: Readonly<Partial<Record<Withdrawal, Withdraw>>> = {
  'drain-file': withdrawByFile,
  haproxy: withdrawFromHaproxy,
  nginx: withdrawFromNginx,
  caddy: withdrawFromCaddy,
};

function mainKind(routes: readonly ServiceRoute[]): Route['kind'] {
  const withdrawal = routes.find((route) => route.withdrawal !== 'none')?.withdrawal;
  if (withdrawal !== undefined) return withdrawal;
  return routes.some(({ lateNetworks }) => lateNetworks.length > 0) ? 'network' : 'none';
}
