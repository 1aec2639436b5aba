import { createHash, randomBytes } from 'node:crypto';
import { describeThrown } from '@deploy-actions/kit/action/errors';
import { isToBeFinished, type UnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import { lossOf } from '@deploy-actions/kit/state/lease-step';
import { formatReleaseId, isFile, type Manifest } from '@deploy-actions/kit/state/manifest';
import { probeLive } from '@deploy-actions/kit/state/manifest-live';
import type { Look, StagedSet } from '@deploy-actions/kit/state/manifest-look';
import { dropOtherParts } from '@deploy-actions/kit/state/staged-part';
import { planKnownSwap, planSwap, type Transfer } from '@deploy-actions/kit/state/manifest-diff';
import { discardStagedTrees, formatPlan, throwIfBlocked, undoActivation } from '@deploy-actions/kit/state/staged-tree';
import type { Ahead } from './ahead.ts';
import { lookAround, type Comparison, type SyncJob } from './comparison.ts';
import { digestEnv } from './env-file.ts';
import type { Ending } from './report.ts';
import { send, type Sending } from './sending.ts';

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

/** Parts of files that are not in this set any more take room that its own files may need. */
export async function dropStaleParts(job: SyncJob, look: Look, step: string): Promise<Look> {
  const { host, deployPath, scan, signal } = job;
  const ours = new Set(scan.entries.flatMap((entry) => (isFile(entry) ? [entry.sha256] : [])));
  const parts = look.parts.filter(({ file }) => ours.has(file));
  if (parts.length === look.parts.length) return look;
  const wanted = [...new Set(parts.map(({ file }) => file))];
  return { ...look, parts, freeBytes: await dropOtherParts(host, deployPath, wanted, { step, signal }) };
}

/** Staged sets that go away with a rollout that died; none of one that will be finished. Pure. */
export function setsOfDied(died: UnfinishedDeploy | undefined): ReadonlySet<string> {
  if (died === undefined || isToBeFinished(died)) return new Set();
  const ids = died.lines.flatMap(({ data }) => [data['staged'], data['releaseId']]);
  return new Set(ids.filter((id) => typeof id === 'string'));
}

/**
 * Stages the set unless it is staged already, and removes what was staged before and is not wanted any more. `isForNow`:
 * the same command makes it live; when that fails, the old files are back before the error is reported.
 */
export async function stage(
  job: SyncJob,
  comparison: Comparison,
  options: Omit<Sending, 'plan' | 'ahead'> & { readonly isForNow: boolean; readonly ahead: Ahead | undefined },
): Promise<{ readonly ending: Ending; readonly sentBytes: number }> {
  const { look, transfer, isEnvNew } = comparison;
  const liveId = look.liveId ?? '';
  const newest = look.staged.at(-1);
  const waiting = newest?.header.releaseId === liveId ? undefined : newest;
  if (!transfer.isNeeded && !isEnvNew) {
    if (waiting !== undefined || look.parts.length > 0)
      await discardStagedTrees(job.host, job.deployPath, options.step);
    return { ending: { kind: 'unchanged', releaseId: liveId }, sentBytes: 0 };
  }
  // One that an interrupted rollout began with goes away with that rollout's recovery.
  const isUsable =
    waiting !== undefined &&
    !look.begun.includes(waiting.header.releaseId) &&
    !setsOfDied(look.diedDeploy).has(waiting.header.releaseId);
  if (!options.isForNow && isUsable && isSameSet(job, comparison, waiting))
    return { ending: { kind: 'staged-before', releaseId: waiting.header.releaseId }, sentBytes: 0 };
  const ahead = options.ahead?.take(comparison);
  const manifest = ahead?.manifest ?? makeManifest(job, transfer);
  const { releaseId } = manifest;
  if (!options.isForNow) {
    const sentBytes = await send(job, comparison, manifest, { ...options, plan: undefined, ahead });
    return { ending: { kind: 'staged', releaseId }, sentBytes };
  }
  const plan = await planActivation(job, comparison);
  try {
    const sentBytes = await send(job, comparison, manifest, { ...options, plan, ahead });
    return { ending: { kind: 'live', releaseId }, sentBytes };
  } catch (thrown) {
    // Another run holds the lease: what it looked at must stay, and it puts right what it found half done.
    if (lossOf(job.signal) !== undefined) throw thrown;
    job.log('That failed: putting the old files back.');
    await undoActivation(job.host, job.deployPath, releaseId).catch((failed: unknown) => {
      job.log(`They could not be put back now: ${describeThrown(failed)}`);
      job.log(
        'Unless the server itself went down, it goes on with what it had got; the next sync puts right what it finds.',
      );
    });
    throw thrown;
  }
}

/** @throws StagedTreeError PATH_BLOCKED */
async function planActivation(
  { host, deployPath, scan, signal }: SyncJob,
  { transfer, live }: Comparison,
): Promise<string> {
  if (live === undefined) return formatPlan(planKnownSwap(transfer));
  // What an earlier sync put there was not looked at yet: its manifest came with the look.
  const unseen = transfer.deleted.filter((path) => !live.entries.has(path));
  const more = unseen.length === 0 ? undefined : await probeLive(host, deployPath, unseen, signal);
  const entries = new Map([...(more?.entries ?? []), ...live.entries]);
  const { steps, blocked } = planSwap(scan.entries, transfer.deleted, { ...live, entries });
  throwIfBlocked(host, deployPath, blocked);
  return formatPlan(steps);
}

export function makeManifest(
  job: Pick<SyncJob, 'clock' | 'owner' | 'scan'>,
  transfer: Pick<Transfer, 'deleted'>,
): Manifest {
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

function commitOf({ owner }: Pick<SyncJob, 'owner'>): string {
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
