import { hostname, userInfo } from 'node:os';
import type { Runner } from '../action/runner.ts';
import type { LeaseOwner } from './lease.ts';

/** The lease's owner from the runner's environment; without GITHUB_RUN_ID (a rehearsal) it is user@machine and parent pid. */
export function currentOwner(runner: Runner): LeaseOwner {
  const runId = runner.env('GITHUB_RUN_ID');
  const repository = runner.env('GITHUB_REPOSITORY') ?? '';
  const job = runner.env('GITHUB_JOB') ?? '';
  const runAttempt = Number(runner.env('GITHUB_RUN_ATTEMPT') ?? '1');
  const commit = runner.env('GITHUB_SHA') ?? '';
  if (runId === undefined) {
    const person = `${userInfo().username}@${hostname()}`;
    const id = `${person}#${process.ppid}`;
    return { id, repository, runId: '', runAttempt, job, actor: person, runUrl: `a shell of ${person}`, commit };
  }
  // Legs of one matrix share GITHUB_JOB; the runner's tracking id tells them apart.
  const id = [repository, runId, runAttempt, job, runner.env('RUNNER_TRACKING_ID') ?? ''].join('#');
  const server = runner.env('GITHUB_SERVER_URL') ?? 'https://github.com';
  const runUrl = `${server}/${repository}/actions/runs/${runId}/attempts/${runAttempt}`;
  return { id, repository, runId, runAttempt, job, actor: runner.env('GITHUB_ACTOR') ?? 'unknown', runUrl, commit };
}
