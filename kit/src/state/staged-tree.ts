import { randomBytes } from 'node:crypto';
import { runBatch, type BatchPart } from '../host/batch.ts';
import type { Host } from '../host/host.ts';
import { systemClock } from '../time/clock.ts';
import type { DeployPath } from './deploy-path.ts';
import { planSwap, type Blocked, type SwapStep } from './manifest-diff.ts';
import { probeLive } from './manifest-live.ts';
import { byOrder } from './manifest-look.ts';
import { formatManifest, formatReleaseId, parseManifest, parseManifestHeader, type Manifest } from './manifest.ts';
import { openReceiver, type ReceiveOptions, type StagedArchive } from './staged-receiver.ts';
import { StagedTreeError } from './staged-tree-error.ts';
import { runTreeScript, treePart } from './staged-tree-run.ts';
import { activateScript, undoScript } from './staged-swap-scripts.ts';
import {
  awaitQuietScript,
  discardScript,
  findScript,
  packScript,
  readArchiveScript,
  readStagedScript,
  settleScript,
  unpackScript,
} from './staged-tree-scripts.ts';

export { buildStagedView } from './staged-view.ts';
export { StagedTreeError, type StagedTreeErrorCode } from './staged-tree-error.ts';

/** A set of files on the server that is not live yet. The lease is held by the caller for everything in this file. */
export interface StagedTree {
  readonly releaseId: string;
}

/** What an activation changed, relative to deploy-path. */
export interface Activation {
  /** Added or replaced. */
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
}

const noActivation: Activation = { changed: [], deleted: [] };

/** The header of the set that is live, and the newest staged one that is not live. Reads two lines. */
async function findSets(host: Host, deployPath: DeployPath): Promise<Sets> {
  const text = await runTreeScript(host, deployPath, '', { purpose: 'look for staged files', source: findScript });
  return parseSets(text, deployPath);
}

/** {@link findStagedTree} as a part; {@link parseStagedTree} reads its output. */
export function findStagedPart(deployPath: DeployPath): BatchPart {
  return { purpose: 'look for staged files', source: findScript, args: [deployPath] };
}

/** The newest staged tree that is not live yet. Pure. */
export function parseStagedTree(text: string, deployPath: DeployPath): StagedTree | undefined {
  return parseSets(text, deployPath).staged;
}

interface Sets {
  readonly liveId: string | undefined;
  readonly staged: StagedTree | undefined;
}

function parseSets(text: string, deployPath: DeployPath): Sets {
  const lines = text.split('\n');
  const read = (line: string, kind: string) => parseManifestHeader(line, `${deployPath}/.deploy: a manifest (${kind})`);
  const live = lines.find((line) => line.startsWith('live '));
  const liveId = live === undefined ? undefined : read(live.slice('live '.length), 'live').releaseId;
  const staged = lines.flatMap((line) => {
    const [, order = '', header = ''] = /^staged (\d+) (.*)$/.exec(line) ?? [];
    return header === '' ? [] : [{ order: Number(order), header: read(header, 'staged') }];
  });
  // An older one beside it is what an interrupted rollout left.
  const newest = staged.toSorted(byOrder).at(-1);
  const releaseId = newest?.header.releaseId;
  return { liveId, staged: releaseId === undefined || releaseId === liveId ? undefined : { releaseId } };
}

/** The newest staged tree that is not live yet. */
export async function findStagedTree(host: Host, deployPath: DeployPath): Promise<StagedTree | undefined> {
  return (await findSets(host, deployPath)).staged;
}

/** The release id of the set that is live; undefined before the first sync. */
export async function findLiveFiles(host: Host, deployPath: DeployPath): Promise<string | undefined> {
  return (await findSets(host, deployPath)).liveId;
}

/**
 * Receives a set as a staged tree: a tar on stdin as staged-tree-scripts.ts describes it. Older staged trees that are
 * not live go. Nothing that is live changes.
 * @throws StagedTreeError STAGED_TREE_CORRUPT
 */
export async function receiveStagedTree(
  host: Host,
  deployPath: DeployPath,
  releaseId: string,
  archive: StagedArchive & Pick<ReceiveOptions, 'signal' | 'timeoutMs'>,
): Promise<void> {
  await openReceiver(host, deployPath, archive).receive(releaseId, archive);
}

const stepLetters = {
  clear: 'e',
  'remove-folder': 'r',
  'make-folder': 'd',
  add: 'n',
  replace: 'p',
  delete: 'x',
} as const satisfies Record<SwapStep['kind'], string>;

/**
 * Makes the staged tree live: undo record first (`.deploy/undo/<id>/`: plan and hard links of every file replaced or
 * deleted), then renames one by one, then `.deploy/manifest.json`. Running it again after a crash finishes it.
 * @throws StagedTreeError STAGED_TREE_MISSING, STAGED_TREE_CORRUPT, PATH_BLOCKED: before anything changed, except a
 *   PATH_BLOCKED for a folder that turned out not to be empty: then undoActivation puts things back
 */
export async function activateStagedTree(host: Host, deployPath: DeployPath, releaseId: string): Promise<Activation> {
  const text = await runTreeScript(host, deployPath, releaseId, {
    purpose: 'read the staged manifest',
    source: readStagedScript,
  });
  const isBegun = text.endsWith('\nundo\n');
  const staged = parseManifest(isBegun ? text.slice(0, -'undo\n'.length) : text, `${deployPath}: staged ${releaseId}`);
  if (isBegun) return applyPlan(host, deployPath, releaseId, '');
  const deletable = staged.deleted;
  const live = await probeLive(host, deployPath, [...staged.files.map((entry) => entry.path), ...deletable]);
  const plan = planSwap(staged.files, deletable, live);
  throwIfBlocked(host, deployPath, plan.blocked);
  if (plan.steps.length === 0 && live.manifest?.releaseId === releaseId) return noActivation;
  return applyPlan(host, deployPath, releaseId, formatPlan(plan.steps));
}

