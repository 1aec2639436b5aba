import type { Container } from '../compose/container.ts';
import type { StoredImages } from '../compose/local-images.ts';
import type { ServicePlan } from './rollout-plan.ts';
import { formatSize } from './byte-size.ts';
import type { PlanNote } from './plan-note.ts';
import type { DiskFacts, ServerFacts } from './server-facts.ts';

/** For the download beside what it unpacks to, and so that nothing else on the server stands still. */
const marginBytes = 200e6;
const pullGrowth = 1.5;
/** A base image with an application and its packages has tens of thousands of files. */
const fewFiles = 100_000;
const tooFewFiles = 10_000;
/** Journal, pins and release records. */
const stateBytes = 20e6;
const stateFiles = 200;

/**
 * What the pull may need. The registry tells only compressed sizes, and not how much of it the server has already, so an
 * image is taken for as large as the one its service runs now; unknown for a first deploy.
 */
export interface PullNeed {
  readonly missing: readonly string[];
  /** Bytes; the sum over the missing images of the size of the one that runs now. */
  readonly known: number;
}

/** Pure. */
export function estimatePull(
  changed: readonly ServicePlan[],
  before: readonly Container[],
  stored: StoredImages,
  facts: ServerFacts,
): PullNeed {
  const missing = new Map<string, number>();
  for (const plan of changed.filter((candidate) => isPulled(candidate, stored))) {
    const sizes = currentImages(before, plan.service).map((id) => facts.images[id] ?? 0);
    missing.set(plan.image, Math.max(0, missing.get(plan.image) ?? 0, ...sizes));
  }
  return { missing: [...missing.keys()], known: [...missing.values()].reduce((sum, size) => sum + size, 0) };
}

/** Whether the server has to fetch the image of this service. Pure. */
export function isPulled(plan: ServicePlan, stored: StoredImages): boolean {
  return plan.action !== 'remove' && plan.image !== '' && !stored.has(plan.image);
}

/** Ids of the images that the containers of a service were made from. Pure. */
export function currentImages(before: readonly Container[], service: string): readonly string[] {
  const own = before.filter((container) => container.service === service && !container.isOneOff);
  return [...new Set(own.map(({ imageId }) => imageId))];
}

/**
 * Refused when an image as large as the present one has no room, or hardly a file can be made: a full disk stops
 * databases too. Between that and half as much again it is a warning: layers that both images share are not pulled. Pure.
 */
export function assessDisks(need: PullNeed, facts: ServerFacts, isEnforced: boolean): readonly PlanNote[] {
  return facts.disks.flatMap((disk) =>
    disk.role === 'images' ? ofImages(need, disk, isEnforced) : ofState(disk, isEnforced),
  );
}

function ofImages(need: PullNeed, disk: DiskFacts, isEnforced: boolean): readonly PlanNote[] {
  if (need.missing.length === 0) return [];
  const images = need.missing.length === 1 ? 'an image' : `${need.missing.length} images`;
  const size = need.known === 0 ? 'of unknown size' : `about as large as now (${formatSize(need.known)})`;
  const text = `${images} to pull, ${size}; ${formatSize(disk.free)} free at ${disk.path}`;
  if (disk.free < need.known + marginBytes) return [short(text, isEnforced)];
  if (disk.freeFiles !== undefined && disk.freeFiles < tooFewFiles)
    return [short(`${images} to pull; ${files(disk)}`, isEnforced)];
  if (disk.free < need.known * pullGrowth + marginBytes) return [{ level: 'warning', text: `${text}: tight` }];
  if (disk.freeFiles !== undefined && disk.freeFiles < fewFiles)
    return [{ level: 'warning', text: `${files(disk)}: tight` }];
  return [{ level: 'info', text }];
}

function ofState(disk: DiskFacts, isEnforced: boolean): readonly PlanNote[] {
  if (disk.free < stateBytes) return [short(`${formatSize(disk.free)} free at ${disk.path} (deploy-path)`, isEnforced)];
  if (disk.freeFiles !== undefined && disk.freeFiles < stateFiles) return [short(files(disk), isEnforced)];
  return [];
}

function files(disk: DiskFacts): string {
  return `${disk.freeFiles ?? 0} more files fit at ${disk.path} (inodes)`;
}

function short(text: string, isEnforced: boolean): PlanNote {
  const hint =
    'Free some: `docker system df` on the server shows what, `docker image prune` and `docker builder prune` remove what nothing uses; or set `headroom: warn`.';
  return isEnforced
    ? { level: 'refusal', code: 'NO_SPACE', text, hint }
    : { level: 'warning', text: `${text}; going on, as the input headroom says` };
}
