import type { HostTarget } from '@deploy-actions/kit/host/connect';
import { SyncError } from './sync-error.ts';

/** No private key is longer. */
const longestKeyFile = 64 * 1024;

/** Looks at the content of each file up to {@link longestKeyFile}. */
export type ContentGuard = (path: string, content: Buffer) => void;

/**
 * A workspace may hold the very key that this step logs in with, on the server or on the way to it, written there by an earlier step; on the server it would
 * let everybody in who may read the files. To be asked while the files are read: not all of them are kept.
 * @returns what throws SyncError SOURCE_REFUSED naming the file
 */
export function guardKey(target: HostTarget): ContentGuard {
  const telling: string[] = [];
  for (let hop = target.kind === 'ssh' ? target : undefined; hop !== undefined; hop = hop.jump) {
    if (hop.credential.kind !== 'key') continue;
    // A line from the middle: the first ones are alike in all keys of a kind.
    const lines = hop.credential.key.text.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
    telling.push(...lines.slice(lines.length / 2).slice(0, 1));
  }
  return (path, content) => {
    if (content.length > longestKeyFile || !telling.some((line) => content.includes(line))) return;
    throw new SyncError({
      code: 'SOURCE_REFUSED',
      message: `${JSON.stringify(path)} in the source is the private key that this step logs in with. Nothing was changed.`,
      hint: 'Keep keys out of the workspace, or leave the file out with `exclude`.',
    });
  };
}
