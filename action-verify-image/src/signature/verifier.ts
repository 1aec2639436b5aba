import { createVerify, verify as verifyOneShot, type KeyObject } from 'node:crypto';

import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { Digest } from '@deploy-actions/kit/image/digest';
import { bundleFromJSON, type Bundle } from '@sigstore/bundle';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier, type Signer } from '@sigstore/verify';

import type { Candidate } from './candidates.ts';
import { reasonToRefuseSigner, type ExpectedSigner, type SignerIdentity } from './policy.ts';
import { toBundle } from './simple-signing.ts';
import { reasonToRefusePayload, reasonToRefuseStatement } from './statement.ts';

/** What became of one candidate. `stranger`: a good signature, by somebody else. */
export type Finding =
  | { readonly kind: 'good'; readonly signer: string }
  | { readonly kind: 'stranger'; readonly reason: string }
  | { readonly kind: 'bad'; readonly reason: string };

/** What a signature must be. */
export interface Demand {
  /** Digest of the image or of one of its platforms. */
  readonly image: Digest;
  /** Predicate type of statements. */
  readonly predicate: string;
}

/** Verifies by a public key: the signature and what it is about. The transparency log is not asked: the key is the anchor. */
export function verifyByKey(candidate: Candidate, key: KeyObject, { image, predicate }: Demand): Finding {
  if (candidate.kind === 'simple-signing') {
    const { payload, signature } = candidate.signature;
    const reason = reasonToRefusePayload(payload, image);
    if (reason !== undefined) return { kind: 'bad', reason };
    const isGood = isSigned(payload, key, Buffer.from(signature, 'base64'));
    return isGood ? { kind: 'good', signer: 'the given key' } : { kind: 'stranger', reason: 'another key signed it' };
  }
  return attempt(() => {
    const bundle = bundleFromJSON(candidate.bundle);
    const reason = reasonToRefuseBundle(bundle, image, predicate);
    if (reason !== undefined) return { kind: 'bad', reason };
    const isGood = toSignedEntity(bundle).signature.verifySignature(key);
    return isGood ? { kind: 'good', signer: 'the given key' } : { kind: 'stranger', reason: 'another key signed it' };
  });
}

/** Verifies by certificate: chain, log, time, signature, what it is about, and who signed. */
export function verifyByCertificate(
  candidate: Candidate,
  roots: readonly TrustedRoot[],
  expected: ExpectedSigner,
  { image, predicate }: Demand,
): Finding {
  return attempt(() => {
    const json = candidate.kind === 'bundle' ? candidate.bundle : toBundle(candidate.signature);
    if (json === undefined)
      return { kind: 'bad', reason: 'it has no certificate with an entry in the transparency log' };
    const bundle = bundleFromJSON(json);
    const payload = candidate.kind === 'bundle' ? undefined : Buffer.from(candidate.signature.payload);
    const reason =
      payload === undefined ? reasonToRefuseBundle(bundle, image, predicate) : reasonToRefusePayload(payload, image);
    if (reason !== undefined) return { kind: 'bad', reason };
    if (bundle.verificationMaterial.content.$case === 'publicKey') {
      return { kind: 'bad', reason: 'it was made with a key, not with a certificate' };
    }
    const signer = identityOf(verifyWithAny(bundle, payload, roots));
    const refusal = reasonToRefuseSigner(signer, expected);
    return refusal === undefined ? { kind: 'good', signer: signer.identity } : { kind: 'stranger', reason: refusal };
  });
}

function attempt(verify: () => Finding): Finding {
  try {
    return verify();
  } catch (thrown) {
    return { kind: 'bad', reason: describeThrown(thrown) };
  }
}

/** What is signed must be a statement about this image: a bundle for any other bytes proves nothing of it. */
function reasonToRefuseBundle({ content }: Bundle, image: Digest, predicate: string): string | undefined {
  if (content.$case !== 'dsseEnvelope') return 'it signs bytes, not a statement about an image';
  const { payloadType, payload } = content.dsseEnvelope;
  return reasonToRefuseStatement(payloadType, payload, image, predicate);
}

/** Each root by its own rules: where an authority has no log, its timestamps must do (GitHub's private instance). */
function verifyWithAny(bundle: Bundle, payload: Buffer | undefined, roots: readonly TrustedRoot[]): Signer {
  const entity = toSignedEntity(bundle, payload);
  let refusal: unknown;
  for (const root of roots) {
    const thresholds = {
      tlogThreshold: root.tlogs.length > 0 ? 1 : 0,
      ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
      timestampThreshold: 1,
    };
    try {
      return new Verifier(toTrustMaterial(root), thresholds).verify(entity);
    } catch (thrown) {
      refusal ??= thrown;
    }
  }
  throw refusal;
}

/** Fulcio's extension "Source Repository URI" (sigstore/fulcio docs/oid-info.md). */
const sourceRepositoryOid = '1.3.6.1.4.1.57264.1.12';

function identityOf({ identity }: Signer): SignerIdentity {
  const value = identity?.oids?.find(({ oid }) => oid?.id.join('.') === sourceRepositoryOid)?.value;
  return {
    identity: identity?.subjectAlternativeName ?? '',
    issuer: identity?.extensions?.issuer ?? '',
    sourceRepository: value === undefined ? undefined : readUtf8String(value),
  };
}

/** The text of a DER UTF8String; undefined for anything else. */
function readUtf8String(der: Buffer): string | undefined {
  const [tag, length = 0] = der;
  const start = length < 0x80 ? 2 : 2 + (length & 0x7f);
  const size = length < 0x80 ? length : der.readUIntBE(2, length & 0x7f);
  return tag === 0x0c && start + size === der.length ? der.toString('utf8', start) : undefined;
}

function isSigned(payload: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    // Ed25519 hashes by itself; ECDSA and RSA sign a SHA-256.
    if (key.asymmetricKeyType === 'ed25519') return verifyOneShot(null, payload, key, signature);
    return createVerify('sha256').update(payload).verify(key, signature);
  } catch {
    return false;
  }
}
