import { describeThrown } from '@deploy-actions/kit/action/errors';
import { readLogs } from '@deploy-actions/kit/compose/docker-cli';
import type { Server } from './attempt.ts';
import { serviceOf } from './check.ts';
import { describeProbe, listContainers, type Container, type Health } from './container.ts';
import type { GateOutcome } from './gate.ts';
import { isGreen } from './progress.ts';

const mostContainers = 3;
const lookUpMs = 20_000;

/**
 * What the server knows about the services whose checks are red: state, last healthy probe, last probes and last log lines of
 * their containers. Evidence is a help, never a reason to fail: what cannot be had is said in one line.
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
        ...describeContainer(container),
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

/**
 * `shop-app-1 is running, health unhealthy, 2 restarts; last healthy probe 2026-03-01T10:00:02Z`, and where one failed
 * a line for each probe that Docker remembers. Pure.
 */
export function describeContainer(container: Container): readonly string[] {
  const { name, status, health, exitCode, isOomKilled, restartCount } = container;
  const facts = [
    `${name} is ${status}`,
    health === undefined ? undefined : `health ${health.status}`,
    status === 'running' ? undefined : `exit code ${exitCode}`,
    isOomKilled ? 'killed for want of memory' : undefined,
    restartCount === 0 ? undefined : `${restartCount} ${restartCount === 1 ? 'restart' : 'restarts'}`,
  ];
  const told = facts.filter((fact) => fact !== undefined).join(', ');
  // Where all were healthy, what they said explains nothing.
  const probes = health?.probes.some(({ exitCode }) => exitCode !== 0) === true ? health.probes : [];
  return [
    `${told}${health === undefined ? '' : describeLastHealthyProbe(health)}`,
    ...probes.map((probe) => `  probe ${trimFraction(probe.at)} ${describeProbe(probe)}`),
  ];
}

/** Docker keeps five probes, so that an older success is no longer known. */
function describeLastHealthyProbe({ probes }: Health): string {
  if (probes.length === 0) return '; no probe since its start';
  const good = probes.findLast(({ exitCode }) => exitCode === 0);
  if (good !== undefined) return `; last healthy probe ${trimFraction(good.at)}`;
  return probes.length === 1 ? '; its only probe failed' : `; none of its last ${probes.length} probes was healthy`;
}

function trimFraction(time: string): string {
  return time.replace(/\.\d+/, '');
}
