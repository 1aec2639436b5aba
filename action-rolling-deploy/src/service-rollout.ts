import type { Container } from '@deploy-actions/kit/compose/container';
import {
  addContainers,
  drainAndStop,
  recreateContainers,
  removeContainers,
  startContainers,
} from './container-moves.ts';
import { waitUntilHealthy } from './container-wait.ts';
import { RolloutError } from './errors.ts';
import { observeService, type RolloutContext } from './rollout-context.ts';
import { hasEnded, nextMove, type ServicePlan } from './rollout-plan.ts';

/** Brings one service to its plan. Throws with the new containers still there; the caller takes the way back. */
export async function rollService(context: RolloutContext, plan: ServicePlan): Promise<void> {
  if (plan.leftovers.length > 0) {
    context.log(`${plan.service}: removing ${plan.leftovers.length} ended container(s) of an older configuration`);
    await context.journal.append('leftovers', { service: plan.service, ids: plan.leftovers });
    await removeContainers(context, plan.service, plan.leftovers);
  }
  switch (plan.action) {
    case 'unchanged':
    case 'skip':
      return;
    case 'stop-first':
      return stopFirst(context, plan);
    case 'create':
      await startStopped(context, plan);
      return startFirst(context, plan);
    case 'start-first':
    case 'scale':
      return startFirst(context, plan);
  }
}

/** Containers of the wanted configuration that somebody stopped are started again, not replaced: they may own data. */
async function startStopped(context: RolloutContext, plan: ServicePlan): Promise<void> {
  const stopped = (await observeService(context, plan.service)).filter(hasEnded).slice(0, plan.replicas);
  if (stopped.length === 0) return;
  const ids = stopped.map((container) => container.id);
  await context.journal.append('starting', { service: plan.service, ids });
  context.log(`${plan.service}: starting ${stopped.map((container) => container.name).join(', ')} again`);
  // A container that this engine stopped has lost its restart policy.
  const policy = context.model.services[plan.service]?.restart ?? 'no';
  await context.host.exec(['docker', 'update', `--restart=${policy}`, ...ids]);
  await startContainers(context, ids);
  await waitUntilHealthy(context, plan.service, ids);
}

/** New beside old, proved, then old away: one move at a time, looked up afresh before each. */
async function startFirst(context: RolloutContext, plan: ServicePlan): Promise<void> {
  const stale = new Set(plan.stale);
  for (;;) {
    const existing = await observeService(context, plan.service);
    const running = existing.filter((container) => !hasEnded(container));
    const old = running.filter((container) => stale.has(container.id));
    const fresh = running.filter((container) => !stale.has(container.id));
    // The first deploy of a service has nothing to keep serving: all replicas at once.
    const surge = running.length === 0 ? plan.replicas : 1;
    const move = nextMove(fresh.length, old.length, plan.replicas, surge);
    if (move.kind === 'done') return;
    if (move.kind === 'add') await addAndProve(context, plan.service, existing, move.count);
    else await retire(context, plan.service, pickVictim(move.which === 'stale' ? old : fresh));
  }
}

async function addAndProve(
  context: RolloutContext,
  service: string,
  existing: readonly Container[],
  count: number,
): Promise<void> {
  context.log(`${service}: starting ${count} new container(s)`);
  const ids = await addContainers(context, service, existing, count);
  await startContainers(context, ids);
  await waitUntilHealthy(context, service, ids);
  await context.journal.append('healthy', { service, ids });
}

/** Unhealthy and often restarted ones go first, then the oldest. */
function pickVictim(candidates: readonly Container[]): Container {
  const badness = (container: Container): number =>
    (container.health?.status === 'unhealthy' ? 1000 : 0) + container.restartCount;
  const [victim] = [...candidates].sort((a, b) => badness(b) - badness(a) || a.createdAt.localeCompare(b.createdAt));
  if (victim === undefined)
    throw new RolloutError({ code: 'CONCURRENT_CHANGE', message: 'the container to retire is gone.' });
  return victim;
}

async function retire(context: RolloutContext, service: string, container: Container): Promise<void> {
  context.log(`${service}: draining and stopping ${container.name}`);
  await drainAndStop(context, container);
  await removeContainers(context, service, [container.id]);
}

/** Old away, then new: a service of which two cannot run. Downtime, as the plan said. */
async function stopFirst(context: RolloutContext, plan: ServicePlan): Promise<void> {
  context.log(`${plan.service}: stop-first (${plan.reason})`);
  for (const container of await observeService(context, plan.service)) await drainAndStop(context, container);
  const ids = await recreateContainers(context, plan.service);
  await startContainers(context, ids);
  await waitUntilHealthy(context, plan.service, ids);
  await context.journal.append('healthy', { service: plan.service, ids });
}
