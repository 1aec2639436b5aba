import { describe, expect, it } from 'vitest';
import { describeKillMatrix } from '../kill-table.ts';

const line = (row: string, column: string, ...problems: readonly string[]): string =>
  `${JSON.stringify({ row, column, problems, seconds: 1 })}\n`;

describe('the table of the kill matrix', () => {
  it('has a row for each transition, a column for each fault, and says what was wrong below', () => {
    const text = line('begin', 'power cut') + line('begin', 'cancel', 'two containers') + line('created', 'power cut');
    expect(describeKillMatrix(text)).toEqual([
      '         cancel  power cut',
      'begin    FAILED  ok',
      'created          ok',
      'cancel at begin:',
      '  two containers',
    ]);
  });

  it('shows the last try of a cell, and no line that was torn', () => {
    const text = `${line('begin', 'cancel', 'red')}${line('begin', 'cancel')}{"row":"cre`;
    expect(describeKillMatrix(text)).toEqual(['       cancel', 'begin  ok']);
  });
});
