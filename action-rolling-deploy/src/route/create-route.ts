import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import type { Host } from '@deploy-actions/kit/host/host';
import type { Footprint } from '../footprint.ts';
import { RolloutError } from '../errors.ts';
import { settleCaddy, withdrawFromCaddy } from './caddy.ts';
import { withdrawByFile } from './drain-file.ts';
import { settleHaproxy, withdrawFromHaproxy } from './haproxy.ts';
import { haproxySessions } from './haproxy-sessions.ts';
import { joinNetworks, leaveNetworks } from './late-join.ts';
import { refreshNginx, withdrawFromNginx } from './nginx.ts';
import { planRoutes, type RouteSettings, type ServiceRoute, type Withdrawal } from './route-plan.ts';
import type { RouteWork, Withdraw } from './route-work.ts';
import type { Route } from './route.ts';
import { awaitSighting } from './sighting.ts';

export interface RouteDeps {
  readonly host: Host;
  readonly model: ComposeModel;
  readonly settings: RouteSettings;
  readonly log: (line: string) => void;
  readonly footprint: Pick<Footprint, 'created' | 'touched'>;
}

/**
 * The route of a model: each service by what {@link planRoutes} decides for it. A service that the model lacks is nobody's.
 * @throws ConfigurationError those of planRoutes
 */
export function createRoute(deps: RouteDeps): Route {
  const { host, model, settings, log, footprint } = deps;
  const routes = planRoutes(model, settings);
  const work: RouteWork = { host, project: model.name, log, haproxy: haproxySessions(host) };
  // On a way back: new containers that took nothing's place yet are unknown to a proxy that has to be told.
  const unseen = new Set([...footprint.created].flatMap(([name, ids]) => (footprint.touched.has(name) ? [] : ids)));
  /** Services whose containers are not those that their proxy was last told of. */
  const stale = new Set(footprint.touched);
  const settling: Promise<void>[] = [];
  return {
    kind: mainKind([...routes.values()]),
    of: (service) => routes.get(service),
    hide: (service, containers) => {
      const route = routes.get(service);
      return route === undefined ? [] : leaveNetworks(route, containers);
    },
    admit: (service, containers) => {
      const route = routes.get(service);
      stale.add(service);
      return route === undefined ? [] : joinNetworks(work, route, containers);
    },
    met: async (service, containers) => awaitSighting(work, routes.get(service), containers),
    withdraw: async (service, container, staying) => {
      const route = routes.get(service);
      if (route === undefined) return [];
      // With nobody left to serve there is nobody to switch to: the service is down by its strategy.
      const isSwitch = route.withdrawal !== 'drain-file';
      if (isSwitch && (staying.length === 0 || unseen.has(container.id))) return [];
      if (route.withdrawal === 'caddy') await withdrawFromCaddy(work, route, container, staying);
      const parts = (await withdrawals[route.withdrawal]?.(work, route, container, staying)) ?? [];
      return parts.map((part) => ({
        ...part,
        onDone: (result) => {
          stale.delete(service);
          part.onDone?.(result);
        },
      }));
    },
    settle: async (service) => {
      const route = routes.get(service);
      if (route === undefined) return;
      try {
        // It waits for DNS to forget the old container, and nothing waits for it.
        if (route.withdrawal === 'haproxy') settling.push(settleHaproxy(work, route));
        if (route.withdrawal === 'caddy') await settleCaddy(work, route);
        if (route.withdrawal === 'nginx' && stale.delete(service)) await refreshNginx(work, route);
      } catch (thrown) {
        // The old containers are gone and the new ones serve: nothing is won by going back.
        if (!(thrown instanceof RolloutError)) throw thrown;
        log(`WARNING: ${thrown.message}`);
      }
    },
    settled: async () => {
      await Promise.all(settling);
      work.haproxy.close();
    },
  };
}

const withdrawals: Readonly<Partial<Record<Withdrawal, Withdraw>>> = {
  'drain-file': withdrawByFile,
  haproxy: withdrawFromHaproxy,
  nginx: withdrawFromNginx,
};

function mainKind(routes: readonly ServiceRoute[]): Route['kind'] {
  const withdrawal = routes.find((route) => route.withdrawal !== 'none')?.withdrawal;
  if (withdrawal !== undefined) return withdrawal;
  return routes.some(({ lateNetworks }) => lateNetworks.length > 0) ? 'network' : 'none';
}
