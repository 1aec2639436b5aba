import { record } from './metadata.ts';

/** What a test run came to. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts the tests of vitest's JSON report. A file that failed before its first test, and a run that ended red with
 * every test green (an unhandled rejection, a failing set-up), count as one failure each: a report never looks
 * better than the exit code.
 */
export function countTests(report: unknown, exitCode: number): TestCount {
  const found = record(report);
  const failedTests = count(found['numFailedTests']);
  const files = Array.isArray(found['testResults']) ? found['testResults'].map(record) : [];
  const brokenFiles = files.filter((file) => file['status'] === 'failed' && !hasFailedTest(file)).length;
  const failed = failedTests + brokenFiles;
  return {
    passed: count(found['numPassedTests']),
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: count(found['numPendingTests']) + count(found['numTodoTests']),
  };
}

/** The last line of `npm test`: its form is read by machines. */
export function summarize(counts: readonly TestCount[]): string {
  const total = (pick: (one: TestCount) => number): number => counts.reduce((sum, one) => sum + pick(one), 0);
  return `${total((one) => one.passed)} passed, ${total((one) => one.failed)} failed`;
}

function hasFailedTest(file: Readonly<Record<string, unknown>>): boolean {
  const tests = Array.isArray(file['assertionResults']) ? file['assertionResults'].map(record) : [];
  return tests.some((test) => test['status'] === 'failed');
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
