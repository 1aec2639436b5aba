import { randomBytes } from 'node:crypto';
import type { Host } from '@deploy-actions/kit/host/host';
import type { DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { isToBeFinished, type UnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import type { LeaseOwner } from '@deploy-actions/kit/state/lease';
import { formatReleaseId, type Manifest } from '@deploy-actions/kit/state/manifest';
import { diffManifests, type DeleteRule, type Transfer } from '@deploy-actions/kit/state/manifest-diff';
import { probeLive, type LiveState } from '@deploy-actions/kit/state/manifest-live';
import {
  activateStagedTree,
  discardStagedTrees,
  receiveStagedTree,
  settleActivation,
  throwIfBlocked,
  undoActivation,
} from '@deploy-actions/kit/state/staged-tree';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { packArchive } from './archive.ts';
import { formatBytes } from './byte-size.ts';
import { isWorthGzip, sampleRatio } from './compression.ts';
import { describeSent, makeProgress } from './progress.ts';
import type { Ending } from './report.ts';
import type { Scan } from './source-scan.ts';
import { SyncError } from './sync-error.ts';

/** What one sync works with. */
export interface SyncJob {
  readonly host: Host;
  readonly deployPath: DeployPath;
  readonly scan: Scan;
  readonly rule: DeleteRule;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** The comparison of the set in hand with the server. */
export interface Comparison {
  readonly live: LiveState;
  readonly transfer: Transfer;
}

/** Bytes that the lists, folders and hard links of a set need besides its files. */
const spareBytes = 8 * 1024 * 1024;

/**
 * Looks at the server and compares. Reads only.
 * @throws StagedTreeError PATH_BLOCKED, DEPLOY_PATH_UNUSABLE …; SyncError NO_SPACE
 */
export async function compare(job: SyncJob): Promise<Comparison> {
  const { host, deployPath, scan, rule } = job;
  const paths = scan.entries.map((entry) => entry.path);
  const live = await probeLive(host, deployPath, paths);
  const transfer = diffManifests(scan.entries, live, rule);
  throwIfBlocked(host, deployPath, transfer.blocked);
  const needed = transfer.send.reduce((sum, file) => sum + file.size, spareBytes);
  if (live.freeBytes < needed)
    throw new SyncError({
      code: 'NO_SPACE',
      message: `${host.name}: ${deployPath} has ${formatBytes(live.freeBytes)} free, the files need ${formatBytes(needed)}. Nothing was changed.`,
      hint: 'Make room on the server: docker image prune, old backups, logs.',
    });
  return { live, transfer };
}

/**
 * An activation that died in the middle is taken back first: the old set, whole. By an earlier sync; or by a rollout that
 * died before its commit, which the next one undoes, files first. What is compared with is what that will leave.
 */
export async function settleInterrupted(job: SyncJob, comparison: Comparison): Promise<Comparison> {
  const { begun, unfinished, diedDeploy } = comparison.live;
  const died = setsOfDied(diedDeploy);
  const ofRollout = begun.filter((releaseId) => died.has(releaseId));
  for (const releaseId of unfinished)
    job.log(`An earlier sync was interrupted while it made ${releaseId} live: putting the files back first.`);
  for (const releaseId of ofRollout)
    job.log(`A rollout died after it had made ${releaseId} live: putting the files back first.`);
  const all = new Set([...unfinished, ...ofRollout]);
  for (const releaseId of all) await undoActivation(job.host, job.deployPath, releaseId);
  return all.size === 0 ? comparison : compare(job);
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
  { live, transfer }: Comparison,
  isForNow: boolean,
): Promise<{ readonly ending: Ending; readonly sentBytes: number }> {
  const liveId = live.manifest?.releaseId ?? '';
  const newest = live.staged.at(-1);
  const waiting = newest?.releaseId === liveId ? undefined : newest;
  if (!transfer.isNeeded) {
    if (waiting !== undefined) await discardStagedTrees(job.host, job.deployPath);
    return { ending: { kind: 'unchanged', releaseId: liveId }, sentBytes: 0 };
  }
  const manifest = makeManifest(job, transfer);
  // One that an interrupted rollout began with goes away with that rollout's recovery.
  const isUsable =
    waiting !== undefined &&
    !live.begun.includes(waiting.releaseId) &&
    !setsOfDied(live.diedDeploy).has(waiting.releaseId);
  if (!isForNow && isUsable && isSameSet(waiting, manifest))
    return { ending: { kind: 'staged-before', releaseId: waiting.releaseId }, sentBytes: 0 };
  const sentBytes = await send(job, live, transfer, manifest, isForNow);
  return { ending: { kind: 'staged', releaseId: manifest.releaseId }, sentBytes };
}

function makeManifest(job: SyncJob, transfer: Transfer): Manifest {
  const { clock, owner, scan } = job;
  const now = clock.date();
  return {
    format: 1,
    releaseId: formatReleaseId(now, owner.commit, randomBytes(2).toString('hex')),
    createdAt: now.toISOString(),
    commit: owner.commit === '' ? 'local' : owner.commit,
    runUrl: owner.runUrl,
    files: scan.entries,
    deleted: transfer.deleted,
  };
}

/** The same files of the same commit, with the same deletions. */
export function isSameSet(a: Manifest, b: Manifest): boolean {
  const key = ({ commit, files, deleted }: Manifest): string => JSON.stringify([commit, files, deleted]);
  return key(a) === key(b);
}

/** One transfer is bounded by its size: 15 minutes and a second for each 100 kB. */
const leastTimeoutMs = 900_000;

async function send(
  job: SyncJob,
  live: LiveState,
  transfer: Transfer,
  manifest: Manifest,
  isForNow: boolean,
): Promise<number> {
  const { host, scan, clock } = job;
  const bytes = transfer.send.reduce((sum, file) => sum + file.size, 0);
  const places = transfer.send.flatMap((file) => scan.places.get(file.path) ?? []);
  const sample = { kind: host.kind, serverHasGzip: live.hasGzip, bytes, sampleRatio: await sampleRatio(places) };
  const isGzip = isWorthGzip(sample);
  job.log(
    `sending ${transfer.send.length} file(s), ${formatBytes(bytes)}${isGzip ? ', compressed' : ''}; ${transfer.keep.length} unchanged are linked on the server`,
  );
  const progress = makeProgress(clock, job.log, (done, seconds) => describeSent(done, bytes, seconds));
  const archive = { manifest, transfer, places: scan.places, isForNow };
  await receiveStagedTree(host, job.deployPath, manifest.releaseId, {
    tar: packArchive(archive, isGzip, (count) => {
      progress.add(count);
    }),
    isGzip,
    signal: job.signal,
    timeoutMs: leastTimeoutMs + bytes / 100,
  });
  return progress.done;
}

/** Makes a staged set live in this step; when that fails, the old files are back before the error is reported. */
export async function activateNow(job: SyncJob, releaseId: string): Promise<void> {
  const { host, deployPath } = job;
  try {
    await activateStagedTree(host, deployPath, releaseId);
  } catch (thrown) {
    job.log('That failed: putting the old files back.');
    await undoActivation(host, deployPath, releaseId);
    throw thrown;
  }
  await settleActivation(host, deployPath);
}
