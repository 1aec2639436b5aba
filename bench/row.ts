/** One line of a bench: what was measured, for us and for a peer. The metric's name ends in its unit. */
export interface Row {
  readonly metric: string;
  readonly case: string;
  readonly ours: number | null;
  /** null where the peer is not installed or has no such thing. */
  readonly peer: number | null;
  readonly peerName: string;
  /** ours / peer; null without a peer, or when the peer's value is 0. */
  readonly ratio: number | null;
  /** Largest value of ours that is still good; null where nothing is promised. */
  readonly target: number | null;
  readonly met: boolean | null;
}

/** What a bench gives: its rows, and the versions of everything that took part. */
export interface BenchResult {
  readonly rows: readonly Row[];
  readonly versions: Readonly<Record<string, string>>;
}

/** What a caller may ask of a bench; each takes what it knows. */
export interface BenchOptions {
  /** One run of a subset: a look, no measurement. */
  readonly isQuick: boolean;
  readonly runs: number | undefined;
  /** Regular expression for the names of cases. */
  readonly only: string | undefined;
  /** File of docker-rollout's script. */
  readonly dockerRollout: string | undefined;
}

/** One bench, found by its name. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  readonly run: (say: (text: string) => void, options: BenchOptions) => Promise<BenchResult>;
}

/** Fewest runs behind a number. */
export const LEAST_RUNS = 5;

/** The middle value; the mean of the middle two of an even count; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  return high === undefined || low === undefined ? null : (high + low) / 2;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Completes a row: ratio and whether the target was met. */
export function makeRow(row: Omit<Row, 'ratio' | 'met' | 'target'> & { readonly target?: number }): Row {
  const { ours, peer } = row;
  const target = row.target === undefined ? null : round(row.target);
  return {
    metric: row.metric,
    case: row.case,
    ours: ours === null ? null : round(ours),
    peer: peer === null ? null : round(peer),
    peerName: row.peerName,
    ratio: ours === null || peer === null || peer === 0 ? null : round(ours / peer),
    target,
    met: target === null ? null : ours !== null && ours <= target,
  };
}

function cell(value: string | number | boolean | null): string {
  return value === null ? '–' : typeof value === 'boolean' ? (value ? 'yes' : 'NO') : String(value);
}

/** The rows as a table in plain text. */
export function formatRows(rows: readonly Row[]): string {
  const head = ['metric', 'case', 'ours', 'peer', 'ratio', 'target', 'met', 'peer is'];
  const table = [
    head,
    ...rows.map((row) => [
      row.metric,
      row.case,
      cell(row.ours),
      cell(row.peer),
      cell(row.ratio),
      cell(row.target),
      cell(row.met),
      row.peerName,
    ]),
  ];
  const widths = head.map((_, at) => Math.max(...table.map((line) => (line[at] ?? '').length)));
  return table
    .map((line) =>
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
