import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers, readLogs } from '@deploy-actions/kit/compose/docker-cli';
import type { Server } from './attempt.ts';
import type { GateOutcome } from './gate.ts';
import { isGreen } from './progress.ts';

const mostContainers = 3;
const logLines = 15;

/**
 * What the server knows about the services whose checks are red: state, last health probe and last log lines of their
 * containers. Evidence is a help, never a reason to fail: what cannot be had is said in one line.
 */
export async function collectEvidence(outcome: GateOutcome, server: Server | undefined): Promise<readonly string[]> {
  const red = outcome.progress.filter((progress) => !isGreen(progress)).map((progress) => progress.check.target);
  const services = new Set(red.flatMap((target) => (target.kind === 'service' ? [target.service] : [])));
  if (server === undefined || services.size === 0) return [];
  try {
    const all = await listProjectContainers(server.host, server.projectName);
    const suspects = all.filter(({ service, isOneOff }) => services.has(service) && !isOneOff).slice(0, mostContainers);
    const shown = await Promise.all(
      suspects.map(async (container) => [
        describeContainer(container),
        ...(await readLogs(server.host, container.id, logLines)).map((line) => `  | ${line}`),
      ]),
    );
    return shown.flat();
  } catch (thrown) {
    return [`no logs of the containers: ${describeThrown(thrown)}`];
  }
}

/** `shop-app-1 is running, health unhealthy, exit code 0, 2 restarts; last probe exit 1: connection refused`. Pure. */
export function describeContainer(container: Container): string {
  const { name, status, health, exitCode, isOomKilled, restartCount } = container;
  const probe = health?.probes.at(-1);
  const facts = [
    `${name} is ${status}`,
    health === undefined ? undefined : `health ${health.status}`,
    status === 'running' ? undefined : `exit code ${exitCode}`,
    isOomKilled ? 'killed for want of memory' : undefined,
    restartCount === 0 ? undefined : `${restartCount} restarts`,
  ];
  const told = facts.filter((fact) => fact !== undefined).join(', ');
  return `${told}${probe === undefined ? '' : `; last probe ${probe}`}; its last log lines:`;
}
