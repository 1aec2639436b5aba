import { expect, test } from 'vitest';
import type { ActionMetadata } from '../metadata.ts';
import { fillReadme } from '../readme-table.ts';

const action: ActionMetadata = {
  name: 'x',
  description: 'x',
  branding: { icon: '', color: '' },
  inputs: {
    images: { description: 'One per line,\n a|b.', required: true, default: undefined },
    interval: { description: 'Pause.', required: false, default: '2s' },
  },
  outputs: {},
  runs: {},
};
const empty = 'before\n<!-- inputs -->\n<!-- /inputs -->\nbetween\n<!-- outputs -->old<!-- /outputs -->\nafter';

test('fills both tables and keeps the text around them', () => {
  const filled = fillReadme(empty, action);
  expect(filled).toContain('| `images` | One per line, a\\|b. **Required.** |  |');
  expect(filled).toContain('| `interval` | Pause. | `2s` |');
  expect(filled).toContain('between');
  expect(filled).not.toContain('old');
  expect(filled.endsWith('after')).toBe(true);
});

test('is stable: filling twice changes nothing', () => {
  expect(fillReadme(fillReadme(empty, action), action)).toBe(fillReadme(empty, action));
});

test('names the markers that are missing', () => {
  expect(() => fillReadme('no tables here', action)).toThrow('<!-- inputs -->');
});
