import type { Container } from '@deploy-actions/kit/compose/container';
import type { PartResult } from '@deploy-actions/kit/host/batch';
import { lastLines, type Host } from '@deploy-actions/kit/host/host';
import type { HaproxySessions } from './haproxy-sessions.ts';
import type { ServiceRoute } from './route-plan.ts';
import type { RoutePart } from './route.ts';

/** What the parts of a route work with. */
export interface RouteWork {
  readonly host: Host;
  /** Name of the Compose project. */
  readonly project: string;
  readonly log: (line: string) => void;
  readonly haproxy: HaproxySessions;
}

/** The parts that take one container out of the proxies of its service; proved when they have run. */
export type Withdraw = (
  work: RouteWork,
  route: ServiceRoute,
  container: Container,
  staying: readonly Container[],
) => readonly RoutePart[] | Promise<readonly RoutePart[]>;

/** The last words of a part that failed. */
export function lastWords({ stdout, stderr }: Pick<PartResult, 'stdout' | 'stderr'>): string {
  const words = lastLines(stdout.trim() === '' ? stderr : stdout, 2)
    .join(' ')
    .trim();
  return words.slice(0, 300);
}
