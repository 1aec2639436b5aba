import type { Runner } from '@deploy-actions/kit/action/runner';
import { hasApplied, type MigrationResult } from './result.ts';
import type { RunPlan } from './run-plan.ts';
import { renderSummary } from './summary.ts';

/** The outputs as they stand when the step is refused before it runs anything; {@link report} replaces them. */
export function presetOutputs(runner: Runner, isReversible: boolean): void {
  runner.output('applied', 'false');
  runner.output('status', 'refused');
  runner.output('reversible', String(isReversible));
  runner.output('backup-path', '');
  runner.output('findings', '[]');
}

const notRun: ReadonlySet<string> = new Set(['not-run', 'done-before', 'skipped']);

/** Outputs and job summary of what happened. */
export async function report(runner: Runner, plan: RunPlan, host: string, result: MigrationResult): Promise<void> {
  const ran = result.commands.filter(({ outcome }) => !notRun.has(outcome));
  const broken = result.commands.find(({ outcome }) => ['failed', 'timed-out', 'unknown'].includes(outcome));
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
  if (backup !== undefined) {
    runner.output('backup-path', backup.path);
    runner.output('backup-sha256', backup.sha256);
    runner.output('backup-bytes', String(backup.bytes));
    runner.output('backup-verified', String(backup.check !== undefined));
    runner.output('restore-command', backup.restoreCommand);
  }
  await runner.summary(renderSummary(plan, host, result));
}

function exitCodeOf(result: MigrationResult, broken: number | undefined): string {
  if (result.error !== undefined) return broken === undefined ? '' : String(broken);
  return result.commands.length === 0 ? '' : '0';
}
