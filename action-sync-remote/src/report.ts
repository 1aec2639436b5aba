import type { Transfer } from '@deploy-actions/kit/state/manifest-diff';

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
  readonly totalFiles: number;
  readonly totalBytes: number;
  /** Content bytes, before compression. */
  readonly sentBytes: number;
  readonly durationMs: number;
}

/** The last line of the log: what is on the server now, and what happens next. */
export function describeEnding(report: Report): string {
  const { ending, transfer } = report;
  const counts = `${transfer.added.length} added, ${transfer.changed.length} changed, ${transfer.deleted.length} deleted`;
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

/** The paths that change, as lines of a log: `+ new`, `~ changed`, `- deleted`. */
export function listChanges(transfer: Transfer): readonly string[] {
  return [
    ...transfer.added.map((path) => `+ ${path}`),
    ...transfer.changed.map((path) => `~ ${path}`),
    ...transfer.deleted.map((path) => `- ${path}`),
  ];
}
