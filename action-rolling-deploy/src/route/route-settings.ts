import type { InputReader } from '@deploy-actions/kit/action/inputs';
import { routeChoices, type RouteSettings } from './route-plan.ts';

/**
 * Reads `route` and `drain-wait`.
 * @throws ConfigurationError naming the input
 */
export function readRouteSettings(inputs: InputReader): RouteSettings {
  return { route: inputs.oneOf('route', routeChoices), drainWaitMs: inputs.optionalDuration('drain-wait') };
}
