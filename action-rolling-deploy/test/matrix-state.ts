import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How one cell of a matrix ended. */
export interface CellResult {
  readonly row: string;
  readonly column: string;
  readonly problems: readonly string[];
  readonly seconds: number;
}

/**
 * Results of a long matrix, kept between runs: a run that was stopped goes on where it was. They belong to one bundle of
 * the action; another bundle starts anew.
 */
export interface MatrixState {
  readonly isDone: (row: string, column: string) => boolean;
  record(result: CellResult): void;
}

const bundle = fileURLToPath(new URL('../dist/index.js', import.meta.url));

/** The file of a matrix, one result a line: also what scripts/run-matrix.ts makes its table of. */
export function openMatrixState(name: string): MatrixState {
  const hash = createHash('sha256').update(readFileSync(bundle)).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), 'deploy-actions-matrix');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${hash}.jsonl`);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  // Our own lines; a torn last one is as good as none.
  const results = lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as CellResult] : []));
  const done = new Set(results.filter(({ problems }) => problems.length === 0).map(keyOf));
  return {
    isDone: (row, column) => done.has(keyOf({ row, column })),
    record: (result) => {
      appendFileSync(file, `${JSON.stringify(result)}\n`);
    },
  };
}

function keyOf({ row, column }: Pick<CellResult, 'row' | 'column'>): string {
  return `${row} × ${column}`;
}
