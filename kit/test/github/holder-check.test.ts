import { describe, expect, it } from 'vitest';
import type { GithubClient, RunState } from '../../src/github/client.ts';
import { runOverCheck } from '../../src/github/holder-check.ts';
import type { LeaseOwner } from '../../src/state/lease.ts';

const holder: LeaseOwner = {
  id: 'h',
  repository: 'acme/api',
  runId: '7',
  runAttempt: 1,
  job: 'deploy',
  actor: 'ada',
  runUrl: 'https://github.example/7',
  commit: '',
};

async function ask(state: RunState | Error, changes: Partial<LeaseOwner> = {}): Promise<boolean> {
  const unused = (): never => {
    throw new Error('not asked for here');
  };
  const client: GithubClient = {
    createDeployment: unused,
    setDeploymentStatus: unused,
    listApprovals: unused,
    compareCommits: unused,
    listPullRequestFiles: unused,
    listComparedFiles: unused,
    getRunState: () => (state instanceof Error ? Promise.reject(state) : Promise.resolve(state)),
  };
  return runOverCheck(client, 'acme/api', () => undefined)({ ...holder, ...changes });
}

const finished = { isFinished: true, status: 'completed', attempt: 1 };

describe('whether the holder of a lease is over', () => {
  it('is known from the state of its run', async () => {
    expect(await ask(finished)).toBe(true);
    expect(await ask({ isFinished: false, status: 'in_progress', attempt: 1 })).toBe(false);
  });

  it('is known where a later attempt of the run has begun', async () => {
    expect(await ask({ isFinished: false, status: 'in_progress', attempt: 2 })).toBe(true);
  });

  it('is not known of a person, of another repository, and without an answer', async () => {
    expect(await ask(finished, { runId: '' })).toBe(false);
    expect(await ask(finished, { repository: 'acme/web' })).toBe(false);
    expect(await ask(new Error('403'))).toBe(false);
    expect(await runOverCheck(undefined, 'acme/api', () => undefined)(holder)).toBe(false);
  });
});
