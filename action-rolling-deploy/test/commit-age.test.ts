import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { judgeAge, type RunIdentity } from '../src/commit-age.ts';
import { readRunIdentity, refuseOlder } from '../src/fencing.ts';
import { release } from './builders.ts';

const workflow = 'acme/api/.github/workflows/deploy.yml';
const run = (commit: string, runNumber: number | undefined, of: string | undefined = workflow): RunIdentity => ({
  commit: commit.repeat(40),
  workflow: of,
  runNumber,
});

describe('whether the commit to deploy is older than the deployed one', () => {
  it.each([
    ['ahead', 'newer'],
    ['behind', 'older'],
    ['identical', 'same'],
  ] as const)('is what the history says: %s is %s, whatever the run numbers are', (comparison, kind) => {
    expect(judgeAge(run('a', 1), run('b', 9), comparison).kind).toBe(kind);
    expect(judgeAge(run('a', 9), run('b', 1), comparison).kind).toBe(kind);
  });

  it('is never so where nothing is deployed, or the same commit is', () => {
    expect(judgeAge(run('a', 1), undefined, undefined).kind).toBe('newer');
    expect(judgeAge(run('a', 1), run('a', 9), undefined).kind).toBe('same');
  });

  it('is told by the run numbers of one workflow where the history does not tell', () => {
    for (const comparison of [undefined, 'diverged'] as const) {
      expect(judgeAge(run('a', 4), run('b', 5), comparison).kind).toBe('older');
      expect(judgeAge(run('a', 6), run('b', 5), comparison).kind).toBe('newer');
    }
  });

  it('is not known between workflows, without numbers, and outside of GitHub', () => {
    expect(judgeAge(run('a', 6), run('b', 5, 'acme/api/other.yml'), undefined).kind).toBe('unknown');
    expect(judgeAge(run('a', undefined), run('b', 5), 'diverged').kind).toBe('unknown');
    expect(
      judgeAge({ ...run('a', 6), workflow: undefined }, { ...run('b', 5), workflow: undefined }, undefined),
    ).toMatchObject({ kind: 'unknown' });
    const nothing = { commit: '', workflow: undefined, runNumber: undefined };
    expect(judgeAge(nothing, nothing, undefined).kind).toBe('unknown');
  });
});

describe('refuse-older', () => {
  const environment = {
    GITHUB_SHA: 'a'.repeat(40),
    GITHUB_RUN_NUMBER: '4',
    GITHUB_WORKFLOW_REF: `${workflow}@refs/heads/main`,
  };
  const ours = readRunIdentity(fakeRunner({}, environment));
  const ledger = (runNumber: number | undefined) => {
    const current = release(3, { commit: 'b'.repeat(40), workflow, ...(runNumber === undefined ? {} : { runNumber }) });
    return { releases: [current], current };
  };
  const ask = (runNumber: number | undefined): Promise<void> =>
    refuseOlder(ledger(runNumber), ours, undefined, () => undefined);

  it('reads the run from the environment, its workflow without the ref', () => {
    expect(ours).toEqual({ commit: 'a'.repeat(40), workflow, runNumber: 4 });
    expect(readRunIdentity(fakeRunner())).toEqual({ commit: '', workflow: undefined, runNumber: undefined });
  });

  it('lets a later run through and stops an earlier one before anything is touched', async () => {
    await ask(3);
    await expect(ask(5)).rejects.toMatchObject({ code: 'OLDER_COMMIT' });
    await expect(ask(5)).rejects.toThrow(/run 4 of the workflow, the deployed one was run 5\. Nothing was changed/);
  });

  it('refuses where it cannot be known, and says what would tell', async () => {
    await expect(ask(undefined)).rejects.toMatchObject({
      code: 'OLDER_COMMIT',
      hint: expect.stringContaining('github-token') as string,
    });
  });
});
