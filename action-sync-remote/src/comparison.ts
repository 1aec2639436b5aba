import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { runBatch, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import type { Host } from '@deploy-actions/kit/host/host';
import type { DeployPath } from '@deploy-actions/kit/state/deploy-path';
import type { LeaseOwner } from '@deploy-actions/kit/state/lease';
import { diffIndex, indexManifest } from '@deploy-actions/kit/state/manifest-index';
import { allNew, diffManifests, type DeleteRule, type Transfer } from '@deploy-actions/kit/state/manifest-diff';
import type { ManifestFile } from '@deploy-actions/kit/state/manifest';
import { probeLive, type LiveState } from '@deploy-actions/kit/state/manifest-live';
import { lookPart, parseLook, statePart, type Look } from '@deploy-actions/kit/state/manifest-look';
import { throwIfBlocked } from '@deploy-actions/kit/state/staged-tree';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { formatBytes } from './byte-size.ts';
import { digestEnv, type EnvFile } from './env-file.ts';
import { listPart, planMirror, type MirrorPlan } from './mirror.ts';
import { mountsOfText, mountsPart, parseMounts, type Mount } from './mounts.ts';
import { partMebibytes, partsOf } from './sending.ts';
import type { Scan } from './source-scan.ts';
import { SyncError } from './sync-error.ts';

/** What one sync works with. */
export interface SyncJob {
  readonly host: Host;
  readonly deployPath: DeployPath;
  readonly scan: Scan;
  /** See indexManifest. */
  readonly buckets: readonly string[];
  readonly delete: 'managed' | 'none' | 'mirror';
  readonly isProtected: (path: string) => boolean;
  readonly env: EnvFile | undefined;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** The comparison of the set in hand with the server. */
export interface Comparison {
  readonly look: Look;
  readonly transfer: Transfer;
  /** The env file gets another content. */
  readonly isEnvNew: boolean;
  /** What `delete: mirror` keeps, and why. */
  readonly kept: readonly string[];
  /** What stands at the paths of the set; undefined where the live set is known, and is all that the transfer touches. */
  readonly live: LiveState | undefined;
}

/** The scan, and everything that follows from it alone. */
export function makeBuckets(scan: Scan): readonly string[] {
  return indexManifest(scan.entries).buckets;
}

/**
 * One command: first the parts given, which prepare for the sync, then a look at deploy-path.
 * @throws StagedTreeError DEPLOY_PATH_UNUSABLE, TOOL_MISSING, MANIFEST_UNREADABLE; what the parts throw
 */
export async function lookAround(job: SyncJob, before: readonly BatchPart[] = []): Promise<Looked> {
  return lookBehind(job, { before }, Promise.resolve(job.buckets));
}

/** What a look told, and what the parts given did. */
export interface Looked {
  readonly look: Look;
  readonly results: readonly PartResult[];
}

const lookTimeoutMs = 300_000;

/** What it fails with is told where it is awaited, or not at all: something else failed before. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/**
 * The same, where the set in hand is not known yet: parts with a stdin, and those after them, wait for it. What the live
 * files look like is found out `before` that, and beside it.
 */
export async function lookBehind(
  { host, deployPath, env, signal }: Pick<SyncJob, 'host' | 'deployPath' | 'env' | 'signal'>,
  { before, between = [] }: { readonly before: readonly BatchPart[]; readonly between?: readonly BatchPart[] },
  buckets: Promise<readonly string[]>,
): Promise<Looked> {
  const envPath = env === undefined ? '' : `./${env.path}`;
  const parts = [...before, statePart(deployPath), ...between, lookPart(deployPath, host.name, envPath)];
  const results = await runBatch(host, parts, {
    lateStdin: handled(buckets.then((lines) => lines.join('\n'))),
    timeLimit: handled(buckets.then(() => lookTimeoutMs)),
    signal,
    maxCaptureBytes: 64 * 1024 * 1024,
  });
  const [state, ...rest] = results.slice(before.length);
  const look = parseLook(rest.at(-1)?.stdout ?? '', deployPath, state?.stdout ?? '');
  return { look, results: [...results.slice(0, before.length), ...rest.slice(0, -1)] };
}

/**
 * Compares, and looks at single files only where the look did not tell enough. Reads only.
 * @throws StagedTreeError PATH_BLOCKED; SyncError NO_SPACE, ENV_FILE_MISSING, MOUNTS_UNKNOWN
 */
export async function compare(job: SyncJob, look: Look): Promise<Comparison> {
  const { host, deployPath } = job;
  const isEnvNew = compareEnv(job, look);
  const mirror = job.delete === 'mirror' ? await lookForMirror(job) : undefined;
  const { transfer, live } = await findTransfer(job, look, mirror);
  throwIfBlocked(host, deployPath, transfer.blocked);
  refuseFull(job, look, transfer);
  return { look, transfer, isEnvNew, kept: mirror?.kept ?? [], live };
}

async function findTransfer(
  job: SyncJob,
  look: Look,
  mirror: MirrorPlan | undefined,
): Promise<Pick<Comparison, 'transfer' | 'live'>> {
  const { host, deployPath, scan, signal } = job;
  const unmanaged = mirror?.deletable ?? [];
  // What a rule leaves out is not gone from the source.
  const isProtected = (path: string): boolean => job.isProtected(path) || scan.isLeftOut(path);
  const rule: DeleteRule = { delete: job.delete === 'none' ? 'none' : 'managed', isProtected, unmanaged };
  const quick =
    look.difference === undefined || mirror !== undefined ? undefined : diffIndex(scan.entries, look.difference, rule);
  if (quick !== undefined) return { transfer: quick, live: undefined };
  const isNothingLive = look.isEmpty && look.liveId === undefined;
  if (isNothingLive && look.isWritable) return { transfer: allNew(scan.entries), live: nothingLive(look) };
  const paths = [...scan.entries.map(({ path }) => path), ...unmanaged];
  const live = isNothingLive ? nothingLive(look) : await probeLive(host, deployPath, paths, signal);
  return { transfer: diffManifests(scan.entries, live, rule), live };
}

/** Where deploy-path is empty there is nothing to look at. */
function nothingLive(look: Look): LiveState {
  const folder = { kind: 'folder', isWritable: look.isWritable } as const;
  return { ...look, manifest: undefined, staged: [], entries: new Map([['.', folder]]) };
}

/** Whether the env file changes. @throws SyncError ENV_FILE_MISSING, PATH_BLOCKED */
function compareEnv({ host, deployPath, env, scan }: SyncJob, look: Look): boolean {
  if (env === undefined) return false;
  const where = `input \`env-file\`: ${deployPath}/${env.path} on ${host.name}`;
  if (look.env?.kind === 'other')
    throw new SyncError({
      code: 'ENV_FILE_UNUSABLE',
      message: `${where} is not a file that the deploy user may read (a link, a folder, another user's). Nothing was changed.`,
      hint: 'Make it a file of the deploy user, or name another `env-file`.',
    });
  if (env.content !== undefined) return look.env?.kind !== 'file' || look.env.digest !== digestEnv(env.content);
  if (look.env?.kind === 'absent' && !scan.places.has(env.path))
    throw new SyncError({
      code: 'ENV_FILE_MISSING',
      message: `${where} does not exist, and this step brings none. Nothing was changed.`,
      hint: 'Put it there once, or set `env-file-content` from a secret.',
    });
  return false;
}

async function lookForMirror(job: SyncJob): Promise<MirrorPlan> {
  const { host, deployPath, scan, isProtected, signal } = job;
  const options = { signal, timeoutMs: 300_000, maxCaptureBytes: 256 * 1024 * 1024 };
  const [mounts, list] = await runBatch(host, [mountsPart(deployPath, 'all'), listPart(deployPath)], options);
  if (mounts?.code !== 0)
    throw new SyncError({
      code: 'MOUNTS_UNKNOWN',
      message: `${host.name}: \`delete: mirror\` must know what containers have mounted, and Docker could not be asked: ${mounts?.stderr.trim() ?? ''}. Nothing was changed.`,
      hint: 'May the deploy user run docker? `delete: managed` needs no Docker.',
    });
  const known = [...parseMounts(mounts.stdout, deployPath), ...mountsOfSource(scan, deployPath)];
  const wanted = new Set([...scan.entries.map(({ path }) => path), ...(job.env === undefined ? [] : [job.env.path])]);
  return planMirror(list?.stdout ?? '', wanted, { isProtected, isLeftOut: scan.isLeftOut }, known);
}

/** Compose files are small; what is bigger is data. */
const largestComposeFile = 512 * 1024;

function mountsOfSource(scan: Scan, deployPath: DeployPath): readonly Mount[] {
  return [...scan.places]
    .filter(([path]) => /\.ya?ml$/i.test(path))
    .flatMap(([path, { file, content }]) => {
      const text = (content ?? readFileSync(file)).subarray(0, largestComposeFile).toString('utf8');
      return mountsOfText(text, posix.dirname(path), deployPath).map((each) => ({ path: each, service: path }));
    });
}

/** Bytes, and files and folders, that the lists and hard links of a set need besides its files. */
const spareBytes = 8 * 1024 * 1024;
const spareFiles = 64;

/** What an interrupted sync left of a file: it takes its room already. */
function bytesThere(look: Look, file: ManifestFile): number {
  return Math.min(file.size, partsOf(look, file).length * partMebibytes * 1024 * 1024);
}

function refuseFull({ host, deployPath }: SyncJob, look: Look, transfer: Transfer): void {
  if (!transfer.isNeeded) return;
  const copied = transfer.copy.reduce((sum, file) => sum + file.size, spareBytes);
  const needed = transfer.send.reduce((sum, file) => sum + file.size - bytesThere(look, file), copied);
  if (look.freeBytes < needed)
    throw new SyncError({
      code: 'NO_SPACE',
      message: `${host.name}: ${deployPath} has ${formatBytes(look.freeBytes)} free, the files need ${formatBytes(needed)}. Nothing was changed.`,
      hint: 'Make room on the server: docker image prune, old backups, logs.',
    });
  const files = transfer.send.length + transfer.copy.length + spareFiles;
  if (look.freeFiles !== undefined && look.freeFiles < files)
    throw new SyncError({
      code: 'NO_SPACE',
      message: `${host.name}: the file system of ${deployPath} takes ${look.freeFiles} more files (inodes), this needs ${files}. Nothing was changed.`,
      hint: 'Remove what has many small files: old images, build caches, sessions, mail queues.',
    });
}
