import type { Container } from '@deploy-actions/kit/compose/container';
import { formatDuration } from '@deploy-actions/kit/time/duration';

/** What one look at a new container says. */
export type Judgement =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly seen: string }
  /** Docker does not know it any more. No container removes itself, and this engine removes none that it still judges. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly code: 'CONTAINER_UNHEALTHY' | 'CONTAINER_EXITED'; readonly reason: string };

/** A crash loop under a restart policy looks like "running" most of the time; this many restarts are no start-up hiccup. */
const restartLimit = 3;

/**
 * Judges by the container's own health check where it has one, else by running at all. Pure.
 * @param restartsBefore for one that was ready already: from then on any restart is a failure
 */
export function judgeContainer(container: Container | undefined, restartsBefore?: number): Judgement {
  if (container === undefined) return { kind: 'gone' };
  const { status, exitCode, health } = container;
  if (container.isOomKilled) return exited('was killed: out of memory');
  if (status === 'exited' || status === 'dead') return exited(`ended with exit code ${exitCode}`);
  if (container.restartCount >= restartLimit)
    return exited(`restarted ${container.restartCount} times (last exit code ${exitCode})`);
  if (restartsBefore !== undefined && container.restartCount > restartsBefore)
    return exited('restarted after it had been ready');
  if (status !== 'running') return { kind: 'waiting', seen: status };
  if (health === undefined || health.status === 'healthy') return { kind: 'ready' };
  if (health.status !== 'unhealthy') return { kind: 'waiting', seen: `health: ${health.status}` };
  const probe = health.probes.at(-1);
  return {
    kind: 'failed',
    code: 'CONTAINER_UNHEALTHY',
    reason: `is unhealthy${probe === undefined ? '' : ` (last probe: ${probe})`}`,
  };
}

function exited(reason: string): Judgement {
  return { kind: 'failed', code: 'CONTAINER_EXITED', reason };
}

const slackMs = 30_000;
const longestWaitMs = 600_000;

/** How long a container may take: what its health check allows plus slack, capped. Without one: the slack. */
export function healthDeadlineMs(container: Container): number {
  return Math.min(longestWaitMs, (container.health?.budgetMs ?? 0) + slackMs);
}

/** `web-2 (health: starting)`: a container in a progress line. */
export function describeWait(name: string, seen: string, elapsedMs: number): string {
  return `${name}: ${seen}, ${formatDuration(elapsedMs)}`;
}
