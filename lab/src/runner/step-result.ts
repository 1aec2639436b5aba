import type { StepCommands } from './log-reader.ts';

/** How a step ended, before continue-on-error. */
export type Outcome = 'success' | 'failure' | 'cancelled' | 'skipped';

/** What one step did; of a composite: of all its steps together, which are in `children`. */
export interface StepResult {
  readonly id: string;
  readonly name: string;
  readonly stage: 'main' | 'post';
  readonly outcome: Outcome;
  /** The outcome after continue-on-error. */
  readonly conclusion: Outcome;
  /** null when no process ran, or a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly outputs: Readonly<Record<string, string>>;
  /** What was written to GITHUB_STEP_SUMMARY, masked. */
  readonly summary: string;
  /** As a person sees it: masked, `##[group]` and the like in place of commands. */
  readonly log: string;
  /** What the process wrote, unmasked, without its `::add-mask::` lines. */
  readonly rawLog: string;
  readonly commands: StepCommands;
  /** What the step exported through GITHUB_ENV. */
  readonly exported: Readonly<Record<string, string>>;
  /** What the step saved for its post step. */
  readonly state: Readonly<Record<string, string>>;
  readonly durationMs: number;
  /** Of its processes alone, without what the runner does before and after; see ProcessEnd. */
  readonly processMs: number;
  readonly children: readonly StepResult[];
}

const noCommands: StepCommands = { errors: [], warnings: [], notices: [], groups: [], debug: [], masks: [] };

/** A result in which nothing ran, with what is known of it in `facts`. */
export function emptyResult(facts: Pick<StepResult, 'id' | 'name' | 'outcome'> & Partial<StepResult>): StepResult {
  return {
    stage: 'main',
    conclusion: facts.outcome,
    exitCode: null,
    signal: null,
    outputs: {},
    summary: '',
    log: '',
    rawLog: '',
    commands: noCommands,
    exported: {},
    state: {},
    durationMs: 0,
    processMs: 0,
    children: [],
    ...facts,
  };
}

/** Joins what the steps of a composite said. */
export function joinCommands(results: readonly StepResult[]): StepCommands {
  const join = (pick: (commands: StepCommands) => readonly string[]): readonly string[] =>
    results.flatMap((result) => pick(result.commands));
  return {
    errors: join((commands) => commands.errors),
    warnings: join((commands) => commands.warnings),
    notices: join((commands) => commands.notices),
    groups: join((commands) => commands.groups),
    debug: join((commands) => commands.debug),
    masks: join((commands) => commands.masks),
  };
}
