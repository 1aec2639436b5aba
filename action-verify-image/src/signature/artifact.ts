import { parseDigest, type Digest } from '@deploy-actions/kit/image/digest';
import { asList, asObject, type Json } from '@deploy-actions/kit/json/json';

import { asSize, asText, parseJson } from '../registry/json.ts';

/** Media types of Sigstore bundles, of every version. */
const bundleType = /^application\/vnd\.dev\.sigstore\.bundle(\+json;\s*version=|\.v)\d/;
/** What cosign 1 and 2 sign, one layer for each signature. */
const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** One piece of an artifact's content that may be a signature. */
export interface SignatureLayer {
  readonly kind: 'bundle' | 'simple-signing';
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly annotations: Json;
}

/**
 * The digests in the answer of the referrers API, or in the index under the fallback tag. No look at their artifact
 * types: some registries fill in wrong ones. Undefined for what is no index (registries that know no such API answer
 * anything).
 */
export function parseReferrers(bytes: Uint8Array): readonly Digest[] | undefined {
  const { manifests } = parseJson(bytes) ?? {};
  if (!Array.isArray(manifests)) return undefined;
  return manifests.flatMap((entry) => parseDigest(asText(asObject(entry)['digest']) ?? '') ?? []);
}

/** The layers of a manifest that may hold a signature; none for any other artifact. */
export function parseSignatureLayers(bytes: Uint8Array): readonly SignatureLayer[] {
  return asList(parseJson(bytes)?.['layers']).flatMap((value) => {
    const { mediaType, digest, size, annotations } = asObject(value);
    const type = asText(mediaType) ?? '';
    const parsed = parseDigest(asText(digest) ?? '');
    const sizeBytes = asSize(size);
    const kind = bundleType.test(type) ? 'bundle' : type === simpleSigningType ? 'simple-signing' : undefined;
    if (parsed === undefined || sizeBytes === undefined || kind === undefined) return [];
    return [{ kind, digest: parsed, sizeBytes, annotations: asObject(annotations) }];
  });
}

/** The tag under which referrers are kept where there is no API for them (OCI distribution specification). */
export function referrersTag(digest: Digest): string {
  return digest.replace(':', '-');
}

/** The tag under which cosign 1 and 2 keep signatures. */
export function cosignTag(digest: Digest): string {
  return `${referrersTag(digest)}.sig`;
}
