import { cell, table } from '@deploy-actions/kit/action/markdown';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { vantageOf } from './check.ts';
import type { GateOutcome } from './gate.ts';
import { shortCommits } from './last-healthy.ts';
import { isFailed, isGreen, percentile95, type Progress } from './progress.ts';
import { describeMiss } from './report.ts';

/** The job summary of a gate: one row per check. */
export function renderSummary(outcome: GateOutcome): string {
  const isHealthy = outcome.result === 'healthy';
  const title = isHealthy ? '✅ Health gate: green' : '❌ Health gate: red';
  const rows = outcome.progress.map((progress) => row(progress, isHealthy));
  const log = outcome.logMatches.map((line) => `- ${cell(line)}\n`).join('');
  return `### ${title} after ${formatDuration(outcome.elapsedMs)}\n\n${log === '' ? '' : `${log}\n`}${table(
    [
      'Check',
      'Via',
      'Result',
      'Commit',
      'Streak',
      'Tries',
      'p95',
      ...(isHealthy ? [] : ['Last healthy']),
      'Last error',
    ],
    rows,
  )}\n`;
}

function row(progress: Progress, isHealthy: boolean): readonly string[] {
  const { check, streak, tries, latenciesMs, observedSha } = progress;
  const p95 = percentile95(latenciesMs);
  const lastError = isHealthy || isGreen(progress) ? (progress.lastMiss?.reason ?? '') : describeMiss(progress);
  return [
    cell(check.name),
    vantageOf(check.target),
    describeResult(progress),
    cell(shortCommits(observedSha)),
    `${Math.min(streak, check.pace.successThreshold)}/${check.pace.successThreshold}`,
    String(tries),
    p95 === undefined ? '' : `${p95} ms`,
    ...(isHealthy ? [] : [cell(tellLastHealthy(progress))]),
    cell(lastError),
  ];
}

function describeResult(progress: Progress): string {
  if (isGreen(progress)) return 'ok';
  const word = isFailed(progress) ? 'failed' : 'not healthy';
  return progress.check.isAllowedToFail ? `⚠️ ${word} (allowed)` : word;
}

/** `never`, `at the end`, or how far into the gate and at which time, because that is what the app's log has. */
function tellLastHealthy(progress: Progress): string {
  const { lastSuccess, last } = progress;
  if (lastSuccess === undefined) return 'never';
  if (last?.ok === true) return 'at the end';
  const { at, attempt } = lastSuccess;
  return `${at.toISOString().slice(0, 19)}Z, ${formatDuration(lastSuccess.afterMs)} into the gate (attempt ${attempt})`;
}
