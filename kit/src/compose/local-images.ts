import { parseImageRef, type ImageRef } from '../image/image-ref.ts';
import { runBatch, type BatchPart } from '../host/batch.ts';
import type { Host } from '../host/host.ts';
import { askImages } from './engine-api.ts';

/** An image that the server has. */
export interface StoredImage {
  readonly id: string;
  /** `repository@sha256:…`, the digests under which registries know it; none for an image that was built or loaded here. */
  readonly repoDigests: readonly string[];
  /** `linux/amd64` */
  readonly platform: string;
  readonly hasHealthcheck: boolean;
}

/** The images among some references (or ids) that the server has; the others are absent. */
export type StoredImages = ReadonlyMap<string, StoredImage>;

/**
 * $1…: references. One line each: `-` for one that is not here, else JSON values between tabs. `.ID` is Docker's own
 * field: with the `.Id` of the JSON its templates fall back on raw maps, in which an image without a health check has no
 * key for one, and fail. Where an engine has no such field, the second try leaves the health check out.
 */
const inspectScript = `
look() { docker image inspect --format "$1" "$2" 2>/dev/null; }
full='{{json .ID}}\t{{json .RepoDigests}}\t{{.Os}}/{{.Architecture}}\t{{json .Config.Healthcheck}}'
plain='{{json .Id}}\t{{json .RepoDigests}}\t{{.Os}}/{{.Architecture}}\tnull'
for ref; do
  said=$(look "$full" "$ref") || said=$(look "$plain" "$ref") || said=-
  printf '%s\\n' "$said"
done`;

/** Looks up images by reference or id, all in one command. */
export async function inspectImages(host: Host, refs: readonly string[]): Promise<StoredImages> {
  const wanted = [...new Set(refs)].filter((ref) => ref !== '');
  if (wanted.length === 0) return new Map();
  const [result] = await runBatch(host, [inspectImagesPart(wanted)]);
  return parseStoredImages(wanted, result?.stdout ?? '');
}

/** {@link inspectImages} as a part, for references without repetition; {@link parseStoredImages} reads its output. */
export function inspectImagesPart(refs: readonly string[]): BatchPart {
  return {
    purpose: 'look at the images',
    source: inspectScript,
    args: refs,
    ask: (engine, signal) => askImages(engine, refs, signal),
  };
}

/** Pure part of {@link inspectImages}. */
export function parseStoredImages(refs: readonly string[], output: string): StoredImages {
  const lines = output.split('\n');
  return new Map(
    refs.flatMap((ref, index) => {
      const image = parseLine(lines[index] ?? '-');
      return image === undefined ? [] : [[ref, image] as const];
    }),
  );
}

function parseLine(line: string): StoredImage | undefined {
  const [id = '', digests = '', platform = '', health = ''] = line.split('\t');
  if (platform === '') return undefined;
  const repoDigests = JSON.parse(digests) as readonly string[] | null;
  const test = (JSON.parse(health) as { readonly Test?: readonly string[] | null } | null)?.Test ?? [];
  return {
    id: JSON.parse(id) as string,
    repoDigests: repoDigests ?? [],
    platform,
    hasHealthcheck: test.length > 0 && test[0] !== 'NONE',
  };
}

/**
 * `repository@sha256:…` of a stored image under the repository that a reference names; undefined when no registry of
 * that name knows it.
 */
export function digestReference(ref: ImageRef, image: StoredImage): string | undefined {
  return image.repoDigests.find((known) => {
    const other = parseImageRef(known, 'RepoDigests');
    return other.registry === ref.registry && other.repository === ref.repository;
  });
}
