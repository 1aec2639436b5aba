import type { Transfer } from '@deploy-actions/kit/state/manifest-diff';
import type { Mount } from './mounts.ts';

/** How a sync ended. */
export type Ending =
  /** What is live is the set already. */
  | { readonly kind: 'unchanged'; readonly releaseId: string }
  /** Waits on the server for the rollout. */
  | { readonly kind: 'staged'; readonly releaseId: string }
  /** An earlier run of this commit had staged the same set. */
  | { readonly kind: 'staged-before'; readonly releaseId: string }
  | { readonly kind: 'live'; readonly releaseId: string }
  | { readonly kind: 'dry-run' };

/** Everything that outputs, log and summary are made of. */
export interface Report {
  readonly ending: Ending;
  readonly hostName: string;
  readonly deployPath: string;
  readonly transfer: Transfer;
  /** Protected paths of the source, left out. */
  readonly leftOut: readonly string[];
  /** What `delete: mirror` kept on the server, and why. */
  readonly kept: readonly string[];
  /** Relative to deploy-path; undefined where the step has nothing to do with one. */
  readonly envPath: string | undefined;
  /** It gets another content. */
  readonly isEnvNew: boolean;
  /** Changed files that a container holds by themselves. */
  readonly pinned: readonly Mount[];
  readonly totalFiles: number;
  readonly totalBytes: number;
  /** Content bytes, before compression. */
  readonly sentBytes: number;
  readonly remoteCommands: number;
  readonly durationMs: number;
}

/** The last line of the log: what is on the server now, and what happens next. */
export function describeEnding(report: Report): string {
  const { ending, transfer } = report;
  const counts = `${transfer.added.length} added, ${transfer.changed.length} changed, ${transfer.deleted.length} deleted${report.isEnvNew ? ', the env file new' : ''}`;
  const where = `${report.hostName}:${report.deployPath}`;
  switch (ending.kind) {
    case 'unchanged':
      return `Unchanged: ${where} has these ${report.totalFiles} files already. No file was sent.`;
    case 'staged':
      return `Staged as ${ending.releaseId} (${counts}). Nothing is live yet: action-rolling-deploy makes it live.`;
    case 'staged-before':
      return `Staged before as ${ending.releaseId} (${counts}); no file was sent. action-rolling-deploy makes it live.`;
    case 'live':
      return `Live: ${where} has the files of ${ending.releaseId} now (${counts}).`;
    case 'dry-run':
      return `Dry run: ${counts}. Nothing was touched on ${where}.`;
  }
}

/** The paths that change and those that stay, as lines of a log: `+ new`, `~ changed`, `- deleted`, `! protected`. */
export function listChanges({ transfer, isEnvNew, envPath, kept, leftOut, ending }: Report): readonly string[] {
  return [
    ...transfer.added.map((path) => `+ ${path}`),
    ...transfer.changed.map((path) => `~ ${path}`),
    ...(isEnvNew ? [`~ ${envPath ?? ''} (env file, from the secret)`] : []),
    ...transfer.deleted.map((path) => `- ${path}`),
    ...kept.map((path) => `! ${path}`),
    ...(ending.kind === 'dry-run' ? leftOut.map((path) => `! ${path} (protected, left out)`) : []),
  ];
}

/** What a person must know of mounted files: a mount holds the file, not its name. */
export function describePinned({ pinned, ending }: Report): readonly string[] {
  const when = ending.kind === 'live' ? 'Restart it now' : 'Restart it when the files are live';
  return pinned.map(
    ({ path, service }) =>
      `${path} is mounted by itself into ${service}, which goes on seeing the old file until it is restarted or recreated. ${when}: docker compose restart ${service}`,
  );
}
