import { HostError, lastLines, type ExecOptions, type Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';
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
 * @throws StagedTreeError STAGED_TREE_MISSING (65), STAGED_TREE_CORRUPT (66), PATH_BLOCKED (67)
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
  const said = lastLines(result.stderr, 1)[0] ?? '';
  const where = `${host.name}: ${deployPath}/.deploy/staged/${releaseId}`;
  switch (result.code) {
    case 0:
      return result.stdout;
    case 65:
      throw new StagedTreeError({
        code: 'STAGED_TREE_MISSING',
        message: `${where} is not there.`,
        hint: 'A later sync replaced it, or it went live already. Run action-sync-remote in this job, before the rollout.',
      });
    case 66:
      throw new StagedTreeError({
        code: 'STAGED_TREE_CORRUPT',
        message: `${where}: a file is not what its SHA-256 says.`,
        hint: 'It changed while it was read or sent, or was edited in place on the server. Run the job again.',
        evidence: lastLines(result.stderr, 10),
      });
    case 67:
      throw new StagedTreeError({
        code: 'PATH_BLOCKED',
        message: `${where}: a folder that must become a file holds files of its own: ${said}`,
        hint: 'Move what only the server has out of that folder, or rename the file in the source.',
      });
    default:
      throw new HostError({
        code: 'COMMAND_FAILED',
        message: `${host.name}: could not ${script.purpose} in ${deployPath} (exit code ${result.code})${said === '' ? '' : `: ${said}`}`,
        ...(/No space left|quota/i.test(result.stderr)
          ? { hint: 'Make room on the server: old images, logs, backups.' }
          : {}),
        evidence: lastLines(result.stderr, 20),
      });
  }
}
