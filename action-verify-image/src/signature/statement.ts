import { algorithmOf, type Digest } from '@deploy-actions/kit/image/digest';
import { asList, asObject } from '@deploy-actions/kit/json/json';

import { asText, parseJson } from '../registry/json.ts';

/** cosign 3's statement that an image is signed. Other statements by the same signer may say the opposite of good. */
export const cosignSignPredicate = 'https://sigstore.dev/cosign/sign/v1';
/** SLSA provenance: what actions/attest-build-provenance writes. */
export const provenancePredicate = 'https://slsa.dev/provenance/v1';

const statementTypes = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];

/** Why a signed in-toto statement is not what is wanted of this image, as the end of a sentence; undefined when it is. */
export function reasonToRefuseStatement(
  payloadType: string,
  payload: Uint8Array,
  image: Digest,
  predicate: string,
): string | undefined {
  const statement = parseJson(payload);
  if (payloadType !== 'application/vnd.in-toto+json' || !statementTypes.includes(asText(statement?.['_type']) ?? '')) {
    return 'it is no in-toto statement';
  }
  if (statement?.['predicateType'] !== predicate)
    return `it states ${asText(statement?.['predicateType']) ?? 'nothing'}`;
  const algorithm = algorithmOf(image);
  const hex = image.slice(algorithm.length + 1);
  const subjects = asList(statement['subject']).map((subject) => asObject(asObject(subject)['digest']));
  return subjects.some((digest) => digest[algorithm] === hex) ? undefined : 'it is about another image';
}

/** Why a payload of cosign 1 or 2 is not about this image; undefined when it is. */
export function reasonToRefusePayload(payload: Uint8Array, image: Digest): string | undefined {
  const { critical } = parseJson(payload) ?? {};
  const { type, image: signed } = asObject(critical);
  if (type !== 'cosign container image signature') return 'it is no signature of cosign';
  return asObject(signed)['docker-manifest-digest'] === image ? undefined : 'it is about another image';
}
