import type { Runner } from '@deploy-actions/kit/action/runner';
import { renderRefusal, type Progress } from './refusal.ts';
import { hasApplied, type MigrationResult, type RecordedBackup } from './result.ts';
import type { RunPlan } from './run-plan.ts';
import { renderSummary } from './summary.ts';

/** The outputs as they stand when the step is refused before it runs anything; {@link report} replaces them. */
export function presetOutputs(runner: Runner): void {
  runner.output('applied', 'false');
  runner.output('status', 'refused');
  runner.output('reversible', 'true');
  runner.output('backup-path', '');
  runner.output('findings', '[]');
}

const notRun: ReadonlySet<string> = new Set(['not-run', 'done-before', 'skipped']);

/** Job summary of a step that failed without a result, and the outputs that are known all the same. */
export async function reportRefusal(runner: Runner, progress: Progress, thrown: unknown): Promise<void> {
  if (progress.stage === 'reported') return;
  if (progress.stage === 'acting') runner.output('status', 'unknown');
  if (progress.backup !== undefined) reportBackup(runner, progress.backup);
  await runner.summary(renderRefusal(thrown, progress));
}

/** Outputs and job summary of what happened. */
export async function report(runner: Runner, plan: RunPlan, host: string, result: MigrationResult): Promise<void> {
  const ran = result.commands.filter(({ outcome }) => !notRun.has(outcome));
  const broken =
    result.commands.find(({ outcome }) => ['failed', 'timed-out', 'unknown'].includes(outcome)) ??
    (result.error === undefined ? undefined : result.commands.find(({ outcome }) => outcome === 'not-run'));
  const { backup } = result;
  runner.output('applied', String(hasApplied(result)));
  runner.output('status', result.status);
  runner.output('commands-run', String(ran.length));
  runner.output('failed-command', broken?.text ?? '');
  runner.output('exit-code', exitCodeOf(result, broken?.exitCode));
  runner.output('duration-ms', String(Math.round(result.durationMs)));
  runner.output(
    'applied-files',
    plan.isSql
      ? ran
          .filter(({ outcome }) => outcome === 'done')
          .map(({ text }) => text)
          .join('\n')
      : '',
  );
  runner.output('sqlstate', /SQLSTATE ([0-9A-Z]{5})/.exec(result.error?.message ?? '')?.[1] ?? '');
  if (backup !== undefined) reportBackup(runner, backup);
  await runner.summary(renderSummary(plan, host, result));
}

function reportBackup(runner: Runner, { path, sha256, bytes, check, restoreCommand }: RecordedBackup): void {
  runner.output('backup-path', path);
  runner.output('backup-sha256', sha256);
  runner.output('backup-bytes', String(bytes));
  runner.output('backup-verified', String(check !== undefined));
  runner.output('restore-command', restoreCommand);
}

function exitCodeOf(result: MigrationResult, broken: number | undefined): string {
  if (result.error !== undefined) return broken === undefined ? '' : String(broken);
  return result.commands.length === 0 ? '' : '0';
}
