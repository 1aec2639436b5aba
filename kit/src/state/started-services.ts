import type { BatchPart } from '../host/batch.ts';
import { scriptOrThrow, type Host } from '../host/host.ts';
import { statePath, type DeployPath } from './deploy-path.ts';

const fileName = 'started';

/**
 * Remembers, before it happens, that action-migrate starts these services for a deploy that has not come yet: before the
 * first release they are no stack of a person's, and nothing to go back to.
 */
export async function rememberStarted(host: Host, path: DeployPath, services: readonly string[]): Promise<void> {
  const source = 'file=$1; shift; printf "%s\\n" "$@" >> "$file"';
  await scriptOrThrow(host, 'remember what is started', source, [statePath(path, fileName), ...services]);
}

/** Names of the services that {@link rememberStarted} was told of since the last release. */
export async function readStarted(host: Host, path: DeployPath): Promise<ReadonlySet<string>> {
  const read = await scriptOrThrow(host, 'read what was started', 'cat "$1" 2>/dev/null || true', [
    statePath(path, fileName),
  ]);
  return new Set(read.stdout.split('\n').filter((line) => line !== ''));
}

/** From a release on, the ledger says what runs. */
export function forgetStartedPart(path: DeployPath): BatchPart {
  return {
    purpose: 'forget what was started',
    source: '[ ! -e "$1" ] || rm -f "$1"',
    args: [statePath(path, fileName)],
  };
}
