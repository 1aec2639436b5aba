import type { Digest } from '@deploy-actions/kit/image/digest';
import type { ImageRef } from '@deploy-actions/kit/image/image-ref';
import { type Json } from '@deploy-actions/kit/json/json';

import type { Registry } from '../registry/registry.ts';
import { parseJson } from '../registry/json.ts';
import { cosignTag, parseReferrers, parseSignatureLayers, referrersTag, type SignatureLayer } from './artifact.ts';
import { readSimpleSignature, type SimpleSignature } from './simple-signing.ts';

/** Something that may be the signature that is wanted. `from`: where it was found, for messages. */
export type Candidate =
  | { readonly kind: 'bundle'; readonly bundle: Json; readonly from: string }
  | { readonly kind: 'simple-signing'; readonly signature: SimpleSignature; readonly from: string };

/** Beyond this many something is wrong, or meant to keep us busy. */
const mostReferrers = 50;
/** Bundles with provenance are some ten KiB. */
const longestLayerBytes = 4 * 1024 * 1024;

/**
 * The signatures that a registry keeps for a digest, those first that are found with the fewest requests: the referrers
 * API, the tag that stands for it, the tag of cosign 1 and 2. A consumer that is content stops asking.
 */
export async function* findCandidates(registry: Registry, image: ImageRef, digest: Digest): AsyncGenerator<Candidate> {
  const listed = parseReferrers((await registry.referrers(image, digest)) ?? new Uint8Array()) ?? [];
  // Some registries answer an empty list and have never heard of referrers.
  const manifests = listed.length > 0 ? listed : await readFallbackTag(registry, image, digest);
  for (const manifest of manifests.slice(0, mostReferrers)) {
    const bytes = await registry.artifact(image, manifest);
    if (bytes !== undefined) yield* readLayers(registry, image, bytes, manifest);
  }
  const tag = cosignTag(digest);
  const bytes = await registry.artifact(image, tag);
  if (bytes !== undefined) yield* readLayers(registry, image, bytes, `tag ${tag}`);
}

async function readFallbackTag(registry: Registry, image: ImageRef, digest: Digest): Promise<readonly Digest[]> {
  const bytes = await registry.artifact(image, referrersTag(digest));
  return (bytes === undefined ? undefined : parseReferrers(bytes)) ?? [];
}

async function* readLayers(
  registry: Registry,
  image: ImageRef,
  manifest: Uint8Array,
  from: string,
): AsyncGenerator<Candidate> {
  for (const layer of parseSignatureLayers(manifest).slice(0, mostReferrers)) {
    const candidate = await readLayer(registry, image, layer, from);
    if (candidate !== undefined) yield candidate;
  }
}

async function readLayer(
  registry: Registry,
  image: ImageRef,
  layer: SignatureLayer,
  from: string,
): Promise<Candidate | undefined> {
  if (layer.sizeBytes > longestLayerBytes) return undefined;
  const bytes = await registry.blob(image, layer);
  if (layer.kind === 'simple-signing') {
    const signature = readSimpleSignature(bytes, layer.annotations);
    return signature === undefined ? undefined : { kind: 'simple-signing', signature, from };
  }
  const bundle = parseJson(bytes);
  return bundle === undefined ? undefined : { kind: 'bundle', bundle, from };
}
