import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import type { PlanNote } from '@deploy-actions/kit/plan/plan-note';
import { planRoutes, type RouteSettings } from './route-plan.ts';

/**
 * What the plan says about routing: for each service that gets new containers, how it is taken in and out of its proxy,
 * and a warning where that cannot be told. Pure.
 * @throws ConfigurationError naming a label that is wrong
 */
export function noteRoutes(
  model: ComposeModel,
  settings: RouteSettings,
  services: readonly { readonly service: string }[],
): readonly PlanNote[] {
  const routes = planRoutes(model, settings);
  return services.flatMap(({ service }): readonly PlanNote[] => {
    const route = routes.get(service);
    return [
      ...(route?.note === undefined ? [] : [{ level: 'info' as const, service, text: `${service}: ${route.note}` }]),
      ...(route?.warning === undefined ? [] : [{ level: 'warning' as const, service, text: route.warning }]),
    ];
  });
}
