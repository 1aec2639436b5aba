import { PassThrough, pipeline, type Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Manifest } from '@deploy-actions/kit/state/manifest';
import { isFile } from '@deploy-actions/kit/state/manifest';
import { allNew } from '@deploy-actions/kit/state/manifest-diff';
import type { StagedArchive } from '@deploy-actions/kit/state/staged-receiver';
import { packArchive } from './archive.ts';
import type { Comparison, SyncJob } from './comparison.ts';
import type { Packing } from './packing.ts';
import { bigBytes, packingOf } from './sending.ts';
import { keptBytes, type Scan } from './source-scan.ts';
import { makeManifest } from './staging.ts';

/**
 * A set that is packed while the server is asked what it has: as long as nothing of ours is known to be live there, the answer
 * is mostly that it needs all. Nothing of it leaves the runner before the answer.
 */
export interface Ahead {
  /** Once. Undefined where something else than the whole set is to be sent; then it is given up. */
  take(comparison: Pick<Comparison, 'transfer' | 'isEnvNew'>): PackedAhead | undefined;
  /** It is not needed. */
  drop(): void;
}

export interface PackedAhead {
  readonly manifest: Manifest;
  /**
   * The stream, once; undefined where it was packed otherwise, or its source failed: then it is read again.
   * @param onBytes content bytes that were read since the last call
   */
  use(packing: Packing, onBytes: (count: number) => void): StagedArchive | undefined;
}

type Known = Pick<SyncJob, 'scan' | 'buckets'>;

/** Begins when `source` is known, unless the server has said by then that a set is live (`isKnown`). */
export function packAhead(
  job: Pick<SyncJob, 'env' | 'owner' | 'clock'>,
  source: Promise<Known>,
  isKnown: Promise<boolean>,
): Ahead {
  let isOver = false;
  let running: Running | undefined;
  const drop = (): void => {
    isOver = true;
    running?.tar.destroy();
  };
  const begin = async (): Promise<void> => {
    const known = await source;
    // What goes to the server first is written in this turn.
    await setImmediate();
    if (!isOver && isWorthwhile(known.scan)) running = start({ ...job, ...known });
  };
  // Where it fails, the sync itself says why.
  begin().catch(() => undefined);
  void isKnown.then((isLive) => {
    if (isLive) drop();
  });
  return {
    drop,
    take: ({ transfer, isEnvNew }) => {
      const packed = running;
      if (isOver || packed === undefined) return undefined;
      isOver = true;
      const isAll = transfer.send.length === packed.files && transfer.deleted.length === 0;
      if (isAll && isEnvNew === packed.isWithEnv) return packed;
      drop();
      return undefined;
    },
  };
}

/** All of it may wait in memory. */
function isWorthwhile({ bytes, entries }: Scan): boolean {
  return bytes <= keptBytes && entries.every((entry) => !isFile(entry) || entry.size < bigBytes);
}

interface Running extends PackedAhead {
  readonly tar: Readable;
  readonly files: number;
  readonly isWithEnv: boolean;
}

function start(job: Known & Pick<SyncJob, 'env' | 'owner' | 'clock'>): Running {
  const { scan, buckets } = job;
  const transfer = allNew(scan.entries);
  const manifest = makeManifest(job, transfer);
  const env = job.env?.content === undefined ? undefined : { path: job.env.path, content: job.env.content };
  // Nearly every server has zstd, and how far away it is is not known yet.
  const packing = packingOf(scan, transfer.send, { kind: 'ssh', packers: ['zstd'], answerMs: Infinity });
  let read = 0;
  let tell = (count: number): void => {
    read += count;
  };
  const archive = {
    manifest,
    transfer,
    places: scan.places,
    inParts: new Map<never, never>(),
    env,
    plan: undefined,
    buckets,
  };
  const { tar: source, borders } = packArchive(archive, packing, (count) => {
    tell(count);
  });
  const tar = new PassThrough({ highWaterMark: 2 * keptBytes });
  // Told where it is used.
  tar.on('error', () => undefined);
  pipeline(source, tar, () => undefined);
  return {
    tar,
    manifest,
    files: transfer.send.length,
    isWithEnv: env !== undefined,
    use: (wanted, onBytes) => {
      if (wanted !== packing || tar.errored !== null) {
        tar.destroy();
        return undefined;
      }
      onBytes(read);
      tell = onBytes;
      return { tar, packing, ...(borders === undefined ? {} : { borders }) };
    },
  };
}
