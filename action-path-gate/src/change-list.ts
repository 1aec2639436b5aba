import { ConfigurationError, describeThrown, isDeployError } from '@deploy-actions/kit/action/errors';
import type { FileList } from '@deploy-actions/kit/github/changed-files';
import type { GithubClient } from '@deploy-actions/kit/github/client';
import type { Changes } from './decision.ts';
import type { ChangeSource } from './event.ts';

/**
 * Asks GitHub which files changed; a rename is both its names. An API that fails, or that lists fewer files than there
 * are, is told as incomplete and never an error: the gate opens then. Only cancellation is thrown.
 */
export async function findChanges(
  source: ChangeSource,
  client: GithubClient | undefined,
  signal: AbortSignal,
): Promise<Changes> {
  if (source.kind === 'none') return source;
  if (source.kind === 'unknown') return { ...source, kind: 'incomplete', paths: [] };
  if (client === undefined) return incomplete('there is no `github-token` to ask GitHub with');
  try {
    if (source.kind === 'commits') return readList(await client.listComparedFiles(source.base, source.head), undefined);
    return readList(await client.listPullRequestFiles(source.number), source.announced);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof ConfigurationError) throw thrown;
    const hint = isDeployError(thrown) && thrown.hint !== undefined ? ` ${thrown.hint}` : '';
    return incomplete(`${describeThrown(thrown).replace(/\.$/, '')}.${hint}`);
  }
}

/** Pure. @param announced how many files the event said there are */
export function readList({ files, isTruncated }: FileList, announced: number | undefined): Changes {
  const paths = [...new Set(files.flatMap(({ path, previousPath }) => [path, previousPath ?? path]))];
  if (isTruncated)
    return incomplete(`GitHub lists no more than ${files.length} changed files, and there may be more`, paths);
  if (announced !== undefined && announced > files.length) {
    return incomplete(`GitHub lists ${files.length} of ${announced} changed files`, paths);
  }
  return { kind: 'known', paths };
}

function incomplete(reason: string, paths: readonly string[] = []): Changes {
  return { kind: 'incomplete', reason, paths, isManual: false };
}
