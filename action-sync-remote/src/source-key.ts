import type { HostTarget } from '@deploy-actions/kit/host/connect';
import type { Scan } from './source-scan.ts';
import { SyncError } from './sync-error.ts';

/** No private key is longer. */
const longestKeyFile = 64 * 1024;

/**
 * A workspace may hold the very key that this step logs in with, written there by an earlier step; on the server it would
 * let everybody in who may read the files.
 * @throws SyncError SOURCE_REFUSED naming the file
 */
export function refuseKey({ entries, places }: Scan, target: HostTarget): void {
  if (target.kind !== 'ssh' || target.credential.kind !== 'key') return;
  // A line from the middle: the first ones are alike in all keys of a kind.
  const lines = target.credential.key.text.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
  const telling = lines[Math.floor(lines.length / 2)];
  if (telling === undefined) return;
  const found = entries.find(
    (entry) =>
      'size' in entry && entry.size <= longestKeyFile && places.get(entry.path)?.content?.includes(telling) === true,
  );
  if (found === undefined) return;
  throw new SyncError({
    code: 'SOURCE_REFUSED',
    message: `${JSON.stringify(found.path)} in the source is the private key that this step logs in with. Nothing was changed.`,
    hint: 'Keep keys out of the workspace, or leave the file out with `exclude`.',
  });
}
