import { expect, test } from 'vitest';
import { countTests, summarize } from '../test-report.ts';

test('adds passed and failed tests of several runs', () => {
  const counts = [
    countTests({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 1 }, 0),
    countTests({ numPassedTests: 2, numFailedTests: 1, testResults: [failedFile(['passed', 'failed'])] }, 1),
  ];
  expect(summarize(counts)).toBe('5 passed, 1 failed');
});

test('counts a file that broke before its first test', () => {
  expect(countTests({ numPassedTests: 4, testResults: [failedFile([])] }, 1).failed).toBe(1);
});

test('never reports a red run as green', () => {
  expect(countTests({ numPassedTests: 4, numFailedTests: 0 }, 1).failed).toBe(1);
  expect(countTests({}, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

function failedFile(statuses: readonly string[]): unknown {
  return { status: 'failed', assertionResults: statuses.map((status) => ({ status })) };
}
