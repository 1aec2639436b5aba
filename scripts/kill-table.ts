/** How one cell of the kill matrix ended, as action-rolling-deploy/test/matrix-state.ts writes it. */
export interface CellResult {
  readonly row: string;
  readonly column: string;
  readonly problems: readonly string[];
}

/** Results of one engine's kill matrix as a table, the last try of each cell; then what was wrong, cell by cell. Pure. */
export function describeKillMatrix(text: string): readonly string[] {
  // Our own lines; a torn last one is as good as none.
  const all = text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as CellResult] : []));
  const last = new Map(all.map((cell) => [`${cell.row}\n${cell.column}`, cell]));
  const rows = [...new Set(all.map(({ row }) => row))];
  const columns = [...new Set(all.map(({ column }) => column))].sort();
  const width = Math.max(0, ...rows.map((row) => row.length)) + 2;
  const word = (row: string, column: string): string => {
    const cell = last.get(`${row}\n${column}`);
    return cell === undefined ? '' : cell.problems.length === 0 ? 'ok' : 'FAILED';
  };
  const line = (first: string, cells: readonly string[]): string =>
    `${first.padEnd(width)}${cells.map((cell, index) => cell.padEnd((columns[index]?.length ?? 0) + 2)).join('')}`.trimEnd();
  const failed = [...last.values()].filter(({ problems }) => problems.length > 0);
  return [
    line('', columns),
    ...rows.map((row) =>
      line(
        row,
        columns.map((column) => word(row, column)),
      ),
    ),
    ...failed.flatMap(({ row, column, problems }) => [`${column} at ${row}:`, ...problems.map((one) => `  ${one}`)]),
  ];
}
