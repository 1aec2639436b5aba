import { createHash, X509Certificate } from 'node:crypto';

import { asObject, type Json } from '@deploy-actions/kit/json/json';

import { asText, parseJson } from '../registry/json.ts';

/** A signature as cosign 1 and 2 keep it: a payload, and annotations beside it. */
export interface SimpleSignature {
  readonly payload: Uint8Array;
  /** Base64. */
  readonly signature: string;
  /** PEM; absent for signatures by key. */
  readonly certificate: string | undefined;
  /** What the transparency log answered: `{SignedEntryTimestamp, Payload}`. */
  readonly logEntry: Json | undefined;
}

/** Undefined where the annotations hold no signature. */
export function readSimpleSignature(payload: Uint8Array, annotations: Json): SimpleSignature | undefined {
  const signature = asText(annotations['dev.cosignproject.cosign/signature']) ?? '';
  if (signature === '') return undefined;
  const logEntry = asText(annotations['dev.sigstore.cosign/bundle']);
  return {
    payload,
    signature,
    certificate: asText(annotations['dev.sigstore.cosign/certificate']),
    logEntry: logEntry === undefined ? undefined : parseJson(Buffer.from(logEntry)),
  };
}

/**
 * The same as a Sigstore bundle, so that one verifier serves both. Undefined without certificate or log entry. Nothing
 * is believed here: the log's promise covers body, index and time, and the verifier checks it.
 */
export function toBundle({ payload, signature, certificate, logEntry }: SimpleSignature): Json | undefined {
  const entry = asObject(logEntry?.['Payload']);
  const body = asText(entry['body']);
  const promise = asText(logEntry?.['SignedEntryTimestamp']);
  const rawBytes = certificate === undefined ? undefined : readCertificate(certificate);
  if (rawBytes === undefined || body === undefined || promise === undefined) return undefined;
  const { kind, apiVersion } = parseJson(Buffer.from(body, 'base64')) ?? {};
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes }] },
      tlogEntries: [
        {
          logIndex: String(entry['logIndex']),
          logId: { keyId: Buffer.from(asText(entry['logID']) ?? '', 'hex').toString('base64') },
          kindVersion: { kind, version: apiVersion },
          integratedTime: String(entry['integratedTime']),
          inclusionPromise: { signedEntryTimestamp: promise },
          canonicalizedBody: body,
        },
      ],
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: createHash('sha256').update(payload).digest('base64') },
      signature,
    },
  };
}

function readCertificate(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).raw.toString('base64');
  } catch {
    return undefined;
  }
}
