import { createHash, randomBytes } from 'node:crypto';
import { describeThrown } from '@deploy-actions/kit/action/errors';
import { isToBeFinished, type UnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import { formatReleaseId, type Manifest } from '@deploy-actions/kit/state/manifest';
import type { Look, StagedSet } from '@deploy-actions/kit/state/manifest-look';
import type { Transfer } from '@deploy-actions/kit/state/manifest-diff';
import {
  activateStagedTree,
  discardStagedTrees,
  settleActivation,
  undoActivation,
} from '@deploy-actions/kit/state/staged-tree';
import { lookAround, type Comparison, type SyncJob } from './comparison.ts';
import { digestEnv } from './env-file.ts';
import type { Ending } from './report.ts';
import { send } from './sending.ts';

/**
 * An activation that died in the middle is taken back first: the old set, whole. By an earlier sync; or by a rollout that
 * died before its commit, which the next one undoes, files first. What is compared with is what that will leave.
 */
export async function settleInterrupted(job: SyncJob, look: Look): Promise<Look> {
  const { begun, unfinished, diedDeploy } = look;
  const died = setsOfDied(diedDeploy);
  const ofRollout = begun.filter((releaseId) => died.has(releaseId));
  for (const releaseId of unfinished)
    job.log(`An earlier sync was interrupted while it made ${releaseId} live: putting the files back first.`);
  for (const releaseId of ofRollout)
    job.log(`A rollout died after it had made ${releaseId} live: putting the files back first.`);
  const all = new Set([...unfinished, ...ofRollout]);
  for (const releaseId of all) await undoActivation(job.host, job.deployPath, releaseId);
  return all.size === 0 ? look : (await lookAround(job)).look;
}

/** Staged sets that go away with a rollout that died; none of one that will be finished. Pure. */
export function setsOfDied(died: UnfinishedDeploy | undefined): ReadonlySet<string> {
  if (died === undefined || isToBeFinished(died)) return new Set();
  const ids = died.lines.flatMap(({ data }) => [data['staged'], data['releaseId']]);
  return new Set(ids.filter((id) => typeof id === 'string'));
}

/** Stages the set unless it is staged already, and removes what was staged before and is not wanted any more. */
export async function stage(
  job: SyncJob,
  comparison: Comparison,
  options: { readonly isForNow: boolean; readonly answerMs: number },
): Promise<{ readonly ending: Ending; readonly sentBytes: number }> {
  const { look, transfer, isEnvNew } = comparison;
  const liveId = look.liveId ?? '';
  const newest = look.staged.at(-1);
  const waiting = newest?.header.releaseId === liveId ? undefined : newest;
  if (!transfer.isNeeded && !isEnvNew) {
    if (waiting !== undefined) await discardStagedTrees(job.host, job.deployPath);
    return { ending: { kind: 'unchanged', releaseId: liveId }, sentBytes: 0 };
  }
  // One that an interrupted rollout began with goes away with that rollout's recovery.
  const isUsable =
    waiting !== undefined &&
    !look.begun.includes(waiting.header.releaseId) &&
    !setsOfDied(look.diedDeploy).has(waiting.header.releaseId);
  if (!options.isForNow && isUsable && isSameSet(job, comparison, waiting))
    return { ending: { kind: 'staged-before', releaseId: waiting.header.releaseId }, sentBytes: 0 };
  const manifest = makeManifest(job, transfer);
  const sentBytes = await send(job, comparison, manifest, options);
  return { ending: { kind: 'staged', releaseId: manifest.releaseId }, sentBytes };
}

function makeManifest(job: SyncJob, transfer: Transfer): Manifest {
  const { clock, owner, scan } = job;
  const now = clock.date();
  return {
    format: 1,
    releaseId: formatReleaseId(now, owner.commit, randomBytes(2).toString('hex')),
    createdAt: now.toISOString(),
    commit: commitOf(job),
    runUrl: owner.runUrl,
    files: scan.entries,
    deleted: transfer.deleted,
  };
}

function commitOf({ owner }: SyncJob): string {
  return owner.commit === '' ? 'local' : owner.commit;
}

/** The same files of the same commit, with the same deletions and env file. */
function isSameSet(job: SyncJob, { transfer, isEnvNew }: Comparison, staged: StagedSet): boolean {
  const content = isEnvNew ? job.env?.content : undefined;
  return (
    staged.header.commit === commitOf(job) &&
    staged.digest === digestSet(job.buckets, transfer.deleted) &&
    staged.envDigest === (content === undefined ? '' : digestEnv(content))
  );
}

/** As the server makes it from its lists; see manifest-look.ts. */
function digestSet(buckets: readonly string[], deleted: readonly string[]): string {
  const text = [...buckets, ...deleted.map((path) => `./${path}`)].map((line) => `${line}\n`).join('');
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Makes a staged set live in this step; when that fails, the old files are back before the error is reported. Where they
 * could not be put back (the connection is gone), the log says what stands there.
 */
export async function activateNow(job: SyncJob, releaseId: string): Promise<void> {
  const { host, deployPath, log } = job;
  try {
    await activateStagedTree(host, deployPath, releaseId);
  } catch (thrown) {
    log('That failed: putting the old files back.');
    await undoActivation(host, deployPath, releaseId).catch((failed: unknown) => {
      log(`They could not be put back now: ${describeThrown(failed)}`);
      log(
        'Unless the server itself went down, it makes the new files live by itself; the next sync puts right what it finds.',
      );
    });
    throw thrown;
  }
  try {
    await settleActivation(host, deployPath);
  } catch (thrown) {
    log(
      'The new files are live, all of them. Only the data of the staging could not be removed; the next sync does it.',
    );
    throw thrown;
  }
}
