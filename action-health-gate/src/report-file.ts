import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeTarget, vantageOf } from './check.ts';
import type { GateError } from './error.ts';
import type { GateOutcome } from './gate.ts';
import { isGreen, percentile95 } from './progress.ts';
import { describeMiss } from './report.ts';

/** The whole outcome as JSON, for later steps and for artifacts; texts in it are redacted as in the log. Pure. */
export function renderReport(outcome: GateOutcome, error: GateError | undefined): string {
  const checks = outcome.progress.map((progress) => {
    const { check, tries, successes, streak, latenciesMs, lastMiss, observedSha, lastSuccess, turn } = progress;
    return {
      name: check.name,
      type: check.question.type,
      target: describeTarget(check.target),
      via: vantageOf(check.target),
      green: isGreen(progress),
      allowFailure: check.isAllowedToFail,
      streak,
      threshold: check.pace.successThreshold,
      tries,
      successes,
      p95Ms: percentile95(latenciesMs) ?? null,
      observedSha: observedSha ?? null,
      reason: isGreen(progress) ? null : describeMiss(progress),
      lastError: lastMiss?.reason ?? null,
      lastHealthy: lastSuccess === undefined ? null : { ...lastSuccess, observedSha: lastSuccess.observedSha ?? null },
      turn: turn ?? null,
    };
  });
  const report = {
    result: outcome.result,
    errorCode: error?.code ?? null,
    message: error?.message ?? null,
    elapsedMs: Math.round(outcome.elapsedMs),
    checks,
    logMatches: outcome.logMatches,
    evidence: error?.evidence ?? [],
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Writes the report into a folder of its own and gives its path; the runner empties RUNNER_TEMP after the job. */
export async function writeReport(temporaryFolder: string, text: string): Promise<string> {
  const path = join(await mkdtemp(join(temporaryFolder, 'health-gate-')), 'report.json');
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
