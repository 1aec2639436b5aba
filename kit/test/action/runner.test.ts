import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { githubRunner } from '../../src/action/runner.ts';

let folder: string;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('a line of the log', () => {
  /** Each is a command on GitHub: actions/runner src/Runner.Common/ActionCommand.cs. */
  const isCommand = (line: string): boolean => /^[^!-~]*::/.test(line) || line.includes('##[');

  it.each([
    ['at its beginning', '::set-output name=outcome::deployed'],
    ['after blanks, as evidence is printed', '  \t::stop-commands::x'],
    ['after blanks that only look like none', '\u00a0\u0085\u200b::add-mask::a'],
    ['in the older way, anywhere', '2026-11-21T13:07:55Z said ##[save-state name=is-post]false'],
    ['behind a carriage return', '2026-11-21T13:07:55Z 10%\r::add-mask::a'],
    ['in the second of two lines', 'one\n::error::two'],
    ['behind another line end', 'one\u2028 ::error::two'],
  ])('is no command to the runner: %s', (_where, text) => {
    expect(text.split(/[\r\n\u2028]/).some(isCommand)).toBe(true);
    githubRunner().info(text);
    expect(printed.split(/[\r\n\u2028]/).filter(isCommand)).toEqual([]);
    // Shown, with a blank in between.
    expect(printed.replaceAll(': :', '::').replaceAll('## [', '##[').trimEnd()).toBe(text.trimEnd());
  });

  it('is left as it is where nothing is one', () => {
    const text = '  a::b [x] # 1\n\n\u001b[32mok\u001b[0m ::1 is localhost';
    githubRunner().info(text);
    expect(printed.trimEnd()).toBe(text);
  });
});

describe('the job summary', () => {
  it('is added to what other steps wrote', async () => {
    const path = join(folder, 'summary.md');
    writeFileSync(path, 'before\n');
    vi.stubEnv('GITHUB_STEP_SUMMARY', path);
    await githubRunner().summary('| one |');
    await githubRunner().summary('| two |');
    expect(readFileSync(path, 'utf8').split(/\r?\n/)).toEqual(['before', '| one |', '| two |', '']);
  });

  it('is left out where there is no page for it', async () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', '');
    await expect(githubRunner().summary('text')).resolves.toBeUndefined();
    expect(printed).toBe('');
  });

  it('that cannot be written is a warning: what the step did is done', async () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', folder);
    await expect(githubRunner().summary('text')).resolves.toBeUndefined();
    expect(printed).toMatch(/^::warning::The job summary could not be written: EISDIR/);
  });
});
