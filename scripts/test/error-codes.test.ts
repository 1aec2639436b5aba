import { expect, test } from 'vitest';
import { findIndexGaps, listSourceCodes, readCodes, readFailureTable, renderIndex } from '../error-codes.ts';

test('codes are found in unions, in errors, and where one of two is chosen', () => {
  const source = `
    export type ThingErrorCode =
      /** Why. */
      | 'ONE'
      | 'TWO_2';
    export type Mode = 'NOT_A_CODE';
    throw new ThingError({ code: isIt ? 'THREE' : 'FOUR', message: 'FIVE' });
    const failed = { code: 'lower' };
    const system = { code: 'ETIMEDOUT' };`;
  expect(readCodes(source)).toEqual(['FOUR', 'ONE', 'THREE', 'TWO_2']);
});

test('the sources name codes of the kit and of each action', () => {
  const codes = listSourceCodes();
  expect(codes.get('LOCKED')).toContain('kit');
  expect(codes.get('TAG_FLOATING')).toEqual(['action-verify-image']);
  expect(codes.size).toBeGreaterThan(90);
});

const table = `
| Code           | Meaning      | What to do |
| -------------- | ------------ | ---------- |
| \`ONE\`, \`TWO\` | a \\| b      | Wait.      |
| \`THREE\`      | It is wrong. |            |

| Input | Meaning |
| ----- | ------- |
| \`NO\`  | none    |
`;

test('a row with several codes counts for each of them; other tables do not count', () => {
  expect(readFailureTable('action-x', table)).toEqual([
    { code: 'ONE', place: 'action-x', meaning: 'a \\| b', next: 'Wait.' },
    { code: 'TWO', place: 'action-x', meaning: 'a \\| b', next: 'Wait.' },
    { code: 'THREE', place: 'action-x', meaning: 'It is wrong.', next: '' },
  ]);
});

test('a code without a row, a row without a source and a row without a next step are named', () => {
  const rows = readFailureTable('action-x', table);
  const sources = new Map([
    ['ONE', ['kit']],
    ['THREE', ['action-x']],
    ['FOUR', ['kit']],
    ['TWO', ['action-y']],
  ]);
  expect(findIndexGaps(sources, rows)).toEqual([
    'FOUR: no failure table explains it (kit/src names it).',
    'TWO: no failure table explains it (action-y/src names it).',
    'THREE: the table of action-x does not say what to do.',
  ]);
  expect(findIndexGaps(new Map([['ONE', ['kit']]]), rows)).toContain(
    'TWO: in the table of action-x, but in no source.',
  );
});

test('the index has one heading for each code and says who explains it', () => {
  const index = renderIndex([
    ...readFailureTable('shared', table),
    { code: 'ONE', place: 'action-x', meaning: 'Here', next: 'Run it again' },
  ]);
  expect(index).toContain(`### ONE

- Every action that can meet it: a | b. **Next:** Wait.
- [action-x](../action-x/README.md): Here. **Next:** Run it again.

### THREE
`);
});
