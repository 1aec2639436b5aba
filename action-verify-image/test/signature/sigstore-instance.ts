import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

import { initializeCA, initializeCTLog, initializeTLog, initializeTSA } from '@sigstore/mock';

export interface SignerOptions {
  readonly identity?: string;
  readonly issuer?: string;
  /** URL. */
  readonly sourceRepository?: string;
}

/** A Sigstore of our own: certificates, logs and timestamps that only its trusted root vouches for. */
export interface SigstoreInstance {
  /** Text of trusted_root.json. */
  readonly trustedRoot: string;
  /** A bundle as cosign 3 and GitHub write it: a signed in-toto statement. */
  sign(statement: object, options?: SignerOptions): Promise<object>;
  /** Annotations of a layer as cosign 2 writes it. */
  signSimple(payload: Uint8Array, options?: SignerOptions): Promise<Record<string, string>>;
}

export const workflow = 'https://github.com/acme/api/.github/workflows/build.yml@refs/heads/main';
export const githubIssuer = 'https://token.actions.githubusercontent.com';
const inTotoType = 'application/vnd.in-toto+json';

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function makeKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** @param kind `public`: with transparency logs, as sigstore.dev; `private`: with a timestamp authority only, as GitHub's */
export async function openSigstore(kind: 'public' | 'private' = 'public'): Promise<SigstoreInstance> {
  const [caKeys, logKeys, ctKeys, tsaKeys] = [makeKeys(), makeKeys(), makeKeys(), makeKeys()];
  // One whole second for all, after the authorities' own certificates, which begin now.
  const clock = new Date((Math.floor(Date.now() / 1000) + 10) * 1000);
  const ctLog = await initializeCTLog(ctKeys, clock);
  const ca = await initializeCA(caKeys, kind === 'public' ? ctLog : undefined, clock);
  const log = await initializeTLog('https://rekor.example', logKeys, clock);
  const tsa = await initializeTSA(tsaKeys, clock);

  const certify = async (keys: Keys, options: SignerOptions): Promise<Buffer> => {
    const oid = (last: number, value: string) => ({ oid: `1.3.6.1.4.1.57264.1.${last}`, value });
    const source = options.sourceRepository ?? 'https://github.com/acme/api';
    const certificate = await ca.issueCertificate({
      publicKey: keys.publicKey.export({ format: 'der', type: 'spki' }),
      subjectAltName: options.identity ?? workflow,
      extensions: [oid(8, options.issuer ?? githubIssuer), oid(12, source)],
    });
    return Buffer.from(certificate.buffer);
  };
  const record = async (entry: object): Promise<LoggedEntry | undefined> =>
    Object.values(await (log.log(entry) as Promise<Record<string, LoggedEntry>>))[0];
  const timestamp = async (signature: Buffer) => {
    const artifactHash = createHash('sha256').update(signature).digest();
    const request = { artifactHash, hashAlgorithmOID: '2.16.840.1.101.3.4.2.1', nonce: 1, policyOID: '1.2.3' };
    return Buffer.from((await tsa.timestamp({ ...request, certReq: true })).buffer).toString('base64');
  };

  return {
    trustedRoot: trustedRootOf(kind, {
      ca: ca.rootCertificate,
      tsa: [tsa.intCertificate, tsa.rootCertificate],
      log: log.publicKey,
      ctLog: ctLog.publicKey,
    }),
    sign: async (statement, options = {}) => {
      const keys = makeKeys();
      const rawBytes = (await certify(keys, options)).toString('base64');
      const { payload, signature, envelope } = signStatement(statement, keys.privateKey);
      const hash = createHash('sha256').update(payload).digest('hex');
      const spec = {
        envelopeHash: { algorithm: 'sha256', value: hash },
        payloadHash: { algorithm: 'sha256', value: hash },
        signatures: [{ signature: signature.toString('base64'), verifier: '' }],
      };
      const entry = await record({ apiVersion: '0.0.1', kind: 'dsse', spec });
      const proof =
        kind === 'public'
          ? { tlogEntries: [toLogEntry(entry, 'dsse')] }
          : {
              tlogEntries: [],
              timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: await timestamp(signature) }] },
            };
      return {
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        verificationMaterial: { certificate: { rawBytes }, ...proof },
        dsseEnvelope: envelope,
      };
    },
    signSimple: async (payload, options = {}) => {
      const keys = makeKeys();
      const certificate = toPem(await certify(keys, options));
      const signature = sign('sha256', payload, keys.privateKey).toString('base64');
      const hash = { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') };
      const spec = { data: { hash }, signature: { content: signature, publicKey: { content: '' } } };
      const entry = await record({ apiVersion: '0.0.1', kind: 'hashedrekord', spec });
      const { body, integratedTime, logIndex, logID } = entry ?? {};
      const promise = entry?.verification?.signedEntryTimestamp;
      return {
        'dev.cosignproject.cosign/signature': signature,
        'dev.sigstore.cosign/certificate': certificate,
        'dev.sigstore.cosign/bundle': JSON.stringify({
          SignedEntryTimestamp: promise,
          Payload: { body, integratedTime, logIndex, logID },
        }),
      };
    },
  };
}

