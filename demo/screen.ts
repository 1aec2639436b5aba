import type { LogLine, StepResult } from '../lab/src/runner/index.ts';

const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

function paint(code: string, text: string): string {
  return isColoured ? `\u001B[${code}m${text}\u001B[0m` : text;
}

export const bold = (text: string): string => paint('1', text);
export const dim = (text: string): string => paint('2', text);
export const red = (text: string): string => paint('31', text);
export const green = (text: string): string => paint('32', text);
export const yellow = (text: string): string => paint('33', text);

/** Prints one line. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** A heading that parts the demo's acts. */
export function sayAct(title: string): void {
  say();
  say(bold(`━━ ${title} ${'━'.repeat(Math.max(4, 96 - title.length))}`));
}

const marks: Readonly<Record<StepResult['outcome'], string>> = {
  success: green('✔'),
  failure: red('✘'),
  cancelled: yellow('■'),
  skipped: dim('–'),
};

/** Shows steps as they run: a heading each, their groups indented, their summary, how they ended. */
export interface StepView {
  readonly line: (line: LogLine, step: { readonly name: string; readonly stage: 'main' | 'post' }) => void;
  readonly end: (result: StepResult) => void;
}

function formatLine(line: LogLine, depth: number): string {
  const indent = '  '.repeat(depth);
  switch (line.kind) {
    case 'group':
      return `${indent}${bold('▸')} ${line.text}`;
    case 'error':
      return red(`${indent}✘ ${line.text}`);
    case 'warning':
      return yellow(`${indent}! ${line.text}`);
    case 'notice':
      return `${indent}• ${line.text}`;
    case 'text':
    case 'debug':
    case 'endgroup':
      return `${indent}${line.text}`;
  }
}

function saySummary(summary: string): void {
  // Markdown's escapes are for its renderer, not for a terminal.
  const lines = summary
    .trim()
    .replace(/\\([_*`|[\]<>#\\])/g, '$1')
    .split('\n');
  if (summary.trim() === '') return;
  say(dim('      ┌ job summary'));
  for (const line of lines) say(dim(`      │ ${line}`));
  say(dim('      └'));
}

export function createStepView(): StepView {
  let heading: string | undefined;
  let isGrouped = false;
  const open = (title: string): void => {
    if (heading === title) return;
    heading = title;
    isGrouped = false;
    say();
    say(`  ${bold('●')} ${bold(title)}`);
  };
  return {
    line: (line, step) => {
      if (line.kind === 'debug') return;
      open(step.stage === 'post' ? `post of ${step.name.replace(/^Post /, '')}` : step.name);
      if (line.kind === 'endgroup') {
        isGrouped = false;
        return;
      }
      for (const text of line.text.split('\n'))
        say(formatLine({ ...line, text }, line.kind === 'group' ? 2 : isGrouped ? 4 : 3));
      if (line.kind === 'group') isGrouped = true;
    },
    end: (result) => {
      if (result.outcome === 'skipped' || result.name.startsWith('actions/checkout')) return;
      open(result.stage === 'post' ? `post of ${result.name.replace(/^Post /, '')}` : result.name);
      saySummary(result.summary);
      say(`    ${marks[result.outcome]} ${result.outcome} in ${seconds(result.durationMs)}`);
      heading = undefined;
    },
  };
}

/** Columns padded to their widest cell; the first row is the head. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows;
  return head === undefined ? '' : [bold(line(head)), ...body.map(line)].map((text) => `  ${text}`).join('\n');
}
