import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import type { StoredImages } from '@deploy-actions/kit/compose/local-images';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { pullPins } from '@deploy-actions/kit/compose/preflight';
import { credentialsFor, pullImage } from '@deploy-actions/kit/compose/registry-login';
import { parseImageRef } from '@deploy-actions/kit/image/image-ref';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { findUnchecked } from '@deploy-actions/kit/plan/image-policy';
import type { ServicePlan } from '@deploy-actions/kit/plan/rollout-plan';
import type { Session } from './session.ts';

/**
 * Everything the plan needs is on the server before anything stops: pinned images by digest and proved, images that
 * only the compose file names where the server lacks them.
 * @param local the model's images as the plan saw them
 * @returns the model's images as they are now
 * @throws ComposeError IMAGE_PULL_FAILED, IMAGE_MISMATCH; RolloutError NO_HEALTHCHECK
 */
export async function pullImages(
  session: Session,
  scope: ComposeScope,
  model: ComposeModel,
  changed: readonly ServicePlan[],
  platform: string,
  local: StoredImages,
): Promise<StoredImages> {
  const { clock, inputs, log, signal } = session;
  const made = changed.filter(({ action }) => action !== 'remove');
  const needed = new Set(made.map(({ image }) => image));
  // Release 0 may pin a tag of ours: an image that no registry knows, so that nothing can be pulled.
  const pins = scope.pins.filter((pin) => needed.has(pin.ref) && pin.ref.includes('@'));
  const start = clock.now();
  const found = new Map(local);
  const pulled = await pullPins({
    host: scope.host,
    pins,
    platform,
    signal,
    local,
    credentials: inputs.credentials,
    onPulled: (ref, wasThere) => {
      log(
        wasThere ? `image: ${ref} is on the server` : `image: pulled ${ref} (${formatDuration(clock.now() - start)})`,
      );
    },
  });
  for (const [ref, image] of pulled) found.set(ref, image);
  const pinned = new Set(pins.map((pin) => pin.ref));
  const pinnedRegistries = new Set(pins.map((pin) => registryOf(pin.ref)));
  for (const { service, image } of made) {
    if (image === '' || pinned.has(image) || model.services[service]?.hasBuild === true) continue;
    if (local.has(image)) continue;
    const registry = registryOf(image);
    const credentials = credentialsFor(registry, inputs.credentials, pinnedRegistries);
    const stored = await pullImage(scope.host, { ref: image, registry, credentials, signal });
    if (stored !== undefined) found.set(image, stored);
    log(`image: pulled ${image}, named by the compose file only`);
  }
  if (inputs.mode !== 'rollback') findUnchecked(model, made, found, inputs.wishes.healthcheck);
  return found;
}

function registryOf(ref: string): string {
  return parseImageRef(ref, 'the compose file').registry;
}
