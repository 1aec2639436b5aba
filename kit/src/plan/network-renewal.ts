import type { RolloutPlan, ServicePlan } from './rollout-plan.ts';

/** Networks that are made anew because their settings changed, and all services in them. Only with `allow-downtime`. */
export interface NetworkRenewal {
  /** Names on the server. */
  readonly networks: readonly string[];
  readonly services: readonly string[];
}

/** The plan of a rollout that makes networks anew: every service in them is away until it has booted again. Pure. */
export function planRenewal(plan: RolloutPlan, renewal: NetworkRenewal | undefined): RolloutPlan {
  if (renewal === undefined) return plan;
  const services = plan.services.map((service) => {
    const running = [...service.fresh, ...service.stale];
    if (!isRenewed(service, renewal) || running.length === 0) return service;
    const reason = `the network ${renewal.networks.join(', ')} is made anew, as allow-downtime allows`;
    return { ...service, action: 'stop-first' as const, reason, fresh: [], stale: running };
  });
  return { ...plan, services, renewal };
}

/** Whether the containers of a service go because its network does. Pure. */
export function isRenewed(service: ServicePlan, { services }: NetworkRenewal): boolean {
  return services.includes(service.service) && service.action !== 'skip' && service.action !== 'remove';
}
