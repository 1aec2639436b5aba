import { asObject } from '@deploy-actions/kit/json/json';

import { asText, parseJson } from './json.ts';
import { normalisePlatform, type Platform } from './platform.ts';

/** What an image's config blob says about how it was made. */
export interface ImageConfig {
  readonly platform: Platform;
  /** Label org.opencontainers.image.revision: the commit. BuildKit's annotations do not fill it. */
  readonly revision?: string;
  readonly labels: ReadonlyMap<string, string>;
  /** RFC 3339, as written by the builder. */
  readonly created?: string;
}

const configTypes = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'];

/** Helm charts, signatures and other artifacts are manifests too, with another type of config. */
export function isImageConfigType(mediaType: string): boolean {
  return configTypes.includes(mediaType);
}

/** Reads a config blob; undefined when it is none. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig | undefined {
  const document = parseJson(bytes);
  if (document === undefined) return undefined;
  const { os, architecture, variant, created, config } = document;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  const labels = new Map(
    Object.entries(asObject(asObject(config)['Labels'])).flatMap(([label, value]) =>
      typeof value === 'string' ? [[label, value] as const] : [],
    ),
  );
  const revision = labels.get('org.opencontainers.image.revision')?.trim();
  const builtAt = asText(created);
  return {
    platform: normalisePlatform(os, architecture, asText(variant) ?? ''),
    labels,
    ...(revision === undefined || revision === '' ? {} : { revision }),
    ...(builtAt === undefined ? {} : { created: builtAt }),
  };
}
