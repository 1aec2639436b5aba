import type { Case } from './corpus-case.ts';
import { drops, rows } from './corpus-data.ts';
import { columns, constraints, indexes, names } from './corpus-table.ts';
import { bodies, transactions } from './corpus-transaction.ts';
import { comments, scripts, texts } from './corpus-text.ts';

/** Everything that the review promises, in small. */
export const corpus: Readonly<Record<string, readonly Case[]>> = {
  drops,
  rows,
  columns,
  constraints,
  names,
  indexes,
  transactions,
  bodies,
  scripts,
  texts,
  comments,
};
