import type { Container } from '@deploy-actions/kit/compose/container';
import type { LeaseOwner } from '@deploy-actions/kit/state/lease';
import { nextReleaseNumber, type Ledger, type RecordedPin, type Release } from '@deploy-actions/kit/state/release';
import type { RunIdentity } from './commit-age.ts';
import { runningDigests } from './report.ts';
import { hasEnded } from '@deploy-actions/kit/plan/rollout-plan';

/** What a record is made of; times are ISO 8601. */
export interface RecordFacts {
  readonly ledger: Ledger;
  readonly owner: LeaseOwner;
  readonly run: RunIdentity;
  readonly pins: readonly RecordedPin[];
  /** Id of the file set that went live with it; undefined: that of the current release stays. */
  readonly filesRelease: string | undefined;
  /** The release that a rollback brings back. */
  readonly restores: Release | undefined;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** The record of a deploy that ends now. Pure. */
export function recordRelease(
  facts: RecordFacts,
  result: Release['result'],
  containers: readonly Container[],
): Release {
  const { ledger, owner, run, restores } = facts;
  const filesRelease = facts.filesRelease ?? ledger.current?.filesRelease;
  const imageLabels = labelsOf(containers);
  return {
    number: nextReleaseNumber(ledger),
    result,
    pins: facts.pins,
    digests: runningDigests(containers),
    ...(filesRelease === undefined ? {} : { filesRelease }),
    // What runs after a rollback is the older commit, whichever run brought it back.
    commit: restores === undefined ? owner.commit : restores.commit,
    ...(restores === undefined ? runOf(run) : runOf(restores)),
    ...(restores === undefined ? {} : { restores: restores.restores ?? restores.number }),
    ...(Object.keys(imageLabels).length === 0 ? {} : { imageLabels }),
    runUrl: owner.runUrl,
    actor: owner.actor,
    startedAt: facts.startedAt,
    finishedAt: facts.finishedAt,
  };
}

function runOf(run: {
  readonly workflow?: string | undefined;
  readonly runNumber?: number | undefined;
}): Pick<Release, 'workflow' | 'runNumber'> {
  const { workflow, runNumber } = run;
  return { ...(workflow === undefined ? {} : { workflow }), ...(runNumber === undefined ? {} : { runNumber }) };
}

function labelsOf(containers: readonly Container[]): NonNullable<Release['imageLabels']> {
  const running = containers.filter((container) => !container.isOneOff && !hasEnded(container));
  return Object.fromEntries(
    running.flatMap(({ service, imageLabels = {} }) =>
      Object.keys(imageLabels).length === 0 ? [] : [[service, imageLabels] as const],
    ),
  );
}
