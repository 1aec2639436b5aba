import type { Container } from '@deploy-actions/kit/compose/container';
import { digestReference, type StoredImages } from '@deploy-actions/kit/compose/local-images';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { parseImageRef } from '@deploy-actions/kit/image/image-ref';
import type { RecordedPin } from '@deploy-actions/kit/state/release';
import { hasEnded, type RolloutPlan, changedServices } from '@deploy-actions/kit/plan/rollout-plan';

/** What release 0 will record of a stack that runs without a ledger. */
export interface Adoption {
  /** Service → reference of what runs: by digest, else by a tag of ours, which is to be made. */
  readonly digests: Readonly<Record<string, string>>;
  /** For a rollback to release 0: the services whose image the first deploy changes. */
  readonly pins: readonly RecordedPin[];
  /** Those without which the live files would not resolve to what runs: the way back of a failed first deploy. */
  readonly restorePins: readonly RecordedPin[];
  /** Images that no registry knows: without a tag of ours the next prune takes them. */
  readonly tags: readonly { readonly imageId: string; readonly tag: string }[];
}

/** What {@link planAdoption} decides from. */
export interface AdoptionFacts {
  readonly containers: readonly Container[];
  /** By the ids of the containers' images. */
  readonly images: StoredImages;
  /** The model of the first deploy. */
  readonly model: ComposeModel;
  readonly plan: RolloutPlan;
  readonly pins: readonly RecordedPin[];
  /** Service → id of the image that the live files alone resolve to now; absent where they do not. */
  readonly liveImageIds: Readonly<Record<string, string>>;
}

/**
 * What to record of what runs, before the first deploy changes it. Only images that this deploy changes are pinned: a
 * pin on a service that stays as it is would make a rollback recreate it, a database among them. Pure.
 */
export function planAdoption(facts: AdoptionFacts): Adoption {
  const running = newestByService(facts.containers);
  const references = new Map(
    [...running]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, container]) => [name, reference(facts, container)]),
  );
  const changed = changedServices(facts.plan).map(({ service }) => service);
  const toPin = changed.filter((name) => {
    const container = running.get(name);
    return container !== undefined && container.image !== facts.model.services[name]?.image;
  });
  const pins = pinServices(facts, toPin, references);
  const isLost = (name: string): boolean => facts.liveImageIds[name] !== running.get(name)?.imageId;
  return {
    digests: Object.fromEntries([...references].map(([name, { ref }]) => [name, ref])),
    pins,
    restorePins: pinServices(facts, toPin.filter(isLost), references),
    tags: [...references.values()].flatMap(({ tag }) => (tag === undefined ? [] : [tag])),
  };
}

/** The newest running container of each service: where two versions run, the newer one is what somebody wanted last. */
function newestByService(containers: readonly Container[]): ReadonlyMap<string, Container> {
  const running = containers
    .filter((container) => !container.isOneOff && container.service !== '' && !hasEnded(container))
    .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  return new Map(running.map((container) => [container.service, container]));
}

interface Reference {
  readonly ref: string;
  readonly tag: Adoption['tags'][number] | undefined;
}

function reference({ images, model }: AdoptionFacts, container: Container): Reference {
  const stored = images.get(container.imageId);
  if (container.image.includes('@')) return { ref: container.image, tag: undefined };
  const known =
    stored === undefined || container.image.startsWith('sha256:')
      ? undefined
      : digestReference(parseImageRef(container.image, 'a running container'), stored);
  const digest = known ?? stored?.repoDigests[0];
  if (digest !== undefined) return { ref: digest, tag: undefined };
  const tag = adoptedTag(model.name, container);
  return { ref: tag, tag: { imageId: container.imageId, tag } };
}

/** `deploy-actions/<project>/<service>:adopted`; a repository is lower case, so other names get a part of the image's id. */
export function adoptedTag(project: string, { service, imageId }: Pick<Container, 'service' | 'imageId'>): string {
  const clean = service
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const name = clean === service ? service : `${clean}-${imageId.replace(/^sha256:/, '').slice(0, 8)}`;
  return `deploy-actions/${project.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')}/${name}:adopted`;
}

/**
 * Pins in the form that this deploy pins in: by the variable where it gives one, because Compose lets no override name
 * an included service; by service where no variable is given, or where services of one variable run different images.
 */
function pinServices(
  { pins, model }: AdoptionFacts,
  services: readonly string[],
  references: ReadonlyMap<string, Reference>,
): readonly RecordedPin[] {
  const result = new Map<string, RecordedPin>();
  for (const name of services) {
    const ref = references.get(name)?.ref ?? '';
    const variable = pins.find((pin) => pin.kind === 'env' && pin.ref === model.services[name]?.image);
    const kept = variable === undefined ? undefined : result.get(`env ${variable.name}`);
    if (variable !== undefined && (kept === undefined || kept.ref === ref))
      result.set(`env ${variable.name}`, { kind: 'env', name: variable.name, ref });
    else result.set(`service ${name}`, { kind: 'service', name, ref });
  }
  return [...result.values()];
}
