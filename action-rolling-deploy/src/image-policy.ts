import { digestReference, type StoredImage, type StoredImages } from '@deploy-actions/kit/compose/local-images';
import type { Container } from '@deploy-actions/kit/compose/container';
import type { ComposeModel, ServiceModel } from '@deploy-actions/kit/compose/model';
import { isPinned, parseImageRef } from '@deploy-actions/kit/image/image-ref';
import { reasonToRefuseTag } from '@deploy-actions/kit/image/tag-policy';
import { RolloutError } from './errors.ts';
import { hasEnded, type ServicePlan } from './rollout-plan.ts';

/** What to do about the image of a service that will be changed. */
export type ImageVerdict =
  /** Built on the server, or already there. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'pull' }
  /** A floating tag would decide what runs. `reason` is the end of a sentence. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Judges the image of a service that gets new containers. A digest is always fine, and so is a tag that by convention
 * never moves (the policy `pinned` of action-verify-image). A floating one is fine only while it cannot decide anything:
 * it is on the server, and what it names there is what the service runs already.
 * @param running ids of the images that its running containers were made from
 */
export function judgeImage(
  service: Pick<ServiceModel, 'image' | 'hasBuild'>,
  stored: StoredImage | undefined,
  running: ReadonlySet<string>,
  allowsMutableTags: boolean,
): ImageVerdict {
  const { image, hasBuild } = service;
  if (image === undefined || hasBuild) return { kind: 'ready' };
  const verdict: ImageVerdict = { kind: stored === undefined ? 'pull' : 'ready' };
  const floats = reasonToRefuseTag(parseImageRef(image, 'the compose file'), 'pinned');
  if (floats === undefined || allowsMutableTags) return verdict;
  if (stored !== undefined && running.has(stored.id)) return verdict;
  const what = stored === undefined ? 'it would be pulled' : 'what it names now is not what runs';
  return { kind: 'refused', reason: `${floats}; ${what}` };
}

/** What {@link findMutableTag} decides from. */
export interface ImageUse {
  readonly model: ComposeModel;
  readonly changed: readonly ServicePlan[];
  readonly containers: readonly Container[];
  readonly images: StoredImages;
  readonly allowsMutableTags: boolean;
}

/** The error MUTABLE_TAG for the first changed service whose image a floating tag would decide; undefined without one. */
export function findMutableTag(use: ImageUse): RolloutError | undefined {
  for (const { service: name } of use.changed) {
    const service = use.model.services[name];
    const image = service?.image;
    if (service === undefined || image === undefined) continue;
    const stored = use.images.get(image);
    const verdict = judgeImage(service, stored, imagesOf(name, use.containers), use.allowsMutableTags);
    if (verdict.kind !== 'refused') continue;
    const digest = stored === undefined ? undefined : digestReference(parseImageRef(image, 'the compose file'), stored);
    return new RolloutError({
      code: 'MUTABLE_TAG',
      message: `service ${name}: ${image} – ${verdict.reason}. Nothing was changed.`,
      hint: [
        `Write a digest${digest === undefined ? '' : ` (${digest} is on the server)`} or a full version in the compose file,`,
        'pin the service in `images`, or set `allow-mutable-tags: true`.',
      ].join(' '),
    });
  }
  return undefined;
}

function imagesOf(service: string, containers: readonly Container[]): ReadonlySet<string> {
  const running = containers.filter((c) => c.service === service && !c.isOneOff && !hasEnded(c));
  return new Set(running.map(({ imageId }) => imageId));
}

/** What happens to a service that has no health check. */
export type HealthcheckPolicy = 'require' | 'warn' | 'ignore';

/** True where neither compose file nor image gives the service a health check. */
export function lacksHealthcheck(service: ServiceModel, image: StoredImage | undefined): boolean {
  if (service.hasHealthcheck) return false;
  return service.isHealthcheckDisabled || image?.hasHealthcheck !== true;
}

/**
 * The names of the changed services without a health check.
 * @throws RolloutError NO_HEALTHCHECK under the policy `require`
 */
export function findUnchecked(
  model: ComposeModel,
  changed: readonly ServicePlan[],
  images: StoredImages,
  policy: HealthcheckPolicy,
): readonly string[] {
  const names = changed
    .map(({ service }) => model.services[service])
    .flatMap((service) =>
      service !== undefined && lacksHealthcheck(service, images.get(service.image ?? '')) ? [service.name] : [],
    );
  if (names.length === 0 || policy === 'ignore') return [];
  if (policy === 'warn') return names;
  throw new RolloutError({
    code: 'NO_HEALTHCHECK',
    message: `input \`healthcheck\`: require, but ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} no health check, neither in the compose files nor in the image. Nothing was changed.`,
    hint: 'Add `healthcheck:` to the service or HEALTHCHECK to its image, or set `healthcheck: warn`.',
  });
}

/**
 * The references that containers run, by service: by digest also where they were created from a tag, as far as that tag
 * still names their image on the server. A service with two versions at once shows both.
 */
export function describeRunning(
  containers: readonly Container[],
  images: StoredImages,
): Readonly<Record<string, string>> {
  const running = containers.filter((container) => !container.isOneOff && !hasEnded(container));
  const byService = new Map<string, Set<string>>();
  for (const container of running)
    byService.set(
      container.service,
      (byService.get(container.service) ?? new Set()).add(describeImage(container, images)),
    );
  return Object.fromEntries(
    [...byService].sort(([a], [b]) => a.localeCompare(b)).map(([service, refs]) => [service, [...refs].join(' + ')]),
  );
}

function describeImage({ image, imageId }: Container, images: StoredImages): string {
  const stored = images.get(image);
  if (stored === undefined || stored.id !== imageId) return image;
  const ref = parseImageRef(image, 'a container');
  return isPinned(ref) ? image : (digestReference(ref, stored) ?? image);
}