/** The plan of a swap as the server reads it: one step a line. */
export function formatPlan(steps: readonly SwapStep[]): string {
  return steps.map((step) => `${stepLetters[step.kind]} ./${step.path}\n`).join('');
}

async function applyPlan(host: Host, deployPath: DeployPath, releaseId: string, plan: string): Promise<Activation> {
  const done = await runTreeScript(host, deployPath, releaseId, {
    purpose: 'make the staged files live',
    source: activateScript,
    options: { stdin: plan },
  });
  const paths = (letters: string): readonly string[] =>
    done
      .split('\n')
      .filter((line) => line !== '' && letters.includes(line.charAt(0)))
      .map((line) => line.slice('n ./'.length));
  return { changed: paths('np').toSorted(), deleted: paths('ex').toSorted() };
}

/** @throws StagedTreeError PATH_BLOCKED naming the first paths and why */
export function throwIfBlocked(host: Host, deployPath: DeployPath, blocked: readonly Blocked[]): void {
  const [first, ...others] = blocked;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new StagedTreeError({
    code: 'PATH_BLOCKED',
    message: `${host.name}: ${deployPath} cannot take the files: ${first.path} is ${first.reason}${more}. Nothing was changed.`,
    hint: 'Move it away or give it to the deploy user on the server, or leave that path out with `exclude`.',
    evidence: blocked.slice(0, 20).map(({ path, reason }) => `${path}: ${reason}`),
  });
}

/** Puts the files back as they were before activateStagedTree(releaseId), finished or not. The staged tree stays. */
export async function undoActivation(host: Host, deployPath: DeployPath, releaseId: string): Promise<void> {
  await runBatch(host, [undoActivationPart(host, deployPath, releaseId)]);
}

/** {@link undoActivation} as a part. */
export function undoActivationPart(host: Host, deployPath: DeployPath, releaseId: string): BatchPart {
  return treePart(host, deployPath, releaseId, { purpose: 'put the old files back', source: undoScript });
}

/** Removes staged trees that no activation has begun with, and what an interrupted sync left of big files: the set that is live is the wanted one. `step`: the lease's. */
export async function discardStagedTrees(host: Host, deployPath: DeployPath, step: string): Promise<void> {
  const script = { purpose: 'remove what is staged', source: discardScript, args: [step] };
  await runTreeScript(host, deployPath, '', script);
}

/** Waits for a script of an earlier step that still works on the files. */
export function awaitQuietPart(host: Host, deployPath: DeployPath): BatchPart {
  return treePart(host, deployPath, '', { purpose: 'wait for the end of an earlier step', source: awaitQuietScript });
}

/**
 * After the commit of a release: packs the set that is now live as `.deploy/files/<n>.tar`, removes undo and staged
 * data and all but the archives of the newest `retain` good releases. Also for releases that staged nothing themselves: a rollback needs
 * their files too, and an archive of the same set is linked, not repeated. Packs nothing before the first sync.
 */
export function finishActivationParts(
  host: Host,
  deployPath: DeployPath,
  releaseNumber: number,
  retain: number,
): readonly BatchPart[] {
  return [
    treePart(host, deployPath, String(releaseNumber), {
      purpose: 'archive the live files',
      source: packScript,
      args: [String(Math.max(1, retain))],
    }),
    treePart(host, deployPath, '', { purpose: 'remove the staging data', source: settleScript }),
  ];
}

/**
 * For an explicit rollback: stages the file set of `.deploy/files/<n>.tar` again, to be activated by the same engine.
 * Undefined when that release has no archive.
 * @throws StagedTreeError STAGED_TREE_CORRUPT when the archive does not hold what its manifest says
 */
export async function stageReleaseFiles(
  host: Host,
  deployPath: DeployPath,
  releaseNumber: number,
): Promise<StagedTree | undefined> {
  const text = await readArchive(host, deployPath, releaseNumber);
  if (text === undefined) return undefined;
  const [archived = '', live = ''] = text.split('\n=\n');
  const set = parseManifest(archived, `${deployPath}/.deploy/files/${releaseNumber}.tar`);
  const managed = live === '' ? [] : parseManifest(live, `${deployPath}/.deploy/manifest.json`).files;
  const kept = new Set(set.files.map((entry) => entry.path));
  const now = systemClock.date();
  const staged: Manifest = {
    ...set,
    releaseId: formatReleaseId(now, set.commit, randomBytes(2).toString('hex')),
    createdAt: now.toISOString(),
    deleted: managed.map((entry) => entry.path).filter((path) => !kept.has(path)),
  };
  const section = (lines: readonly string[]): string => `${lines.length}\n${lines.map((line) => `${line}\n`).join('')}`;
  await runTreeScript(host, deployPath, staged.releaseId, {
    purpose: `stage the files of release ${releaseNumber}`,
    source: unpackScript,
    args: [String(releaseNumber)],
    options: {
      stdin: section(staged.deleted.map((path) => `./${path}`)) + formatManifest(staged),
    },
  });
  return { releaseId: staged.releaseId };
}

async function readArchive(host: Host, deployPath: DeployPath, releaseNumber: number): Promise<string | undefined> {
  try {
    return await runTreeScript(host, deployPath, String(releaseNumber), {
      purpose: `read the files of release ${releaseNumber}`,
      source: readArchiveScript,
      options: { maxCaptureBytes: 256 * 1024 * 1024 },
    });
  } catch (thrown) {
    if (thrown instanceof StagedTreeError && thrown.code === 'STAGED_TREE_MISSING') return undefined;
    throw thrown;
  }
}
