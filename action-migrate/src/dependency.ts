import type { Container } from '@deploy-actions/kit/compose/container';
import type { ServiceModel } from '@deploy-actions/kit/compose/model';

/** One `depends_on` entry of the service that runs the commands. */
export type Dependency = ServiceModel['dependsOn'][number];

export type DependencyState =
  | { readonly kind: 'ready'; readonly seen: string }
  /** It will be ready, or will turn out not to be: look again. */
  | { readonly kind: 'starting'; readonly seen: string }
  /** Nothing of it runs: it can be started. */
  | { readonly kind: 'missing'; readonly seen: string }
  | { readonly kind: 'broken'; readonly seen: string; readonly containerId: string };

/**
 * Whether a dependency is as the service needs it. A health check counts whatever the condition says: a database that
 * accepts no connections yet is of no use to a migration.
 */
export function judgeDependency(dependency: Dependency, containers: readonly Container[]): DependencyState {
  const own = containers.filter(({ service, isOneOff }) => service === dependency.service && !isOneOff);
  return dependency.condition === 'service_completed_successfully' ? judgeJob(own) : judgeServer(own);
}

function judgeJob(containers: readonly Container[]): DependencyState {
  const newest = newestOf(containers);
  if (newest === undefined || newest.status === 'created') return { kind: 'missing', seen: 'has not run' };
  if (newest.status !== 'exited') return { kind: 'starting', seen: newest.status };
  if (newest.exitCode === 0) return { kind: 'ready', seen: 'ended with 0' };
  return { kind: 'broken', seen: `ended with exit code ${newest.exitCode}`, containerId: newest.id };
}

function judgeServer(containers: readonly Container[]): DependencyState {
  const running = containers.filter(({ status }) => status === 'running');
  const ready = running.find(({ health }) => health === undefined || health.status === 'healthy');
  if (ready !== undefined) return { kind: 'ready', seen: ready.health === undefined ? 'running' : 'healthy' };
  const sick = running.find(({ health }) => health?.status === 'unhealthy');
  if (sick !== undefined && sick.health !== undefined)
    return { kind: 'broken', seen: ['unhealthy', ...sick.health.probes.slice(-1)].join(': '), containerId: sick.id };
  if (running.length > 0) return { kind: 'starting', seen: 'running, not healthy yet' };
  const newest = newestOf(containers);
  if (newest?.status === 'restarting')
    return { kind: 'starting', seen: `restarting after exit code ${newest.exitCode}` };
  return { kind: 'missing', seen: newest === undefined ? 'has no container' : `is ${newest.status}` };
}

function newestOf(containers: readonly Container[]): Container | undefined {
  return [...containers].sort((a, b) => a.createdAt.localeCompare(b.createdAt)).at(-1);
}
