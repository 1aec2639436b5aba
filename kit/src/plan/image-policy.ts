import { digestReference, type StoredImage, type StoredImages } from '../compose/local-images.ts';
import type { Container } from '../compose/container.ts';
import type { ComposeModel, ServiceModel } from '../compose/model.ts';
import { isPinned, parseImageRef } from '../image/image-ref.ts';
import { reasonToRefuseTag } from '../image/tag-policy.ts';
import type { PlanNote } from './plan-note.ts';
import { PlanError } from './plan-error.ts';
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

/** What {@link noteImages} decides from. */
export interface ImageUse {
  readonly model: ComposeModel;
  readonly changed: readonly ServicePlan[];
  /** Default: none. */
  readonly unchanged?: readonly ServicePlan[];
  readonly containers: readonly Container[];
  readonly images: StoredImages;
  readonly allowsMutableTags: boolean;
  readonly healthcheck: HealthcheckPolicy;
}

/** What the plan says about images: tags that float or were moved, health checks that lack. */
export function noteImages(use: ImageUse): readonly PlanNote[] {
  const modelsOf = (plans: readonly ServicePlan[]): readonly ServiceModel[] =>
    plans.flatMap(({ service }) => use.model.services[service] ?? []);
  return [
    ...modelsOf(use.changed).flatMap((service) => [...noteTag(service, use), ...noteHealthcheck(service, use)]),
    ...modelsOf(use.unchanged ?? []).flatMap((service) => noteMovedTag(service, use)),
  ];
}

function noteTag(service: ServiceModel, use: ImageUse): readonly PlanNote[] {
  const { name, image = '' } = service;
  const stored = use.images.get(image);
  const verdict = judgeImage(service, stored, imagesOf(name, use.containers), use.allowsMutableTags);
  if (verdict.kind !== 'refused') return [];
  const digest = stored === undefined ? undefined : digestReference(parseImageRef(image, 'the compose file'), stored);
  const here = digest === undefined ? '' : ` (${digest} is on the server)`;
  return [
    {
      level: 'refusal',
      code: 'MUTABLE_TAG',
      service: name,
      text: `service ${name}: ${image} – ${verdict.reason}`,
      hint: `Write a digest${here} or a full version in the compose file, pin the service in \`images\`, or set \`allow-mutable-tags: true\`.`,
    },
  ];
}

/**
 * What the plan says of services that it leaves alone, and that a person's plain `docker compose up -d` would not:
 * Compose replaces a container whose tag names another image by now.
 */
function noteMovedTag(service: ServiceModel, { images, containers }: ImageUse): readonly PlanNote[] {
  const { name, image = '', hasBuild } = service;
  const stored = images.get(image);
  const running = [...imagesOf(name, containers)];
  if (hasBuild || stored === undefined || running.every((id) => id === stored.id)) return [];
  const text = `${name} is left alone, but ${image} names another image on the server than the one it runs: a person's docker compose up -d would replace it. Pin it by digest`;
  return [{ level: 'warning', service: name, text }];
}

/** An image that is still to be pulled may bring one: {@link findUnchecked} looks again after the pull. */
function noteHealthcheck(service: ServiceModel, use: ImageUse): readonly PlanNote[] {
  const { name, image = '' } = service;
  const stored = use.images.get(image);
  const isKnown = stored !== undefined || service.isHealthcheckDisabled;
  if (use.healthcheck === 'ignore' || !isKnown || !lacksHealthcheck(service, stored)) return [];
  if (use.healthcheck === 'warn')
    return [
      { level: 'warning', service: name, text: `${name} has no health check: running for a while is its only proof` },
    ];
  const { text, hint } = withoutHealthcheck([name]);
  return [{ level: 'refusal', code: 'NO_HEALTHCHECK', service: name, text, hint }];
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
 * @throws PlanError NO_HEALTHCHECK under the policy `require`
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
  const { text, hint } = withoutHealthcheck(names);
  throw new PlanError({ code: 'NO_HEALTHCHECK', message: `${text}. Nothing was changed.`, hint });
}

function withoutHealthcheck(names: readonly string[]): { readonly text: string; readonly hint: string } {
  return {
    text: `input \`healthcheck\`: require, but ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} no health check, neither in the compose files nor in the image`,
    hint: 'Add `healthcheck:` to the service or HEALTHCHECK to its image, or set `healthcheck: warn`.',
  };
}

/** The services of a plan with the digests that their tags stand for on the server. */
export function nameDigests(services: readonly ServicePlan[], images: StoredImages): readonly ServicePlan[] {
  return services.map((plan) => {
    const stored = plan.action === 'remove' ? undefined : images.get(plan.image);
    if (stored === undefined) return plan;
    const ref = parseImageRef(plan.image, 'the compose file');
    const digest = isPinned(ref) ? undefined : digestReference(ref, stored);
    return digest === undefined ? plan : { ...plan, digest };
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
