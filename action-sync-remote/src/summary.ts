import { cell, code, table } from '@deploy-actions/kit/action/markdown';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { formatBytes } from './byte-size.ts';
import { describeEnding, describePinned, type Report } from './report.ts';

/** More names than these help nobody; deletions are all shown, as far as they go into a job summary (1 MiB for a step). */
const mostNames = 50;
const longestDeletions = 768 * 1024;

/** The part of the job summary. */
export function renderSummary(report: Report): string {
  const { transfer } = report;
  const unchanged = report.totalFiles - transfer.added.length - transfer.changed.length;
  const sent = transfer.send.reduce((sum, file) => sum + file.size, 0);
  const rows = [
    ['Added', String(transfer.added.length)],
    ['Changed', String(transfer.changed.length)],
    ['Unchanged', String(unchanged)],
    ['Deleted', String(transfer.deleted.length)],
    ['Protected, left out', String(report.leftOut.length)],
    ...(report.envPath === undefined
      ? []
      : [[`Env file ${code(report.envPath)}`, report.isEnvNew ? 'new' : 'as it was']]),
    ['Size of the set', formatBytes(report.totalBytes)],
    [
      report.ending.kind === 'dry-run' ? 'Would be sent' : 'Sent',
      formatBytes(report.ending.kind === 'dry-run' ? sent : report.sentBytes),
    ],
    ['Time', formatDuration(report.durationMs)],
  ];
  return [
    `### Files → ${cell(report.hostName)}:${cell(report.deployPath)}\n`,
    `${cell(describeEnding(report))}\n`,
    table(['Files', ''], rows),
    describePinned(report)
      .map((line) => `- ${cell(line)}\n`)
      .join(''),
    names('Added', transfer.added, mostNames),
    names('Changed', transfer.changed, mostNames),
    names('Deleted', transfer.deleted, fitting(transfer.deleted)),
    names('Kept on the server', report.kept, mostNames),
    names('Protected: neither sent nor touched', report.leftOut, mostNames),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** How many of these names go into the summary. */
function fitting(paths: readonly string[]): number {
  let bytes = 0;
  const first = paths.findIndex((path) => (bytes += Buffer.byteLength(code(path)) + 3) > longestDeletions);
  return first === -1 ? paths.length : first;
}

function names(title: string, paths: readonly string[], most: number): string {
  if (paths.length === 0) return '';
  const shown = paths.slice(0, most).map((path) => `- ${code(path)}`);
  const more = paths.length > most ? [`- … and ${paths.length - most} more, in the log`] : [];
  return `<details><summary>${title} (${paths.length})</summary>\n\n${[...shown, ...more].join('\n')}\n\n</details>\n`;
}
