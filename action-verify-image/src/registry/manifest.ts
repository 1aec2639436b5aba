import { parseDigest, type Digest } from '@deploy-actions/kit/image/digest';
import { asList, asObject, type Json } from '@deploy-actions/kit/json/json';

import { asSize, asText, parseJson } from './json.ts';
import { normalisePlatform, type Platform } from './platform.ts';

/** What a manifest says about one piece of content it refers to. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Config and layers as they travel: compressed. */
  readonly sizeBytes: number;
}

export interface IndexEntry extends Descriptor {
  /** Absent where the index does not say. */
  readonly platform?: Platform;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  /** Attestations of BuildKit (`unknown/unknown`) are left out: they are no platform. */
  readonly entries: readonly IndexEntry[];
}

/** A manifest body that cannot be used: schema 1, or not what a registry may answer. */
export interface BadManifest {
  readonly kind: 'schema1' | 'invalid';
  readonly reason: string;
}

export type Manifest = ImageManifest | ImageIndex;

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/**
 * All four types on every request: with one left out GHCR, GitLab and ACR answer 404 for an image that exists, and
 * others answer a schema 1 manifest with another digest.
 */
export const manifestAccept = [...indexTypes, ...manifestTypes].join(', ');

const isSchema1Type = (type: string): boolean =>
  /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/.test(type);

/** Reads a manifest or index; `contentType` is the header as received. */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest | BadManifest {
  const document = parseJson(bytes);
  const headerType = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (document === undefined) return invalid('the body is not a JSON object');
  const bodyType = asText(document['mediaType']);
  if (document['schemaVersion'] === 1 || isSchema1Type(headerType) || isSchema1Type(bodyType ?? '')) {
    return { kind: 'schema1', reason: 'it is a Docker schema 1 manifest' };
  }
  const known = [...manifestTypes, ...indexTypes];
  if (bodyType !== undefined && known.includes(headerType) && bodyType !== headerType) {
    // One body read as two things by two clients: CVE-2021-41190.
    return invalid(`Content-Type says ${headerType}, the body says ${bodyType}`);
  }
  const mediaType = bodyType ?? headerType;
  const hasEntries = document['manifests'] !== undefined;
  const hasLayers = document['layers'] !== undefined || document['config'] !== undefined;
  if (hasEntries && hasLayers) return invalid('the body is a manifest and an index at once');
  if (indexTypes.includes(mediaType) && hasEntries) return parseIndex(document, mediaType);
  if (manifestTypes.includes(mediaType) && hasLayers) return parseImage(document, mediaType);
  return invalid(
    `${JSON.stringify(mediaType)} with ${hasEntries ? 'manifests' : hasLayers ? 'layers' : 'neither'} is no image`,
  );
}

function invalid(reason: string): BadManifest {
  return { kind: 'invalid', reason };
}

function parseDescriptor(value: unknown): Descriptor | undefined {
  const { mediaType, digest, size } = asObject(value);
  const parsed = parseDigest(asText(digest) ?? '');
  const sizeBytes = asSize(size);
  if (parsed === undefined || sizeBytes === undefined) return undefined;
  return { mediaType: asText(mediaType) ?? '', digest: parsed, sizeBytes };
}

function parseImage(document: Json, mediaType: string): ImageManifest | BadManifest {
  const config = parseDescriptor(document['config']);
  const layers = asList(document['layers']).map(parseDescriptor);
  if (config === undefined || layers.includes(undefined)) return invalid('a descriptor has no valid digest or size');
  const sizeBytes = layers.reduce((sum, layer) => sum + (layer?.sizeBytes ?? 0), config.sizeBytes);
  return { kind: 'manifest', mediaType, config, sizeBytes };
}

function parseIndex(document: Json, mediaType: string): ImageIndex | BadManifest {
  const entries: IndexEntry[] = [];
  for (const value of asList(document['manifests'])) {
    const descriptor = parseDescriptor(value);
    if (descriptor === undefined) return invalid('an entry of the index has no valid digest or size');
    const { platform, annotations } = asObject(value);
    if (isAttestation(asObject(platform), asObject(annotations))) continue;
    const { os, architecture, variant } = asObject(platform);
    const isKnown = typeof os === 'string' && typeof architecture === 'string';
    entries.push(
      isKnown ? { ...descriptor, platform: normalisePlatform(os, architecture, asText(variant) ?? '') } : descriptor,
    );
  }
  return { kind: 'index', mediaType, entries };
}

function isAttestation(platform: Json, annotations: Json): boolean {
  return platform['os'] === 'unknown' || annotations['vnd.docker.reference.type'] === 'attestation-manifest';
}

export function isIndexType(mediaType: string): boolean {
  return indexTypes.includes(mediaType);
}
