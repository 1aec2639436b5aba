import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { Runner } from '@deploy-actions/kit/action/runner';
import type { CommitComparison, GithubClient } from '@deploy-actions/kit/github/client';
import type { Ledger } from '@deploy-actions/kit/state/release';
import { judgeAge, type RunIdentity } from './commit-age.ts';
import { RolloutError } from './errors.ts';

/** This run, from the runner's environment. */
export function readRunIdentity(runner: Runner): RunIdentity {
  const number = Number(runner.env('GITHUB_RUN_NUMBER') ?? NaN);
  return {
    commit: runner.env('GITHUB_SHA') ?? '',
    // `owner/name/path@ref`: the ref is not part of what numbers are counted by.
    workflow: runner.env('GITHUB_WORKFLOW_REF')?.replace(/@[^@]*$/, ''),
    runNumber: Number.isSafeInteger(number) ? number : undefined,
  };
}

/**
 * `refuse-older: true`: a run that waited in a queue must not bring an older commit back.
 * @throws RolloutError OLDER_COMMIT, also where it cannot be known
 */
export async function refuseOlder(
  { current }: Ledger,
  ours: RunIdentity,
  client: GithubClient | undefined,
  log: (line: string) => void,
): Promise<void> {
  const deployed =
    current === undefined
      ? undefined
      : { commit: current.commit, workflow: current.workflow, runNumber: current.runNumber };
  const age = judgeAge(ours, deployed, await compare(client, deployed?.commit ?? '', ours.commit, log));
  if (age.kind === 'same') return;
  if (age.kind === 'newer') {
    log(`refuse-older: ${ours.commit.slice(0, 12)} may be deployed: ${age.how}`);
    return;
  }
  const names = `${ours.commit || 'no commit'} (this run) and ${deployed?.commit || 'no commit'} (release ${current?.number ?? 'none'})`;
  if (age.kind === 'older')
    throw new RolloutError({
      code: 'OLDER_COMMIT',
      message: `input \`refuse-older\`: of ${names} this run's is the older one: ${age.how}. Nothing was changed.`,
      hint: 'A newer run has deployed meanwhile. To go back on purpose use `mode: rollback`, or run without `refuse-older`.',
    });
  throw new RolloutError({
    code: 'OLDER_COMMIT',
    message: `input \`refuse-older\`: which of ${names} is older is not known: ${age.why}. Nothing was changed.`,
    hint: 'Give `github-token` with `contents: read`, or deploy once without `refuse-older`.',
  });
}

/** Only full commits are asked for; GitHub refusing to say is no failure, the run numbers may know. */
async function compare(
  client: GithubClient | undefined,
  base: string,
  head: string,
  log: (line: string) => void,
): Promise<CommitComparison | undefined> {
  const isCommit = (text: string): boolean => /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text);
  if (client === undefined || !isCommit(base) || !isCommit(head) || base === head) return undefined;
  try {
    return await client.compareCommits(base, head);
  } catch (thrown) {
    log(`refuse-older: ${describeThrown(thrown)}`);
    return undefined;
  }
}
