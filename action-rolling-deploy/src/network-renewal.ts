import { runBatch } from '@deploy-actions/kit/host/batch';
import { removeLeftovers } from './container-moves.ts';
import { retire } from './drain.ts';
import { isRenewed } from '@deploy-actions/kit/plan/network-renewal';
import { addRenewal } from './footprint.ts';
import { ownContainers, type RolloutContext } from './rollout-context.ts';
import { changedServices, hasEnded, type RolloutPlan, type ServicePlan } from '@deploy-actions/kit/plan/rollout-plan';

/** $1…: names. One that is gone is fine. */
const removeScript = `
for name; do
  docker network inspect "$name" >/dev/null 2>&1 || continue
  docker network rm "$name" || exit 1
done`;

/**
 * Takes all containers out of the networks and removes these; Compose makes them anew with the first container. The
 * containers go too, dependents first: one that is attached to the new network again has lost its service name there
 * (drift.ts). Journaled: the way back makes the networks anew once more, from the files of before.
 * @returns what is left to do: the services in the networks are created
 */
export async function renewNetworks(context: RolloutContext, plan: RolloutPlan): Promise<readonly ServicePlan[]> {
  const { renewal } = plan;
  if (renewal === undefined) return changedServices(plan);
  const { networks, services } = renewal;
  const { host, footprint, journal, log } = context;
  log(`making anew: ${networks.join(', ')}; ${services.join(', ')} stop meanwhile`);
  await journal.append('networks-renewed', { networks, services });
  addRenewal(footprint, renewal);
  const affected = plan.services.filter((service) => isRenewed(service, renewal));
  for (const { service } of [...affected].reverse()) {
    for (const container of ownContainers(context, service).filter((candidate) => !hasEnded(candidate)))
      await retire(context, container, []);
    const ended = ownContainers(context, service).map(({ id }) => id);
    if (ended.length > 0) await removeLeftovers(context, service, ended);
  }
  await runBatch(host, [
    { purpose: `remove the network ${networks.join(', ')}`, source: removeScript, args: networks },
  ]);
  const changed = new Set(changedServices(plan));
  return plan.services.flatMap((service) => {
    if (affected.includes(service))
      return [{ ...service, action: 'create' as const, fresh: [], stale: [], leftovers: [] }];
    return changed.has(service) ? [service] : [];
  });
}
