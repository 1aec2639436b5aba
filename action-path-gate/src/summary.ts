import { cell, code, table } from '@deploy-actions/kit/action/markdown';
import type { Changes, GroupDecision } from './decision.ts';

const shownFiles = 5;

/** The job summary: which groups run, why, and the first files that said so. */
export function renderSummary(decisions: readonly GroupDecision[], changes: Changes): string {
  const rows = decisions.map(({ name, isChanged, matched, why }) => [
    cell(name),
    isChanged ? '✅ runs' : '➖ does not',
    cell(why),
    renderFiles(matched),
  ]);
  const note = changes.kind === 'incomplete' ? `\nNot all changed files are known: ${cell(changes.reason)}\n` : '';
  return `### What changed\n\n${table(['Group', '', 'Why', 'Files'], rows)}${note}\n`;
}

function renderFiles(paths: readonly string[]): string {
  const shown = paths.slice(0, shownFiles).map(code);
  return paths.length > shownFiles
    ? `${shown.join('<br>')}<br>and ${paths.length - shownFiles} more`
    : shown.join('<br>');
}
