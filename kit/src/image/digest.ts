import { createHash } from 'node:crypto';

declare const brand: unique symbol;
/** A content digest such as `sha256:<64 hex>`, lower case; made by {@link parseDigest} or {@link digestOf}. */
export type Digest = string & { readonly [brand]: 'Digest' };

/** The algorithms Docker's reference grammar registers, with the length of their hex part. */
const hexLengths = { sha256: 64, sha384: 96, sha512: 128 } as const;
type DigestAlgorithm = keyof typeof hexLengths;

function isAlgorithm(name: string): name is DigestAlgorithm {
  return Object.hasOwn(hexLengths, name);
}

/** The digest in a text, or undefined when it is none; upper-case hex is none either, as in Docker. */
export function parseDigest(text: string): Digest | undefined {
  const [, algorithm = '', hex = ''] = /^([a-z0-9]+):([0-9a-f]+)$/.exec(text) ?? [];
  return isAlgorithm(algorithm) && hex.length === hexLengths[algorithm] ? (text as Digest) : undefined;
}

/** `sha256`, `sha384` or `sha512`. */
export function algorithmOf(digest: Digest): DigestAlgorithm {
  const name = digest.slice(0, digest.indexOf(':'));
  return isAlgorithm(name) ? name : 'sha256';
}

/** The digest of these bytes, with sha256 unless another algorithm is asked for. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** `sha256:1a2b3c4d5e6f`: for people, never for a decision. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':') + 13);
}
