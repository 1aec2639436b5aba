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
  const labels = [oneOffLabels.kind, `${oneOffLabels.deployPath}=${deployPath}`];
  const result = await host.script(runningScript, labels, { timeoutMs: 15_000 });
  return result.stdout.split('\n').filter((name) => name !== '');
}

/** Names of the one-offs that a run of GitHub Actions started and that run now, in whatever project. */
export async function findOneOffsOfRun(host: Host, runId: string): Promise<readonly string[]> {
  if (runId === '') return [];
  const labels = [oneOffLabels.kind, `${oneOffLabels.run}=${runId}`];
  const result = await host.script(runningScript, labels, { timeoutMs: 15_000 });
  return result.stdout.split('\n').filter((name) => name !== '');
}
