import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../workspace.ts';

const document = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');
const section = document.split(/^## /m).find((part) => part.startsWith('Threats\n')) ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[\s-]*\|/.test(line))
  .slice(1)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('the threat model has rows', () => {
  expect(rows.length).toBeGreaterThan(15);
});

test.each([
  ...['forged registry', 'forged host', 'malicious pull request', 'stolen', 'hostile compose file'],
  'hostile commit message',
])('says what becomes of a %s', (attacker) => {
  expect(rows.filter(([attempt = '']) => attempt.toLowerCase().includes(attacker))).not.toEqual([]);
});

test.each(rows.map(([attempt = '', measure = '', proofs = '']) => [attempt, measure, proofs] as const))(
  'a test stops: %s',
  (_attempt, measure, proofs) => {
    expect(measure).not.toBe('');
    expect(proofs).not.toBe('');
    for (const proof of proofs.split('; `')) {
      const [, file = '', title = ''] = /^`?([^`]+)` “(.+)”$/.exec(proof) ?? [];
      expect(existsSync(join(root, file)) && file !== '', proof).toBe(true);
      // As the title of a test, not anywhere in the file.
      expect(readFileSync(join(root, file), 'utf8').split(title).slice(0, -1).join(''), proof).toMatch(/\(\s*['"`]$/);
    }
  },
);
