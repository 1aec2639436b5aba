import { block, cell, table } from '@deploy-actions/kit/action/markdown';
import type { Check, Checkup, CheckVerdict } from './checkup.ts';

const marks: Readonly<Record<CheckVerdict, string>> = { ok: '✅', warn: '⚠️', fail: '❌' };
const words: Readonly<Record<CheckVerdict, string>> = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' };

/** The checkup as lines for the log. Pure. */
export function checkupLines({ checks, knownHosts }: Checkup): readonly string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  return [
    ...checks.flatMap(({ name, verdict, observed, next }) => [
      `${words[verdict]}  ${name.padEnd(width)}  ${observed}`,
      ...(next === '' ? [] : [`${' '.repeat(width + 8)}→ ${next}`]),
    ]),
    ...(knownHosts.length === 0 ? [] : ['Lines for known-hosts, as the server’s own files have them:', ...knownHosts]),
    concludeCheckup(checks),
  ];
}

/** The job summary. Pure. */
export function renderCheckup({ checks, knownHosts }: Checkup, host: string): string {
  const rows = checks.map(({ name, verdict, observed, next }) => [
    marks[verdict],
    cell(name),
    cell(observed),
    cell(next),
  ]);
  const keys =
    knownHosts.length === 0
      ? ''
      : `\nLines for \`known-hosts\`, as the server’s own files have them:\n\n${block(knownHosts)}`;
  return `### 🩺 Checkup of ${cell(host)}\n\n${concludeCheckup(checks)}\n\n${table(['', 'What', 'Found', 'To do'], rows)}${keys}`;
}

/** One sentence: can this server be deployed to? Pure. */
export function concludeCheckup(checks: readonly Check[]): string {
  const count = (verdict: CheckVerdict): number => checks.filter((check) => check.verdict === verdict).length;
  const [failed, warned] = [count('fail'), count('warn')];
  if (failed > 0) return `Not ready: ${String(failed)} of ${String(checks.length)} checks failed. Nothing was changed.`;
  if (warned > 0)
    return `Ready, with ${String(warned)} thing${warned === 1 ? '' : 's'} to look at. Nothing was changed.`;
  return 'Ready for a deploy. Nothing was changed.';
}
