/** One text and all that the review must say about it: `line rule object`, in order; nothing = safe. */
export interface Case {
  readonly sql: string;
  readonly finds: readonly string[];
  /** Default: `single-transaction`. */
  readonly runs?: 'by-itself' | 'generated';
}

/** Texts about which there is nothing to say. */
export const safe = (...texts: readonly string[]): readonly Case[] => texts.map((sql) => ({ sql, finds: [] }));

export const finds = (sql: string, ...expected: readonly string[]): Case => ({ sql, finds: expected });
