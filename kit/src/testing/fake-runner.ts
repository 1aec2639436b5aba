import { redact } from '../action/secrets.ts';
import type { Runner } from '../action/runner.ts';

/** What a step did to its runner. */
export interface FakeRunner extends Runner {
  readonly outputs: ReadonlyMap<string, string>;
  readonly masks: readonly string[];
  /** Every line of the log with its level: `info: …`, `warning: …`, `fail: …`. */
  readonly lines: readonly string[];
  /** Log, outputs and summary in one text as they were written, before any mask was applied: for leak tests. */
  readonly rawText: () => string;
  /** The log as a person sees it: masked. */
  readonly shownText: () => string;
  readonly summaryText: () => string;
  readonly hasFailed: () => boolean;
}

/** A runner in memory. Inputs are named as in action.yml; defaults of action.yml are the test's business. */
export function fakeRunner(
  inputs: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
): FakeRunner {
  const outputs = new Map<string, string>();
  const state = new Map<string, string>();
  const masks: string[] = [];
  const lines: string[] = [];
  const summaries: string[] = [];
  const log =
    (level: string) =>
    (line: string): void => {
      lines.push(`${level}: ${line}`);
    };
  return {
    outputs,
    masks,
    lines,
    rawText: () => [...lines, ...outputs.values(), ...summaries].join('\n'),
    shownText: () => redact(lines.join('\n'), masks),
    summaryText: () => summaries.join(''),
    hasFailed: () => lines.some((line) => line.startsWith('fail: ')),
    input: (name) => inputs[name] ?? '',
    env: (name) => environment[name] || undefined,
    output: (name, value) => {
      outputs.set(name, value);
    },
    saveState: (name, value) => {
      state.set(name, value);
    },
    state: (name) => state.get(name) ?? '',
    mask: (line) => {
      masks.push(line);
    },
    info: log('info'),
    debug: log('debug'),
    notice: log('notice'),
    warning: log('warning'),
    error: log('error'),
    fail: log('fail'),
    annotate: (level, message, { title, file, line }) => {
      lines.push(`${level}: ${file}:${line}: ${title}: ${message}`);
    },
    group: (title, body) => {
      lines.push(`group: ${title}`);
      return body();
    },
    summary: (markdown) => {
      summaries.push(markdown);
      return Promise.resolve();
    },
  };
}
