import { digestOf } from './layer.ts';
import type { Layer } from './layer.ts';

/** The part of an image's configuration that the lab uses (Docker's own field names, since it goes out as they are). */
export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly Labels?: Readonly<Record<string, string>>;
  /** Durations in nanoseconds. */
  readonly Healthcheck?: {
    readonly Test: readonly string[];
    readonly Interval: number;
    readonly Timeout: number;
    readonly Retries: number;
    readonly StartPeriod: number;
  };
}

export interface ImageRecipe {
  readonly architecture: string;
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
  /** `docker`: Docker's media types. `oci`: those of the OCI image specification. */
  readonly format: 'docker' | 'oci';
}

/** A manifest and what must be in the registry before it. */
export interface Image {
  readonly manifest: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly architecture: string;
  readonly configBlob: string;
  readonly layers: readonly Layer[];
}

export interface ImageIndex {
  readonly manifest: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly images: readonly Image[];
}

const CREATED = '2025-01-01T00:00:00Z';
const TYPES = {
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
} as const;
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/** Pure: the same recipe gives the same digest. */
export function assembleImage({ architecture, layers, config, format }: ImageRecipe): Image {
  const types = TYPES[format];
  const configBlob = JSON.stringify({
    architecture,
    os: 'linux',
    created: CREATED,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created: CREATED, created_by: 'deploy-actions lab' })),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: { mediaType: types.config, size: Buffer.byteLength(configBlob), digest: digestOf(configBlob) },
    layers: layers.map(({ size, digest }) => ({ mediaType: types.layer, size, digest })),
  });
  return { manifest, mediaType: types.manifest, digest: digestOf(manifest), architecture, configBlob, layers };
}

/** One name for the same app on several platforms. */
export function assembleIndex(images: readonly Image[]): ImageIndex {
  const manifests = images.map((image) => ({
    mediaType: image.mediaType,
    size: Buffer.byteLength(image.manifest),
    digest: image.digest,
    platform: { architecture: image.architecture, os: 'linux' },
  }));
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  return { manifest, mediaType: INDEX_TYPE, digest: digestOf(manifest), images };
}
