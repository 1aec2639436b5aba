import { runBatch, type BatchPart } from '../host/batch.ts';
import type { Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';

/** Labels of the one-off containers that action-migrate starts; how other steps and other runs find them. */
export const oneOffLabels = {
  kind: 'deploy-actions.one-off',
  deployPath: 'deploy-actions.deploy-path',
  run: 'deploy-actions.run',
  plan: 'deploy-actions.plan',
  number: 'deploy-actions.number',
} as const;

const runningScript = `docker ps --filter "label=$1" --filter "label=$2" --format '{{.Names}}' 2>/dev/null || true`;

/** Names of the one-offs of a project that run now; none on a server without Docker. */
export async function findRunningOneOffs(host: Host, deployPath: DeployPath): Promise<readonly string[]> {
  const [result] = await runBatch(host, [runningOneOffsPart(deployPath)], { timeoutMs: 15_000 });
  return parseOneOffs(result?.stdout ?? '');
}

/** {@link findRunningOneOffs} as a part; {@link parseOneOffs} reads its output. */
export function runningOneOffsPart(deployPath: DeployPath): BatchPart {
  const labels = [oneOffLabels.kind, `${oneOffLabels.deployPath}=${deployPath}`];
  return { purpose: 'look for running one-offs', source: runningScript, args: labels };
}

/** One name a line. */
export function parseOneOffs(text: string): readonly string[] {
  return text.split('\n').filter((name) => name !== '');
}
