import { describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import { block, cell, code } from '@deploy-actions/kit/action/markdown';
import { MigrateError } from './error.ts';
import { interruptionOf } from './interruption.ts';
import type { RecordedBackup } from './result.ts';

/** How far the step came, for the words about a failure that left no result. */
export interface Progress {
  /** `local`: nothing connected. `preparing`: nothing was started. `acting`: a command or a file may have begun. */
  stage: 'local' | 'preparing' | 'acting' | 'reported';
  backup?: RecordedBackup;
}

/** What a failure before the first command was: the step's own error, or why it was told to stop. */
export function nameFailure(thrown: unknown, signal: AbortSignal, { stage }: Progress): unknown {
  const interruption = interruptionOf(signal, thrown);
  if (interruption === undefined || stage === 'reported') return thrown;
  const state =
    stage === 'acting'
      ? 'Whether a command had begun is unknown.'
      : 'No command and no file was started, so the database is as it was.';
  return new MigrateError({
    code: interruption.code,
    message: `${interruption.what}. ${state}`,
    hint: `${interruption.advice}Run the job again when you want it.`,
    cause: thrown,
  });
}

const applied: Readonly<Record<Progress['stage'], string>> = {
  local: 'nothing: the server was not contacted.',
  preparing: 'nothing: no command and no file of this step was started.',
  acting: 'unknown: a command may have begun. A re-run attaches to what still runs, and reports what ended.',
  reported: '',
};

/** The job summary of a step that stopped without a result: what was applied, what serves, where the backup is, what to do. */
export function renderRefusal(thrown: unknown, { stage, backup }: Progress): string {
  const known = isDeployError(thrown) ? thrown : undefined;
  const title = stage === 'acting' ? '⚠️ Migration: end unknown' : '❌ Migration: not started';
  const lines = [
    `### ${title}`,
    '',
    `${code(known?.code ?? 'BUG')}: ${cell(known?.message ?? `unexpected error: ${describeThrown(thrown)}`)}`,
    '',
    `- **Applied**: ${applied[stage]}`,
    '- **Serves**: the version from before; nothing was restarted.',
    `- **Backup**: ${backup === undefined ? 'none of this run.' : `${code(backup.path)}; nothing was restored.`}`,
    `- **Next**: ${cell(known === undefined ? 'This is a defect of the action; please report it with the log.' : (known.hint ?? 'put right what the message names, then run the job again.'))}`,
    '',
  ];
  const evidence = known?.evidence ?? [];
  if (evidence.length > 0) lines.push(block(evidence), '');
  return `${lines.join('\n')}\n`;
}
