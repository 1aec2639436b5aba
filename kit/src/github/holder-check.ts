import { describeThrown } from '../action/errors.ts';
import type { LeaseOwner } from '../state/lease.ts';
import type { GithubClient } from './client.ts';

/**
 * Asks GitHub whether the run that holds a lease is over: finished, or started anew since. False for anything that is
 * not known: another repository's run, a person's, an API that does not answer.
 * @param repository `owner/name` that the client asks
 */
export function runOverCheck(
  client: GithubClient | undefined,
  repository: string,
  say: (line: string) => void,
): (holder: LeaseOwner) => Promise<boolean> {
  return async (holder) => {
    const runId = Number(holder.runId);
    if (client === undefined || holder.repository !== repository || !Number.isSafeInteger(runId) || runId <= 0)
      return false;
    try {
      const run = await client.getRunState(runId);
      return run.isFinished || run.attempt > holder.runAttempt;
    } catch (thrown) {
      say(`whether ${holder.runUrl} still goes on is not known: ${describeThrown(thrown)}`);
      return false;
    }
  };
}
