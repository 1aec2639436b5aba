import { cell, code, table } from '@deploy-actions/kit/action/markdown';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { suggestAcknowledgement } from './acknowledgement.ts';
import { ruleOf } from './rule.ts';
import type { JudgedFinding, Verdict } from './verdict.ts';

/** A summary may hold 1 MiB; a row is below 1 kB. */
const mostRows = 500;

/** Annotations beside the files; in `warn`, nothing is called an error. */
export function annotateFindings(runner: Runner, { findings }: Verdict, lint: 'error' | 'warn'): void {
  for (const finding of findings) {
    const { rule, file, line, what, acknowledged } = finding;
    if (acknowledged !== undefined) {
      runner.info(`${file}:${line}: ${rule}: ${what}. Accepted: ${acknowledged}`);
      continue;
    }
    const { why, rewrite } = ruleOf(rule);
    const level = lint === 'error' ? finding.level : 'warning';
    runner.annotate(level, `${capital(what)}. ${why} Instead: ${rewrite}`, { title: rule, file, line });
  }
}

/** Every finding with its reason and its rewrite, in Markdown; empty when nothing was reviewed. */
export function renderVerdict(verdict: Verdict, lint: 'error' | 'warn'): string {
  const { findings, blocking, unused, files } = verdict;
  if (files === 0) return '';
  const open = findings.filter(({ acknowledged }) => acknowledged === undefined);
  const icon = blocking.length > 0 ? '❌' : open.length > 0 ? '⚠️' : '✅';
  const parts = [`### ${icon} SQL review: ${describeVerdict(verdict)}`, ''];
  if (findings.length > 0) {
    const rows = findings.slice(0, mostRows).map((finding) => findingRow(finding, lint));
    parts.push(table(['', 'Rule', 'Where', 'What it does', 'Why that is dangerous', 'Instead'], rows));
  }
  if (findings.length > mostRows) parts.push(`… and ${findings.length - mostRows} more findings, in the log.`, '');
  const lines = [
    ...new Set(open.flatMap((finding) => (isWorthALine(finding) ? (suggestAcknowledgement(finding) ?? []) : []))),
  ];
  if (lines.length > 0)
    parts.push(
      'To accept single findings, write them into `acknowledge`, each with its reason:',
      '',
      '```text',
      ...lines.slice(0, 50),
      '```',
      '',
    );
  for (const { rule, object } of unused)
    parts.push(`⚠️ The acknowledgement ${code(`${rule} ${object}`)} fits no finding any more.`, '');
  return `${parts.join('\n')}\n`;
}

function isWorthALine({ level }: JudgedFinding): boolean {
  return level === 'error';
}

/** In one line: how much was read and what was found. */
export function describeVerdict({ files, statements, findings, ignored }: Verdict): string {
  const count = (level: string): number =>
    findings.filter((finding) => finding.level === level && finding.acknowledged === undefined).length;
  const accepted = findings.filter(({ acknowledged }) => acknowledged !== undefined).length;
  const counts = [plural(count('error'), 'error'), plural(count('warning'), 'warning')];
  if (accepted > 0) counts.push(`${accepted} accepted`);
  if (ignored > 0) counts.push(`${ignored} taken back by comments`);
  return `${counts.join(', ')} in ${plural(statements, 'statement')} of ${plural(files, 'file')}`;
}

function findingRow(finding: JudgedFinding, lint: 'error' | 'warn'): readonly string[] {
  const { rule, file, line, what, acknowledged } = finding;
  const { why, rewrite, isIrreversible } = ruleOf(rule);
  const isError = finding.level === 'error' && lint === 'error';
  const icon = acknowledged !== undefined ? '✅ accepted' : isError ? '❌ error' : '⚠️ warning';
  const reason = acknowledged === undefined ? '' : ` Accepted: ${cell(acknowledged)}`;
  const wayBack = isIrreversible === true ? ' No way back to the version before.' : '';
  return [
    icon,
    code(rule),
    code(`${file}:${line}`),
    `${cell(capital(what))}.${reason}`,
    `${cell(why)}${wayBack}`,
    cell(rewrite),
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The output `findings`: JSON, bounded by what an output may hold. */
export function findingsOutput({ findings }: Verdict): string {
  return JSON.stringify(findings.slice(0, mostRows));
}
