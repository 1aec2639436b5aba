import type { ServicePlan } from './rollout-plan.ts';
import { formatSize } from './byte-size.ts';
import type { ModelDetails, ServiceDetails } from './model-details.ts';
import type { PlanNote } from './plan-note.ts';
import type { ServerFacts } from './server-facts.ts';

/** What one service needs beyond what runs, while it is replaced. */
export interface Surge {
  readonly service: string;
  readonly bytes: number;
  readonly copies: number;
}

/** A new copy may need a little more than the running one, which has given back what it needed to boot. */
const growth = 1.25;
/** Less than this much more than what is needed is called tight. */
const comfort = 1.2;

/**
 * The memory that each service needs for copies beside the running ones. One copy needs what a running one uses, a
 * quarter more; not more than its limit, and not less than its reservation. A limit alone is no estimate where a copy
 * runs: people set it far above what the app uses, and a refusal for memory that nobody takes would be wrong. Where none
 * runs and neither is set nothing is known, and nothing is said. Pure.
 */
export function estimateSurges(
  services: readonly ServicePlan[],
  details: ModelDetails,
  facts: ServerFacts,
  maxSurge: number,
): readonly Surge[] {
  return services.flatMap((plan) => {
    const copies = extraCopies(plan, maxSurge);
    const running = [...plan.fresh, ...plan.stale].flatMap((id) => facts.containers[id]?.memory ?? []);
    const one = copies === 0 ? undefined : needOfOne(details.services[plan.service], running);
    return one === undefined ? [] : [{ service: plan.service, copies, bytes: one * copies }];
  });
}

function extraCopies(plan: ServicePlan, maxSurge: number): number {
  const running = plan.fresh.length + plan.stale.length;
  const missing = Math.max(0, plan.replicas - running);
  switch (plan.action) {
    case 'restart':
      return plan.worker?.kind === 'overlap' ? Math.max(missing, 1) : 0;
    case 'start-first':
      return Math.max(missing, Math.min(maxSurge, plan.replicas));
    case 'create':
    case 'scale':
      return missing;
    default:
      return 0;
  }
}

function needOfOne(service: ServiceDetails | undefined, running: readonly number[]): number | undefined {
  const { memoryLimit = Infinity, memoryReservation = 0 } = service ?? {};
  const used = running.length === 0 ? undefined : Math.max(...running) * growth;
  const need = Math.max(memoryReservation, Math.min(memoryLimit, used ?? memoryLimit));
  return Number.isFinite(need) && need > 0 ? need : undefined;
}

/**
 * Says what the surge needs and what there is. Refused only when the largest single need exceeds what is available, swap
 * included: then even one service at a time would push the server into the killer of processes. Pure.
 */
export function assessMemory(surges: readonly Surge[], facts: ServerFacts, isEnforced: boolean): readonly PlanNote[] {
  const { memory } = facts;
  if (surges.length === 0) return [];
  if (memory === undefined) return [{ level: 'info', text: 'how much memory is free could not be read' }];
  const available = formatSize(memory.available);
  const swap = memory.swapFree === 0 ? '' : ` and ${formatSize(memory.swapFree)} of swap`;
  const together: readonly PlanNote[] = hasRoomSideBySide(surges, facts)
    ? []
    : [
        {
          level: 'info',
          text: `one service after the other: side by side they would need about ${formatSize(sumOf(surges))}`,
        },
      ];
  const notes = surges.map((surge): PlanNote => {
    const { service } = surge;
    const needs = `needs about ${formatSize(surge.bytes)} for ${describeCopies(surge)} of ${service}; ${available}${swap} available`;
    if (surge.bytes > memory.available + memory.swapFree)
      return isEnforced
        ? { level: 'refusal', code: 'NO_HEADROOM', service, text: needs, hint: headroomHint(service) }
        : { level: 'warning', service, text: `${needs}; going on, as the input headroom says` };
    if (surge.bytes * comfort > memory.available)
      return { level: 'warning', service, text: `${needs}: tight, the server may swap while both run` };
    return { level: 'info', service, text: needs };
  });
  return [...notes, ...together];
}

function describeCopies(surge: Surge): string {
  return surge.copies === 1 ? 'the second copy' : `${surge.copies} more copies`;
}

function headroomHint(service: string): string {
  return (
    `Free memory or add swap; or let ${service} be replaced in place by the label deploy-actions.role: worker (its downtime ` +
    'is about its boot time); or set `headroom: warn`.'
  );
}

/** Whether all services may roll side by side: one alone always may; else the sum must fit into what is available. Pure. */
export function hasRoomSideBySide(surges: readonly Surge[], facts: ServerFacts): boolean {
  return surges.length < 2 || facts.memory === undefined || sumOf(surges) * comfort <= facts.memory.available;
}

function sumOf(surges: readonly Surge[]): number {
  return surges.reduce((total, { bytes }) => total + bytes, 0);
}
