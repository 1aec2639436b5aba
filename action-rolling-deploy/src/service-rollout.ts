import type { Container } from '@deploy-actions/kit/compose/container';
import { runBatch } from '@deploy-actions/kit/host/batch';
import { addContainers, recreateContainers, removeLeftovers, startAgain, startCreated } from './container-moves.ts';
import { holdAfterStart, refuseLapsed, waitUntilHealthy } from './container-wait.ts';
import { drainAndStop, retire } from './drain.ts';
import { ownContainers, type RolloutContext } from './rollout-context.ts';
import { quiesce } from './quiesce.ts';
import { nextMove } from './rollout-moves.ts';
import { hasEnded, type ServicePlan } from '@deploy-actions/kit/plan/rollout-plan';

const admitTimeoutMs = 120_000;

/** Brings one service to its plan. Throws with the new containers still there; the caller takes the way back. */
export async function rollService(context: RolloutContext, plan: ServicePlan): Promise<void> {
  // What left the files goes with the commit: until then the way back may need it.
  if (plan.action === 'remove') return;
  if (plan.leftovers.length > 0) {
    context.log(`${plan.service}: removing ${plan.leftovers.length} ended container(s)`);
    await removeLeftovers(context, plan.service, plan.leftovers);
  }
  switch (plan.action) {
    case 'unchanged':
    case 'skip':
      return;
    case 'stop-first':
    case 'restart':
      await (plan.stopFirst === 'in-place' ? replaceInPlace(context, plan) : roll(context, plan));
      break;
    case 'create':
      await startStopped(context, plan);
      await roll(context, plan);
      break;
    case 'start-first':
    case 'scale':
      await roll(context, plan);
      break;
  }
  await context.route.settle(plan.service);
}

/** Containers of the wanted configuration that somebody stopped are started again, not replaced: they may own data. */
async function startStopped(context: RolloutContext, plan: ServicePlan): Promise<void> {
  const stopped = ownContainers(context, plan.service).filter(hasEnded).slice(0, plan.replicas);
  if (stopped.length === 0) return;
  context.log(`${plan.service}: starting ${stopped.map((container) => container.name).join(', ')} again`);
  const ids = stopped.map((container) => container.id);
  await waitUntilHealthy(context, plan.service, await startAgain(context, plan.service, ids));
}

/**
 * New beside old, proved, then old away: one move at a time, each from what the one before it left. A service that is
 * stopped first goes the same way without a surge.
 */
async function roll(context: RolloutContext, plan: ServicePlan): Promise<void> {
  const stale = new Set(plan.stale);
  const { parallelism, maxSurge } = context.options;
  for (;;) {
    context.signal.throwIfAborted();
    const existing = ownContainers(context, plan.service);
    const running = existing.filter((container) => !hasEnded(container));
    const old = running.filter((container) => stale.has(container.id));
    const fresh = running.filter((container) => !stale.has(container.id));
    // The first deploy of a service has nothing to keep serving: all replicas at once.
    const isFirst = running.length === 0 && plan.stopFirst === undefined;
    const surge = isFirst ? plan.replicas : plan.stopFirst === undefined ? maxSurge : 0;
    const move = nextMove(fresh.length, old.length, plan.replicas, surge, parallelism);
    if (move.kind === 'done') return;
    if (move.kind === 'add') {
      await addAndProve(context, plan.service, existing, move.count);
      continue;
    }
    const victims = pickVictims(move.which === 'stale' ? old : fresh, move.count);
    const staying = running.filter((container) => !victims.includes(container));
    const needs = staying.flatMap(({ id, status }) => (stale.has(id) || status !== 'running' ? [] : [id]));
    // While others booted or drained, one that was proved may have failed: it is no reason to let an old one go.
    await refuseLapsed(context, plan.service, existing);
    for (const victim of victims) {
      context.proved.delete(victim.id);
      await quiesceWorker(context, plan, victim);
      // Somebody may have taken the new ones away since the last look.
      await retire(context, victim, staying, needs);
    }
  }
}

/** A worker that is not well has no job to end. */
async function quiesceWorker(context: RolloutContext, plan: ServicePlan, container: Container): Promise<void> {
  const isWell = container.status === 'running' && (container.health?.status ?? 'healthy') === 'healthy';
  if (plan.worker?.kind === 'quiesce' && isWell) await quiesce(context, plan.worker, container);
}

async function addAndProve(
  context: RolloutContext,
  service: string,
  existing: readonly Container[],
  count: number,
): Promise<void> {
  context.log(`${service}: starting ${count} new container(s)`);
  const made = await addContainers(context, service, existing, count);
  await startAndProve(context, service, made);
}

async function startAndProve(context: RolloutContext, service: string, made: readonly Container[]): Promise<void> {
  const ids = made.map(({ id }) => id);
  const since = context.clock.now();
  const hold = holdAfterStart(context.clock, ids, context.options.healthTimeoutMs);
  const started = await startCreated(context, service, ids, context.route.hide(service, made), [hold]);
  await waitUntilHealthy(context, service, started, since);
  for (const id of ids) context.proved.set(id, service);
  const fresh = ownContainers(context, service).filter(({ id }) => ids.includes(id));
  const joins = context.route.admit(service, fresh);
  const [, ...results] = await runBatch(context.host, [context.journal.line('healthy', { service, ids }), ...joins], {
    timeoutMs: admitTimeoutMs,
  });
  joins.forEach((part, index) => {
    const result = results[index];
    if (result !== undefined) part.onDone?.(result);
  });
  await context.route.met(service, fresh);
}

/** Unhealthy and often restarted ones go first, then the oldest. */
function pickVictims(candidates: readonly Container[], count: number): readonly Container[] {
  const badness = (container: Container): number =>
    (container.health?.status === 'unhealthy' ? 1000 : 0) + container.restartCount;
  return [...candidates]
    .sort((a, b) => badness(b) - badness(a) || a.createdAt.localeCompare(b.createdAt))
    .slice(0, count);
}

/** Old away, then new: a service of which two cannot run. Downtime, as the plan said. */
async function replaceInPlace(context: RolloutContext, plan: ServicePlan): Promise<void> {
  context.log(`${plan.service}: ${plan.action} (${plan.reason})`);
  for (const container of ownContainers(context, plan.service)) {
    if (hasEnded(container)) continue;
    await quiesceWorker(context, plan, container);
    await drainAndStop(context, container);
  }
  const existing = ownContainers(context, plan.service);
  await startAndProve(context, plan.service, await recreateContainers(context, plan.service, existing));
}
