import type { CommitComparison } from '@deploy-actions/kit/github/client';

/** Which commit a run stands for, and which run of which workflow it is. */
export interface RunIdentity {
  readonly commit: string;
  /** `owner/name/.github/workflows/deploy.yml`; undefined outside of GitHub Actions. */
  readonly workflow: string | undefined;
  readonly runNumber: number | undefined;
}

/** How the commit to deploy stands to the one that is deployed. `how` and `why` are half sentences for people. */
export type CommitAge =
  | { readonly kind: 'same' }
  | { readonly kind: 'newer'; readonly how: string }
  | { readonly kind: 'older'; readonly how: string }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Whether the commit to deploy is older than the deployed one. The history decides where GitHub tells it; else the run
 * numbers, which grow with each run of ONE workflow and stay with a run when it is run again. Pure.
 * @param comparison of ours as seen from the deployed commit; undefined where GitHub was not or could not be asked
 */
export function judgeAge(
  ours: RunIdentity,
  deployed: RunIdentity | undefined,
  comparison: CommitComparison | undefined,
): CommitAge {
  if (deployed === undefined) return { kind: 'newer', how: 'nothing is deployed' };
  if (ours.commit !== '' && ours.commit === deployed.commit) return { kind: 'same' };
  if (comparison === 'identical') return { kind: 'same' };
  if (comparison === 'ahead') return { kind: 'newer', how: 'it contains the deployed commit' };
  if (comparison === 'behind') return { kind: 'older', how: 'the deployed commit contains it' };
  return (
    judgeRunNumbers(ours, deployed) ?? {
      kind: 'unknown',
      why:
        comparison === 'diverged'
          ? 'neither commit contains the other, and the runs cannot be compared'
          : 'the commits could not be compared, and the runs are not of one workflow',
    }
  );
}

function judgeRunNumbers(ours: RunIdentity, deployed: RunIdentity): CommitAge | undefined {
  if (ours.workflow === undefined || ours.workflow !== deployed.workflow) return undefined;
  if (ours.runNumber === undefined || deployed.runNumber === undefined) return undefined;
  const how = `this is run ${ours.runNumber} of the workflow, the deployed one was run ${deployed.runNumber}`;
  return ours.runNumber < deployed.runNumber ? { kind: 'older', how } : { kind: 'newer', how };
}
