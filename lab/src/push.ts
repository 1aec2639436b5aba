import { readFileSync } from 'node:fs';
import { LabError } from './error.ts';
import type { Image, ImageIndex } from './image.ts';
import { digestOf } from './layer.ts';

/** A repository of a registry that takes anonymous pushes over plain http. */
export interface PushTarget {
  /** `ip:port` */
  readonly registry: string;
  readonly repository: string;
  /** Blob digest → repository that has it: the registry links such a blob instead of receiving it again. Added to. */
  readonly holders: Map<string, string>;
}

/** Uploads what the registry lacks and sets the tags. Does nothing but look where a tag is right already. */
export async function pushImage(target: PushTarget, image: Image | ImageIndex, tags: readonly string[]): Promise<void> {
  const wrong: string[] = [];
  for (const tag of tags) if (!(await hasManifest(target, tag, image.digest))) wrong.push(tag);
  if (wrong.length === 0) return;
  for (const part of 'images' in image ? image.images : [image]) await pushParts(target, part);
  for (const tag of wrong) await putManifest(target, tag, image);
}

async function pushParts(target: PushTarget, image: Image): Promise<void> {
  await pushBlob(target, digestOf(image.configBlob), () => Buffer.from(image.configBlob));
  for (const layer of image.layers) await pushBlob(target, layer.digest, () => readFileSync(layer.file));
  await putManifest(target, image.digest, image);
}

async function hasManifest(target: PushTarget, tag: string, digest: string): Promise<boolean> {
  const accept = [
    'application/vnd.docker.distribution.manifest.v2+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.oci.image.index.v1+json',
  ];
  const response = await fetch(urlOf(target, `manifests/${tag}`), {
    method: 'HEAD',
    headers: { accept: accept.join(', ') },
  });
  return response.ok && response.headers.get('docker-content-digest') === digest;
}

async function pushBlob(target: PushTarget, digest: string, read: () => Buffer<ArrayBuffer>): Promise<void> {
  const found = await fetch(urlOf(target, `blobs/${digest}`), { method: 'HEAD' });
  if (!found.ok) await uploadBlob(target, digest, read);
  target.holders.set(digest, target.repository);
}

async function uploadBlob(target: PushTarget, digest: string, read: () => Buffer<ArrayBuffer>): Promise<void> {
  const holder = target.holders.get(digest);
  const query = holder === undefined ? '' : `?mount=${digest}&from=${holder}`;
  const begun = await fetch(urlOf(target, `blobs/uploads/${query}`), { method: 'POST' });
  if (begun.status === 201) return;
  const location = begun.headers.get('location');
  if (begun.status !== 202 || location === null) {
    throw new LabError(`${target.repository}: upload refused with ${String(begun.status)}`);
  }
  const url = new URL(location, `http://${target.registry}`);
  url.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  const put = await fetch(url, { method: 'PUT', body: read(), headers });
  if (put.status !== 201) {
    throw new LabError(`${target.repository}: blob ${digest} refused with ${String(put.status)} ${await put.text()}`);
  }
}

async function putManifest(
  target: PushTarget,
  reference: string,
  { manifest, mediaType }: Image | ImageIndex,
): Promise<void> {
  const put = await fetch(urlOf(target, `manifests/${reference}`), {
    method: 'PUT',
    body: manifest,
    headers: { 'content-type': mediaType },
  });
  if (put.status !== 201)
    throw new LabError(`${target.repository}:${reference} refused with ${String(put.status)} ${await put.text()}`);
}

function urlOf({ registry, repository }: PushTarget, path: string): string {
  return `http://${registry}/v2/${repository}/${path}`;
}
