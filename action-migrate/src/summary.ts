import { block, cell, code, table } from '@deploy-actions/kit/action/markdown';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { explainExitCode } from './exit-code.ts';
import type { CommandOutcome, CommandResult, MigrationResult, RecordedBackup } from './result.ts';
import type { RunPlan } from './run-plan.ts';

const titles: Readonly<Record<MigrationResult['status'], string>> = {
  applied: '✅ Migration: done',
  'nothing-pending': '✅ Migration: nothing to do',
  failed: '❌ Migration: stopped',
  'timed-out': '❌ Migration: stopped by its time limit',
  unknown: '⚠️ Migration: end unknown',
};

const outcomes: Readonly<Record<CommandOutcome, string>> = {
  done: '✅ done',
  'done-before': '✅ done in an earlier attempt',
  failed: '❌ failed',
  'timed-out': '❌ timed out',
  unknown: '⚠️ unknown',
  skipped: '✅ applied earlier',
  'not-run': '– not run',
};

/** The job summary: a table that says what ran, and the end of the log where something went wrong. */
export function renderSummary(plan: RunPlan, host: string, result: MigrationResult): string {
  const rows = result.commands.map((command) => [
    String(command.number),
    code(command.text),
    outcomes[command.outcome],
    describeResultCode(command),
    command.durationMs === undefined ? '' : formatDuration(command.durationMs),
  ]);
  const what = plan.isSql ? 'SQL files' : `${code(plan.image)} as service ${code(plan.service)}`;
  const where = `${what} on ${cell(host)}, ${formatDuration(result.durationMs)} in all.`;
  const parts = [`### ${titles[result.status]}`, '', where, ''];
  if (result.status === 'nothing-pending' && result.commands.length === 0)
    parts.push('The pending check ended with 0: no command was run.', '');
  else parts.push(table(['#', plan.isSql ? 'File' : 'Command', 'Result', 'Exit code', 'Time'], rows));
  if (result.error === undefined)
    parts.push('Nothing was restarted: what served before this step still serves. The rollout is next.', '');
  else parts.push(`${cell(result.error.message)} ${cell(result.error.hint ?? '')}`, '');
  if (result.backup !== undefined) parts.push(...renderBackup(result.backup));
  if (result.error !== undefined && result.tail.length > 0)
    parts.push('Last lines of its log:', '', block(result.tail));
  return `${parts.join('\n')}\n`;
}

function renderBackup({ path, bytes, sha256, check, restoreCommand }: RecordedBackup): readonly string[] {
  const proof = check === undefined ? '⚠️ not proved readable' : `proved: ${check}`;
  const size = bytes < 1024 * 1024 ? `${bytes} bytes` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  const line = `Backup from before: ${code(path)}, ${size}, sha256 ${code(sha256)}, ${cell(proof)}.`;
  if (restoreCommand === '') return [line, ''];
  return [
    line,
    '',
    'To restore it (on the server, with the app stopped; what was written since is lost):',
    '',
    block([restoreCommand]),
    '',
  ];
}

function describeResultCode({ exitCode }: CommandResult): string {
  if (exitCode === undefined) return '';
  const meaning = explainExitCode(exitCode, false);
  return meaning === undefined ? String(exitCode) : `${exitCode} (${cell(meaning)})`;
}