/** A bundle signed with a key, as `cosign sign --key` of version 3 writes it. */
export function signByKey(statement: object, { privateKey }: Keys): object {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: 'any' }, tlogEntries: [] },
    dsseEnvelope: signStatement(statement, privateKey).envelope,
  };
}

function signStatement(statement: object, key: KeyObject) {
  const payload = Buffer.from(JSON.stringify(statement));
  // DSSE's pre-authentication encoding.
  const head = `DSSEv1 ${inTotoType.length} ${inTotoType} ${payload.length} `;
  const signature = sign('sha256', Buffer.concat([Buffer.from(head), payload]), key);
  const signatures = [{ sig: signature.toString('base64'), keyid: '' }];
  return { payload, signature, envelope: { payload: payload.toString('base64'), payloadType: inTotoType, signatures } };
}

interface LoggedEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logIndex: number;
  readonly logID: string;
  readonly verification?: {
    readonly signedEntryTimestamp?: string;
    readonly inclusionProof?: {
      readonly rootHash: string;
      readonly treeSize: number;
      readonly checkpoint: string;
    };
  };
}

function toLogEntry(entry: LoggedEntry | undefined, kind: string): object {
  const proof = entry?.verification?.inclusionProof;
  return {
    logIndex: String(entry?.logIndex),
    logId: { keyId: Buffer.from(entry?.logID ?? '', 'hex').toString('base64') },
    kindVersion: { kind, version: '0.0.1' },
    integratedTime: String(entry?.integratedTime),
    inclusionPromise: { signedEntryTimestamp: entry?.verification?.signedEntryTimestamp },
    inclusionProof: {
      logIndex: '0',
      rootHash: Buffer.from(proof?.rootHash ?? '', 'hex').toString('base64'),
      treeSize: String(proof?.treeSize),
      hashes: [],
      checkpoint: { envelope: proof?.checkpoint },
    },
    canonicalizedBody: entry?.body,
  };
}

interface Authorities {
  readonly ca: ArrayBufferView<ArrayBuffer>;
  readonly tsa: readonly ArrayBufferView<ArrayBuffer>[];
  readonly log: Buffer;
  readonly ctLog: Buffer;
}

function trustedRootOf(kind: 'public' | 'private', { ca, tsa, log, ctLog }: Authorities): string {
  const validFor = { start: '2020-01-01T00:00:00Z' };
  const authority = (certificates: readonly ArrayBufferView<ArrayBuffer>[]) => ({
    subject: { organization: 'acme', commonName: 'test' },
    uri: 'https://authority.example',
    certChain: {
      certificates: certificates.map(({ buffer }) => ({ rawBytes: Buffer.from(buffer).toString('base64') })),
    },
    validFor,
  });
  const logAuthority = (key: Buffer) => ({
    baseUrl: 'https://rekor.example',
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: key.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
    logId: { keyId: createHash('sha256').update(key).digest('base64') },
  });
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: kind === 'public' ? [logAuthority(log)] : [],
    certificateAuthorities: [authority([ca])],
    ctlogs: kind === 'public' ? [logAuthority(ctLog)] : [],
    timestampAuthorities: [authority(tsa)],
  });
}

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
