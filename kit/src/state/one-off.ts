import { askRunningNames } from '../compose/engine-api.ts';
import { askEngine } from '../host/engine-door.ts';
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
  return findRunning(host, labels);
}

/** Names of the one-offs that a run of GitHub Actions started and that run now, in whatever project. */
export async function findOneOffsOfRun(host: Host, runId: string): Promise<readonly string[]> {
  if (runId === '') return [];
  const labels = [oneOffLabels.kind, `${oneOffLabels.run}=${runId}`];
  return findRunning(host, labels);
}

async function findRunning(host: Host, labels: readonly string[]): Promise<readonly string[]> {
  const asked = await askEngine(host, (engine, signal) => askRunningNames(engine, labels, signal));
  if (asked !== undefined) return asked;
  const result = await host.script(runningScript, labels, { timeoutMs: 15_000 });
  return result.stdout.split('\n').filter((name) => name !== '');
}
