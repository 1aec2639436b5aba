import { describe, expect, it } from 'vitest';
import { MigrateError } from '../src/error.ts';
import { explainExitCode } from '../src/exit-code.ts';
import { describeApplied, hasApplied, type CommandResult, type MigrationResult } from '../src/result.ts';
import { renderSummary } from '../src/summary.ts';
import { plan } from './builder.ts';

const command = (number: number, outcome: CommandResult['outcome'], exitCode?: number): CommandResult => ({
  number,
  text: `step ${number} | x`,
  outcome,
  exitCode,
  durationMs: exitCode === undefined ? undefined : 1200,
});
const result = (overrides: Partial<MigrationResult>): MigrationResult => ({
  status: 'applied',
  commands: [],
  durationMs: 3400,
  error: undefined,
  tail: [],
  ...overrides,
});

describe('renderSummary', () => {
  it('shows each command with its result and time, and the log of the one that failed', () => {
    const text = renderSummary(
      plan(['a', 'b', 'c']),
      'deploy@web1',
      result({
        status: 'failed',
        commands: [command(1, 'done', 0), command(2, 'failed', 127), command(3, 'not-run')],
        error: new MigrateError({ code: 'COMMAND_FAILED', message: 'it failed.', hint: 'Fix it.' }),
        tail: ['0.1s | ```', '0.2s | boom'],
      }),
    );
    expect(text).toContain('| 1 | `step 1 \\| x` | ✅ done | 0 | 1.2s |');
    expect(text).toContain('| 2 | `step 2 \\| x` | ❌ failed | 127 (the command was not found in the image) | 1.2s |');
    expect(text).toContain('| 3 | `step 3 \\| x` | – not run |  |  |');
    expect(text).toContain('it failed. Fix it.');
    expect(text).toContain('````text\n0.1s | ```\n0.2s | boom\n````');
  });

  it('says that nothing was pending', () => {
    const text = renderSummary(plan(['a']), 'local', result({ status: 'nothing-pending' }));
    expect(text).toContain('nothing to do');
    expect(text).not.toContain('| # |');
  });
});

describe('what a failure says', () => {
  it('names what ran before', () => {
    expect(describeApplied([command(1, 'done-before'), command(2, 'failed', 1)])).toContain(
      'Done before it: "step 1 | x"',
    );
  });

  it('says when nothing ran before', () => {
    expect(describeApplied([command(1, 'failed', 1)])).toMatch(/^No command before it had run/);
  });

  it.each([
    [125, 'could not start'],
    [126, 'not executable'],
    [127, 'not found'],
    [137, 'SIGKILL'],
    [143, 'SIGTERM'],
  ])('explains exit code %i', (code, words) => {
    expect(explainExitCode(code, false)).toContain(words);
  });

  it('leaves a program its own exit codes, and knows the kernel by its own flag', () => {
    expect(explainExitCode(1, false)).toBeUndefined();
    expect(explainExitCode(137, true)).toContain('out of memory');
  });
});

describe('hasApplied', () => {
  it('is true as soon as one command ended well', () => {
    expect(hasApplied(result({ commands: [command(1, 'done', 0), command(2, 'failed', 1)] }))).toBe(true);
    expect(hasApplied(result({ commands: [command(1, 'failed', 1), command(2, 'not-run')] }))).toBe(false);
  });
});
