import type { RuleName } from './rule.ts';

export type Level = 'error' | 'warning';

/** One thing that the review has to say about a statement. Data only: it crosses the border of a worker thread. */
export interface Finding {
  readonly rule: RuleName;
  readonly level: Level;
  /** As the user named the file. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** What it is about, for `acknowledge`: `table`, `table.column`, an index, a function, or the file itself. */
  readonly object: string;
  /** What the statement does, in a few words: "drops the column orders.note". */
  readonly what: string;
}

/** What the review of one file gives. */
export interface FileReview {
  readonly file: string;
  readonly statements: number;
  readonly findings: readonly Finding[];
  /** How many findings a `squawk-ignore` comment took back. */
  readonly ignored: number;
  /** A finding says so, taken back or not: a comment makes a dropped column no less dropped. */
  readonly isIrreversible: boolean;
}

/** One text to review. */
export interface SqlFile {
  /** How findings name it. */
  readonly path: string;
  readonly text: string;
  /**
   * `single-transaction`: we run it with psql in one transaction with timeouts set. `by-itself`: whoever runs it brings its own
   * transactions and timeouts, so the review looks for them in the text. `generated`: as that, by a tool that says what it would
   * run; nobody can write a timeout or IF NOT EXISTS into it.
   */
  readonly runs: 'single-transaction' | 'by-itself' | 'generated';
}

/** Largest text that is reviewed, in bytes of UTF-8. */
export const largestText = 2 * 1024 * 1024;
