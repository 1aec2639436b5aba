import type { Reporter, TestModule } from 'vitest/node';
import type { PathRow } from './path-row.ts';

/** Vitest reporter: the paths through the examples as a table, after everything else. */
export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => {
        const { row } = test.meta();
        return row === undefined ? [] : [{ row, isGreen: test.result().state === 'passed' }];
      }),
    );
    if (rows.length > 0) console.log(`\n${renderTable(rows)}\n`);
  }
}

/** The table as text; pure. */
export function renderTable(rows: readonly { readonly row: PathRow; readonly isGreen: boolean }[]): string {
  const cells = [
    ['', 'example', 'path', 'expected', 'seen'],
    ...rows.map(({ row, isGreen }) => [isGreen ? '✓' : '✗', row.example, row.path, row.expected, row.seen]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
