import { expect, it } from 'vitest';
import type { ActStep } from '../../lab/src/act/index.ts';
import { tellFailure } from './path-row.ts';

const step = (outcome: 'success' | 'failure', outputs = {}): ActStep => ({ outcome, outputs, log: '', summary: '' });

it('says the first step that failed, in the order of the jobs, with its error code', () => {
  const before = { outcome: 'failure', steps: { '0': step('success'), typed: step('failure') } } as const;
  const after = { outcome: 'failure', steps: { '0': step('failure', { 'error-code': 'TAG_MISSING' }) } } as const;
  expect(tellFailure([before, after])).toBe(' at typed (refused)');
  expect(tellFailure([undefined, after])).toBe(' at 0 (TAG_MISSING)');
  expect(tellFailure([undefined])).toBe('');
});
