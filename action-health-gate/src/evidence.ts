import { describeThrown } from '@deploy-actions/kit/action/errors';
import { readLogs } from '@deploy-actions/kit/compose/docker-cli';
import type { Server } from './attempt.ts';
import { serviceOf } from './check.ts';
import { listContainers, type Container } from './container.ts';
import type { GateOutcome } from './gate.ts';
import { isGreen } from './progress.ts';

const mostContainers = 3;
const lookUpMs = 20_000;

/**
 * What the server knows about the services whose checks are red: state, last health probe and last log lines of their
 * containers. Evidence is a help, never a reason to fail: what cannot be had is said in one line.
 */
export async function collectEvidence(
  outcome: GateOutcome,
  server: Server | undefined,
  logLines: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const red = outcome.progress.filter((progress) => !isGreen(progress));
  const services = [...new Set(red.flatMap(({ check }) => serviceOf(check.target) ?? []))];
  if (server === undefined || services.length === 0) return [];
  try {
    const all = await listContainers(server.host, server.projectName, services, { timeoutMs: lookUpMs, signal });
    const shown = await Promise.all(
      pickSuspects(all).map(async (container) => [
        describeContainer(container),
        ...(logLines === 0 ? [] : await readLogs(server.host, container.id, logLines)).map((line) => `  | ${line}`),
      ]),
    );
    return shown.flat();
  } catch (thrown) {
    return [`no logs of the containers: ${describeThrown(thrown)}`];
  }
}

/** The containers to look at first: those that do not run, then those that are not healthy or have crashed. Pure. */
export function pickSuspects(containers: readonly Container[]): readonly Container[] {
  const weight = ({ status, health, restartCount }: Container): number =>
    (status === 'running' ? 0 : 4) +
    (health === undefined || health.status === 'healthy' ? 0 : 2) +
    (restartCount > 0 ? 1 : 0);
  return containers.toSorted((a, b) => weight(b) - weight(a)).slice(0, mostContainers);
}

/** `shop-app-1 is running, health unhealthy, 2 restarts; last probe exit 1: connection refused; its last log lines:`. Pure. */
export function describeContainer(container: Container): string {
  const { name, status, health, exitCode, isOomKilled, restartCount } = container;
  const facts = [
    `${name} is ${status}`,
    health === undefined ? undefined : `health ${health.status}`,
    status === 'running' ? undefined : `exit code ${exitCode}`,
    isOomKilled ? 'killed for want of memory' : undefined,
    restartCount === 0 ? undefined : `${restartCount} ${restartCount === 1 ? 'restart' : 'restarts'}`,
  ];
  const told = facts.filter((fact) => fact !== undefined).join(', ');
  const probe = health?.lastProbe === undefined ? '' : `; last probe ${health.lastProbe}`;
  return `${told}${probe}; its last log lines:`;
}
