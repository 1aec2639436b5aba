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
