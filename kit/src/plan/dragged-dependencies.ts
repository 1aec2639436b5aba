import type { Container } from '../compose/container.ts';
import type { StoredImages } from '../compose/local-images.ts';
import type { ComposeModel } from '../compose/model.ts';
import type { Observed, ServicePlan } from './rollout-plan.ts';
import { dependencyClosure } from './strategy.ts';

/** Services whose image reference names another image on the server than the one they run. Pure. */
export function findMoved(
  model: ComposeModel,
  containers: readonly Container[],
  images: StoredImages,
): ReadonlySet<string> {
  const isMoved = ({ service, imageId }: Container): boolean => {
    const stored = images.get(model.services[service]?.image ?? '');
    return stored !== undefined && stored.id !== imageId;
  };
  return new Set(
    containers.filter((container) => !container.isOneOff && isMoved(container)).map(({ service }) => service),
  );
}

/**
 * Compose carries anonymous volumes over by `create --force-recreate SERVICE`. That also recreates a dependency whose
 * image reference was moved, and leaves it stopped; no flag forbids it. So such a dependency is replaced before, by its
 * own strategy.
 * @returns dependency → the service that would drag it along. Pure
 */
export function findDragged(
  plans: readonly ServicePlan[],
  model: ComposeModel,
  { containers, moved = new Set() }: Observed,
): ReadonlyMap<string, string> {
  const ownsVolumes = ({ service, stopFirst }: ServicePlan): boolean =>
    stopFirst === 'in-place' &&
    containers.some((container) => container.service === service && (container.anonymousVolumes ?? []).length > 0);
  const isLeft = (name: string): boolean =>
    plans.some(({ service, action }) => service === name && (action === 'unchanged' || action === 'scale'));
  return new Map(
    plans
      .filter(ownsVolumes)
      .flatMap(({ service }) => dependencyClosure(model, service).map((name) => [name, service] as const))
      .filter(([name]) => moved.has(name) && isLeft(name)),
  );
}
