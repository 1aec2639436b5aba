import { digestReference, inspectImages } from '@deploy-actions/kit/compose/local-images';
import { credentialsFor, pullImage } from '@deploy-actions/kit/compose/registry-login';
import type { ImagePin } from '@deploy-actions/kit/image/image-lines';
import { formatImageRef, imageName } from '@deploy-actions/kit/image/image-ref';
import type { RecordedPin } from '@deploy-actions/kit/state/release';
import { RolloutError } from './errors.ts';
import type { Session } from './session.ts';

/**
 * The lines of `images` that name a tag, as digests: what is deployed and recorded does not move any more. The tag is
 * pulled for that, and put back where it was on the server: what a person's `docker compose up` resolves must not change
 * before the rollout (I2 of docs/architecture.md). A plan pulls nothing: it goes by what the server has, else by the tag.
 * @throws ComposeError IMAGE_PULL_FAILED; RolloutError MUTABLE_TAG for an image that no registry knows
 */
export async function resolveTagPins(session: Session): Promise<readonly RecordedPin[]> {
  const { host, inputs, log, signal } = session;
  const { tagPins, pins, credentials } = inputs;
  if (tagPins.length === 0) return [];
  const refs = tagPins.map(({ ref }) => formatImageRef(ref));
  const before = await inspectImages(host, refs);
  const registries = new Set([
    ...tagPins.map(({ ref }) => ref.registry),
    ...pins.map(({ ref }) => ref.split('/')[0] ?? ''),
  ]);
  if (inputs.mode === 'deploy')
    for (const { ref } of tagPins) {
      const own = credentialsFor(ref.registry, credentials, registries);
      await pullImage(host, { ref: formatImageRef(ref), registry: ref.registry, credentials: own, signal });
    }
  const after = inputs.mode === 'deploy' ? await inspectImages(host, refs) : before;
  for (const [ref, { id }] of before)
    if (after.get(ref)?.id !== id) await host.exec(['docker', 'tag', id, ref], { signal });
  return tagPins.map((pin) => {
    const text = formatImageRef(pin.ref);
    const image = after.get(text);
    const digest = image === undefined ? undefined : digestReference(pin.ref, image);
    log(
      digest === undefined
        ? `images: ${pin.name}: ${pin.ref.text} is not on the server yet`
        : `images: ${pin.name}: ${pin.ref.text} is ${digest} now`,
    );
    if (digest === undefined && inputs.mode === 'deploy') throw withoutDigest(pin);
    const ref = digest === undefined ? text : `${imageName(pin.ref)}${digest.slice(digest.indexOf('@'))}`;
    return { kind: pin.kind, name: pin.name, ref };
  });
}

function withoutDigest(pin: ImagePin): RolloutError {
  return new RolloutError({
    code: 'MUTABLE_TAG',
    message: `input \`images\`: ${pin.name}=${pin.ref.text} was pulled, but the server knows no digest for it. Nothing was changed.`,
    hint: 'Give it by digest: the output `images` of action-verify-image.',
  });
}
