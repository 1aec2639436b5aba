import { block, cell, code, table } from '@deploy-actions/kit/action/markdown';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { hasDowntime } from '@deploy-actions/kit/plan/plan-assessment';
import { describeNote } from '@deploy-actions/kit/plan/plan-note';
import type { Settled } from './recovery.ts';
import type { Report } from './report.ts';
import type { RolloutPlan } from '@deploy-actions/kit/plan/rollout-plan';

/** The plan as aligned lines for the log. */
export function logPlan(log: (line: string) => void, plan: RolloutPlan): void {
  const width = Math.max(0, ...plan.services.map(({ service }) => service.length));
  log('Plan:');
  for (const { service, action, reason, replicas } of plan.services)
    log(`  ${service.padEnd(width)}  ${action.padEnd(11)}  ${replicas} replica(s)  ${reason}`);
  for (const orphan of plan.orphans)
    log(`  ${orphan.padEnd(width)}  left alone   runs, but the compose files do not have it`);
  for (const note of plan.notes ?? []) log(`  ${describeNote(note)}`);
}

const icons: Readonly<Record<Report['outcome'], string>> = {
  planned: '📋',
  noop: '✅',
  deployed: '✅',
  recovered: '🩹',
  rolled_back: '↩️',
  cancelled: '↩️',
  rollback_failed: '🛑',
  refused: '🛑',
  unknown: '❓',
};

/** `settled deploy 20260101T…: undone`, for log and summary. */
export function describeSettled({ deployId, how }: Settled): string {
  return `settled deploy ${deployId}, which had not reached its end: ${how}`;
}

/** The job summary: outcome, plan, from → to, time per phase, and the failure with its evidence. Pure. */
export function renderSummary(report: Report): string {
  const { outcome, project, host, failure, plan, timings } = report;
  const parts = [
    `### ${icons[outcome]} Rolling deploy: ${outcome.replaceAll('_', ' ')} – ${cell(project)} on ${cell(host)}\n`,
    `${cell(report.nowServing)}\n`,
    ...(report.settled === undefined ? [] : [`${cell(describeSettled(report.settled))}\n`]),
  ];
  if (plan !== undefined) parts.push(renderPlan(report, plan));
  if (failure !== undefined) {
    parts.push(`**${cell(failure.code)}**: ${cell(failure.message)}\n`);
    if (failure.hint !== undefined) parts.push(`${cell(failure.hint)}\n`);
    if (failure.evidence.length > 0)
      parts.push(`<details><summary>Evidence</summary>\n\n${block(failure.evidence)}\n</details>\n`);
  }
  const phases = Object.entries(timings).map(([phase, ms]) => `${phase} ${formatDuration(ms)}`);
  parts.push(`Deploy ${code(report.deployId)} · ${phases.join(' · ')}\n`);
  return parts.join('\n');
}

function renderPlan(report: Report, plan: RolloutPlan): string {
  const rows = plan.services.map((entry) => [
    cell(entry.service),
    entry.action,
    hasDowntime(entry) ? 'about its boot time' : 'none',
    cell(entry.reason),
    code(shortRef(report.previousDigests[entry.service])),
    code(shortRef(report.digests[entry.service])),
  ]);
  const notes = (plan.notes ?? []).map((note) => `- ${cell(describeNote(note))}\n`);
  return (
    table(['Service', 'Action', 'Downtime', 'Why', 'Before', 'Now'], rows) +
    (notes.length === 0 ? '' : `\n${notes.join('')}`)
  );
}

/** `repo@sha256:abcdef012345`, or the tag as it is. */
function shortRef(ref: string | undefined): string {
  return ref === undefined ? '–' : ref.replaceAll(/(@sha256:[0-9a-f]{12})[0-9a-f]+/g, '$1…');
}
