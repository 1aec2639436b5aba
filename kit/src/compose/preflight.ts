import { requireDigests, type ImagePin } from '../image/image-lines.ts';
import { noResult, runBatch } from '../host/batch.ts';
import type { Host } from '../host/host.ts';
import type { RecordedPin } from '../state/release.ts';
import {
  composePart,
  configArgs,
  findSources,
  parseConfig,
  throwIfUnusable,
  type ComposeScope,
  type ComposeSources,
} from './compose-cli.ts';
import { checkDocker, type DockerVersions } from './docker-cli.ts';
import { inspectImages, type StoredImage, type StoredImages } from './local-images.ts';
import { ComposeError, type ComposeModel } from './model.ts';
import { credentialsFor, pullImage, type RegistryCredentials } from './registry-login.ts';

/** What the read-only look at the server found; migrate and rolling-deploy run the same one, before anything is touched. */
export interface Preflight {
  readonly versions: DockerVersions;
  readonly model: ComposeModel;
  /** The pins of the scope without those of services that left the compose files: as an override these would bring them back. */
  readonly pins: readonly RecordedPin[];
}

/**
 * The pins of this step as they are recorded.
 * @throws ConfigurationError for a reference without a digest: a tag can move between here and the next pull
 */
export function recordPins(pins: readonly ImagePin[]): readonly RecordedPin[] {
  return requireDigests(pins, 'images').map(({ kind, name, ref }) => ({
    kind,
    name,
    ref: `${ref.registry}/${ref.repository}@${ref.digest}`,
  }));
}

/**
 * Docker is reachable and new enough, the model is valid, and every pin of this step changes something in it.
 * Changes nothing on the server.
 * @param docker what checkDocker says, where the caller has asked already
 * @throws ComposeError SERVICE_UNKNOWN and those of resolveModel and checkDocker
 */
export async function preflight(
  scope: ComposeScope,
  given: readonly RecordedPin[],
  docker: Promise<DockerVersions> = checkDocker(scope.host),
): Promise<Preflight> {
  const { host } = scope;
  const files = findSources(scope);
  const versions = await docker.finally(() => files.catch(() => undefined));
  const sources = await files;
  // Also without the service pins: Compose's own words for an override without a base ("has neither an image nor a
  // build context") would not name the input.
  const bare = { ...scope, pins: scope.pins.filter((pin) => pin.kind !== 'service') };
  const scopes = bare.pins.length === scope.pins.length ? [scope] : [bare, scope];
  const results = await runBatch(
    host,
    scopes.map((one) => composePart(one, sources, configArgs)),
  );
  for (const result of results) throwIfUnusable(scope, result);
  const base = parseConfig(bare, sources, results[0] ?? noResult);
  const unknown = given.find((pin) => pin.kind === 'service' && base.services[pin.name] === undefined);
  if (unknown !== undefined) throw unknownService(unknown, base);
  const full = scopes.length === 1 ? base : parseConfig(scope, sources, results[1] ?? noResult);
  const pins = dropPhantomPins(scope.pins, base, full);
  const model = pins.length === scope.pins.length ? full : await resolveFrom({ ...scope, pins }, sources);
  const unused = given.find((pin) => !Object.values(model.services).some((service) => service.image === pin.ref));
  if (unused !== undefined) throw unusedPin(unused);
  return { versions, model, pins };
}

/**
 * The pins without those of services that exist by their pin alone. A service that is merely switched off (by a profile
 * that is not active) is in neither model, and keeps its pin. Pure.
 */
export function dropPhantomPins(
  pins: readonly RecordedPin[],
  base: ComposeModel,
  full: ComposeModel,
): readonly RecordedPin[] {
  return pins.filter(
    ({ kind, name }) => kind === 'env' || base.services[name] !== undefined || full.services[name] === undefined,
  );
}

async function resolveFrom(scope: ComposeScope, sources: ComposeSources): Promise<ComposeModel> {
  const [result] = await runBatch(scope.host, [composePart(scope, sources, configArgs)]);
  throwIfUnusable(scope, result ?? noResult);
  return parseConfig(scope, sources, result ?? noResult);
}

function unknownService(pin: RecordedPin, model: ComposeModel): ComposeError {
  return new ComposeError({
    code: 'SERVICE_UNKNOWN',
    message: `input \`images\`: ${JSON.stringify(pin.name)} is not a service of the compose files (they have: ${Object.keys(model.services).join(', ')}).`,
    hint: 'The left side is a service name, or an environment variable in capitals that the compose file uses.',
  });
}

function unusedPin(pin: RecordedPin): ComposeError {
  return new ComposeError({
    code: 'SERVICE_UNKNOWN',
    message: `input \`images\`: no service of the compose files runs ${pin.ref} after ${pin.name} was set to it.`,
    hint: `Write \`image: \${${pin.name}}\` at the service; a \`profiles\` input may be missing too.`,
  });
}

/** What {@link pullPins} needs. */
export interface PinPull {
  readonly host: Host;
  readonly pins: readonly RecordedPin[];
  /** The server's, from the preflight. */
  readonly platform: string;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
  /** What is known to be there; looked up where the caller has not. */
  readonly local?: StoredImages;
  readonly onPulled: (ref: string, wasThere: boolean) => void;
}

/**
 * Pulls every pinned image of the model that the server does not have, and proves that what it has is what was pinned.
 * @returns those images as they are on the server, by reference
 * @throws ComposeError IMAGE_PULL_FAILED, IMAGE_MISMATCH
 */
export async function pullPins(pull: PinPull): Promise<StoredImages> {
  const { host, pins, platform, credentials, signal } = pull;
  const registries = new Set(pins.map((pin) => registryOf(pin.ref)));
  const refs = [...new Set(pins.map((pin) => pin.ref))];
  const local = pull.local ?? (await inspectImages(host, refs));
  const pullOne = async (ref: string): Promise<readonly [string, StoredImage]> => {
    const present = local.get(ref);
    const registry = registryOf(ref);
    const image =
      present ??
      (await pullImage(host, {
        ref,
        registry,
        signal,
        credentials: credentialsFor(registry, credentials, registries),
      }));
    const proved = proveImage(host, ref, platform, image);
    pull.onPulled(ref, present !== undefined);
    return [ref, proved];
  };
  // Side by side: Docker bounds the layers that it fetches at once. All have ended before a failure is told.
  const settled = await Promise.allSettled(refs.map(pullOne));
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return new Map(settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
}

/** Recorded pins always name their registry (see recordPins). */
function registryOf(ref: string): string {
  return ref.split('/')[0] ?? '';
}

function proveImage(host: Host, ref: string, platform: string, image: StoredImage | undefined): StoredImage {
  const digest = ref.slice(ref.indexOf('@'));
  if (image === undefined || !image.repoDigests.some((known) => known.endsWith(digest)))
    throw new ComposeError({
      code: 'IMAGE_MISMATCH',
      message: `${host.name}: after the pull, no local image has the digest of ${ref}.`,
      hint: 'A registry mirror of the server may answer with other content. Nothing was changed.',
    });
  if (image.platform !== platform)
    throw new ComposeError({
      code: 'IMAGE_MISMATCH',
      message: `${ref} is for ${image.platform}, but ${host.name} runs ${platform}.`,
      hint: `Build it for ${platform}, and let action-verify-image check \`platforms: ${platform}\`.`,
    });
  return image;
}
