import type { Container } from './container.ts';
import type { Question } from './check.ts';
import type { Miss, Verdict } from './verdict.ts';

/** What a check has seen of its service's containers up to now. */
export interface Watch {
  /** Restart count by container id, as it was when the gate first saw the container. */
  readonly restarts: ReadonlyMap<string, number>;
  readonly running: ReadonlySet<string>;
}

/**
 * The watch after one more look. A container that appears while the gate looks was created meanwhile, so all of its
 * restarts count; one that was there before is only answerable for those from now on.
 */
export function lookAgain(before: Watch | undefined, containers: readonly Container[]): Watch {
  const known = containers.map(
    ({ id, restartCount }) => [id, before === undefined ? restartCount : (before.restarts.get(id) ?? 0)] as const,
  );
  const running = containers.filter(({ status }) => status === 'running').map(({ id }) => id);
  return { restarts: new Map(known), running: new Set([...(before?.running ?? []), ...running]) };
}

/** A container whose state no later attempt can make good. */
export interface Failure {
  readonly container: Container;
  /** What happened to it: `ended`. */
  readonly what: string;
}

/**
 * What ends a check at once: a container is dead, has crashed more often than allowed, or has ended by itself with an exit
 * code other than 0. Pure.
 * @param seen what was known before this look
 */
export function findFailure(containers: readonly Container[], seen: Watch, maxRestarts: number): Failure | undefined {
  const isAlive = containers.some(({ status }) => status !== 'exited' && status !== 'dead');
  for (const container of containers) {
    const { id, status } = container;
    if (status === 'dead') return { container, what: 'is dead' };
    const restarts = container.restartCount - (seen.restarts.get(id) ?? 0);
    if (restarts > maxRestarts) {
      const times = `${restarts} ${restarts === 1 ? 'time' : 'times'}`;
      const what = `crashed and was restarted ${times} while the gate looked, ${maxRestarts} allowed`;
      return { container, what };
    }
    // Beside running ones, a container that had stopped before the gate came is what an earlier deploy left.
    if (status === 'exited' && hasCrashed(container) && (seen.running.has(id) || !isAlive))
      return { container, what: 'ended by itself' };
  }
  return undefined;
}

/**
 * The verdict that a failure is.
 * @param lastExitCode from Docker's events, where the container runs again and no longer shows it
 */
export function describeFailure({ container, what }: Failure, lastExitCode: number | undefined): Miss {
  const end = describeEnd(lastExitCode === undefined ? container : { ...container, exitCode: lastExitCode });
  return { ok: false, kind: 'failed', reason: `container ${container.name} ${what}${end}`, isFinal: true };
}

/** Ended by itself, not by `docker stop` (SIGTERM, SIGKILL, or what an app makes of them) or by hand (SIGINT). */
function hasCrashed({ exitCode, isOomKilled, isKeptRunning }: Container): boolean {
  return !isKeptRunning && (isOomKilled || ![0, 130, 137, 143].includes(exitCode));
}

/** Whom to ask among a service's containers, or why nobody can be asked yet. */
export type Roll =
  | { readonly kind: 'ask'; readonly containers: readonly Container[] }
  | { readonly kind: 'nobody'; readonly problem: string };

/**
 * Every running container is asked. One that is restarting makes the whole service "not yet": it is behind the name, and a
 * crash loop is only silent between two crashes. Stopped ones are no part of the service any more.
 */
export function callRoll(service: string, containers: readonly Container[]): Roll {
  const restarting = containers.find((container) => container.status === 'restarting');
  if (restarting !== undefined)
    return { kind: 'nobody', problem: `container ${restarting.name} is restarting${describeEnd(restarting)}` };
  const running = containers.filter((container) => container.status === 'running');
  if (running.length > 0) return { kind: 'ask', containers: running };
  const stopped = containers[0];
  const seen = stopped === undefined ? '' : `: ${stopped.name} is ${stopped.status}${describeEnd(stopped)}`;
  return { kind: 'nobody', problem: `service ${service} has no running container${seen}` };
}

/** Is each container of a service in the state that a `container` check asks for? Pure. */
export function judgeContainers(
  service: string,
  containers: readonly Container[],
  { expectState, noHealthcheck }: Extract<Question, { type: 'container' }>,
): Verdict {
  if (expectState === 'exited') return judgeEnded(service, containers);
  const roll = callRoll(service, containers);
  if (roll.kind === 'nobody') return { ok: false, kind: 'no-container', reason: roll.problem };
  for (const { name, health } of roll.containers) {
    const miss = (reason: string): Miss => ({ ok: false, kind: 'unhealthy', reason: `container ${name} ${reason}` });
    if (health === undefined) {
      if (noHealthcheck === 'running') continue;
      return { ...miss('has no health check, and `no-healthcheck` is fail'), isFinal: true };
    }
    if (health.status === 'healthy') continue;
    const said = health.lastProbe === undefined ? '' : `; last probe ${health.lastProbe}`;
    return miss(`is ${health.status === 'starting' ? 'not healthy yet' : 'unhealthy'}${said}`);
  }
  return { ok: true };
}

function judgeEnded(service: string, containers: readonly Container[]): Verdict {
  const open = containers.find(({ status, exitCode }) => status !== 'exited' || exitCode !== 0);
  if (containers.length > 0 && open === undefined) return { ok: true };
  const seen = open === undefined ? 'has no container' : `: ${open.name} is ${open.status}${describeEnd(open)}`;
  return { ok: false, kind: 'no-container', reason: `service ${service} ${seen}`.replace(' :', ':') };
}

/** Which containers run, each since when: others than before are another service as far as a streak is concerned. */
export function nameSubjects(containers: readonly Container[]): string {
  const running = containers.filter(({ status }) => status === 'running');
  return running
    .map(({ id, startedAt }) => `${id}@${startedAt}`)
    .sort()
    .join(' ');
}

/** ` (last exit code 3, 2 restarts)`. A running container shows exit code 0 whatever its last end was. */
function describeEnd({ status, exitCode, isOomKilled, restartCount }: Container): string {
  const isOver = status === 'exited' || status === 'dead';
  const facts = [
    status === 'running' && exitCode === 0 ? undefined : `${isOver ? '' : 'last '}exit code ${exitCode}`,
    isOomKilled ? 'killed for want of memory' : undefined,
    restartCount === 0 ? undefined : `${restartCount} ${restartCount === 1 ? 'restart' : 'restarts'}`,
  ];
  const told = facts.filter((fact) => fact !== undefined).join(', ');
  return told === '' ? '' : ` (${told})`;
}
