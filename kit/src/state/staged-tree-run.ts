import type { BatchPart, PartResult } from '../host/batch.ts';
import { HostError, lastLines, type ExecOptions, type Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';
import { LeaseError } from './lease-store.ts';
import { StagedTreeError } from './staged-tree-error.ts';

/** Moving and hashing large sets on a slow disk takes minutes; a hung server must still end the step. */
const scriptTimeoutMs = 900_000;

export interface TreeScript {
  /** What the message calls it: "make the staged files live". */
  readonly purpose: string;
  readonly source: string;
  readonly args?: readonly string[];
  readonly options?: ExecOptions;
}

/**
 * Runs one of the scripts of staged-tree-scripts.ts and gives its meaningful exit codes their names.
 * @throws StagedTreeError STAGED_TREE_MISSING (65), STAGED_TREE_CORRUPT (66), PATH_BLOCKED (67), NO_SPACE
 * @throws LeaseError LOCKED (68), LEASE_LOST (69)
 * @throws HostError COMMAND_FAILED for any other code
 */
export async function runTreeScript(
  host: Host,
  deployPath: DeployPath,
  releaseId: string,
  script: TreeScript,
): Promise<string> {
  const args = [deployPath, releaseId, ...(script.args ?? [])];
  const result = await host.script(script.source, args, { timeoutMs: scriptTimeoutMs, ...script.options });
  if (result.code === 0) return result.stdout;
  throw treeError(host, deployPath, releaseId, script.purpose, result);
}

/** One of those scripts as a part of a batch, with the same meaning of its exit codes. */
export function treePart(
  host: Host,
  deployPath: DeployPath,
  releaseId: string,
  script: Omit<TreeScript, 'options'>,
): BatchPart {
  return {
    purpose: script.purpose,
    source: script.source,
    args: [deployPath, releaseId, ...(script.args ?? [])],
    fail: (result) => treeError(host, deployPath, releaseId, script.purpose, result),
  };
}

/** What an exit code of those scripts means. */
export function treeError(
  host: Host,
  deployPath: DeployPath,
  releaseId: string,
  purpose: string,
  result: PartResult,
): StagedTreeError | LeaseError | HostError {
  const said = lastLines(result.stderr, 1)[0] ?? '';
  const where = `${host.name}: ${deployPath}/.deploy/staged/${releaseId}`;
  switch (result.code) {
    case 65:
      return new StagedTreeError({
        code: 'STAGED_TREE_MISSING',
        message: `${where} is not there.`,
        hint: 'A later sync replaced it, or it went live already. Run action-sync-remote in this job, before the rollout.',
      });
    case 66:
      return new StagedTreeError({
        code: 'STAGED_TREE_CORRUPT',
        message: `${where}: a file is not what its SHA-256 says.`,
        hint: 'It changed while it was read or sent, or was edited in place on the server. Run the job again.',
        evidence: lastLines(result.stderr, 10),
      });
    case 67:
      return new StagedTreeError({
        code: 'PATH_BLOCKED',
        message: `${where}: a folder that must become a file holds files of its own: ${said}`,
        hint: 'Move what only the server has out of that folder, or rename the file in the source.',
      });
    case 68:
      return new LeaseError({
        code: 'LOCKED',
        message: `${host.name}: could not ${purpose}: a command of an earlier step, whose connection broke, still works on the files of ${deployPath}.`,
        hint: 'Look on the server what it waits for (a slow or full disk), then run the job again.',
      });
    case 69:
      return new LeaseError({
        code: 'LEASE_LOST',
        message: `${host.name}: could not ${purpose} in ${deployPath}: a later step has taken the lease meanwhile. What is live was not changed.`,
        hint: 'Run the job again; it starts from what is on the server.',
      });
    default:
      return otherError(host, deployPath, purpose, result);
  }
}

/** What tells a full disk; a quota counts as one. */
const fullWords = /No space left|quota/i;

function otherError(
  host: Host,
  deployPath: DeployPath,
  purpose: string,
  result: PartResult,
): StagedTreeError | HostError {
  const lines = result.stderr.trimEnd().split('\n');
  const full = lines.find((line) => fullWords.test(line));
  const what = `${host.name}: could not ${purpose} in ${deployPath}`;
  const evidence = lastLines(result.stderr, 20);
  if (full !== undefined)
    return new StagedTreeError({
      code: 'NO_SPACE',
      message: `${what}: its disk became full: ${full}`,
      hint: 'Make room on the server: docker image prune, old backups, logs. Then run the job again.',
      evidence,
    });
  const said = lines.at(-1) ?? '';
  return new HostError({
    code: 'COMMAND_FAILED',
    message: `${what} (exit code ${result.code})${said === '' ? '' : `: ${said}`}`,
    // What dash's own printf says of a full disk; a broken one says it too.
    ...(/I\/O error/.test(result.stderr)
      ? { hint: 'Look at the free space of the server: old images, logs, backups; then at its disk.' }
      : {}),
    evidence,
  });
}
