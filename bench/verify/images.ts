import { createHash } from 'node:crypto';

/** Readable by anybody in each of the lab's registries, which share their storage. */
export const REPOSITORY = 'public/bench-verify';
export const IMAGE_COUNT = 21;

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Pushes `v0` … `v20`, images that share nothing but a layer, and `index`, of two platforms. */
export async function pushImages(registry: string): Promise<void> {
  const base = `http://${registry}/v2/${REPOSITORY}`;
  const layer = await pushBlob(base, 'application/vnd.oci.image.layer.v1.tar+gzip', 'layer');
  const platforms: Descriptor[] = [];
  for (let number = 0; number < IMAGE_COUNT; number++) {
    const architecture = number === 1 ? 'arm64' : 'amd64';
    const config = await pushBlob(
      base,
      'application/vnd.oci.image.config.v1+json',
      JSON.stringify({
        os: 'linux',
        architecture,
        created: '2026-01-02T03:04:05Z',
        config: { Labels: { 'org.opencontainers.image.revision': String(number).padStart(40, '0') } },
        rootfs: { type: 'layers', diff_ids: [layer.digest] },
      }),
    );
    const manifest = { schemaVersion: 2, mediaType: ociManifest, config, layers: [layer] };
    platforms.push(await pushManifest(base, ociManifest, manifest, `v${String(number)}`));
  }
  const manifests = platforms.slice(0, 2).map((descriptor, at) => ({
    ...descriptor,
    platform: { os: 'linux', architecture: at === 1 ? 'arm64' : 'amd64' },
  }));
  await pushManifest(base, ociIndex, { schemaVersion: 2, mediaType: ociIndex, manifests }, 'index');
}

/** The tags of the first images of one platform: `v1` is for another. */
export function tagsOf(count: number): readonly string[] {
  return Array.from({ length: IMAGE_COUNT }, (_, number) => `v${String(number)}`)
    .filter((tag) => tag !== 'v1')
    .slice(0, count);
}

function describe(mediaType: string, body: string): Descriptor {
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  return { mediaType, digest, size: Buffer.byteLength(body) };
}

async function pushBlob(base: string, mediaType: string, body: string): Promise<Descriptor> {
  const descriptor = describe(mediaType, body);
  const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
  const url = new URL(begun.headers.get('location') ?? '', base);
  url.searchParams.set('digest', descriptor.digest);
  await put(url, 'application/octet-stream', body);
  return descriptor;
}

async function pushManifest(base: string, mediaType: string, document: object, tag: string): Promise<Descriptor> {
  const body = JSON.stringify(document);
  await put(new URL(`${base}/manifests/${tag}`), mediaType, body);
  return describe(mediaType, body);
}

async function put(url: URL, mediaType: string, body: string): Promise<void> {
  const { status } = await fetch(url, { method: 'PUT', body, headers: { 'content-type': mediaType } });
  if (status !== 201) throw new RangeError(`${url.pathname} was answered ${String(status)}`);
}
