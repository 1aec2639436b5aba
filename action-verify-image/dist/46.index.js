"use strict";
exports.id = 46;
exports.ids = [46];
exports.modules = {

/***/ 5046:
/***/ ((__unused_webpack_module, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openSignatureVerifier: () => (/* binding */ openSignatureVerifier)
});

// EXTERNAL MODULE: ./src/failures.ts
var failures = __webpack_require__(7170);
// EXTERNAL MODULE: ./src/registry/json.ts
var json = __webpack_require__(1499);
// EXTERNAL MODULE: ../kit/src/image/digest.ts
var image_digest = __webpack_require__(5364);
// EXTERNAL MODULE: ../kit/src/json/json.ts
var json_json = __webpack_require__(3925);
;// CONCATENATED MODULE: ./src/signature/artifact.ts



/** Media types of Sigstore bundles, of every version. */
const bundleType = /^application\/vnd\.dev\.sigstore\.bundle(\+json;\s*version=|\.v)\d/;
/** What cosign 1 and 2 sign, one layer for each signature. */
const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';
/**
 * The digests in the answer of the referrers API, or in the index under the fallback tag. No look at their artifact
 * types: some registries fill in wrong ones. Undefined for what is no index (registries that know no such API answer
 * anything).
 */
function parseReferrers(bytes) {
    const { manifests } = (0,json/* parseJson */.qF)(bytes) ?? {};
    if (!Array.isArray(manifests))
        return undefined;
    return manifests.flatMap((entry) => (0,image_digest/* parseDigest */.m)((0,json/* asText */.e1)((0,json_json/* asObject */.eB)(entry)['digest']) ?? '') ?? []);
}
/** The layers of a manifest that may hold a signature; none for any other artifact. */
function parseSignatureLayers(bytes) {
    return (0,json_json/* asList */.DD)((0,json/* parseJson */.qF)(bytes)?.['layers']).flatMap((value) => {
        const { mediaType, digest, size, annotations } = (0,json_json/* asObject */.eB)(value);
        const type = (0,json/* asText */.e1)(mediaType) ?? '';
        const parsed = (0,image_digest/* parseDigest */.m)((0,json/* asText */.e1)(digest) ?? '');
        const sizeBytes = (0,json/* asSize */.ED)(size);
        const kind = bundleType.test(type) ? 'bundle' : type === simpleSigningType ? 'simple-signing' : undefined;
        if (parsed === undefined || sizeBytes === undefined || kind === undefined)
            return [];
        return [{ kind, digest: parsed, sizeBytes, annotations: (0,json_json/* asObject */.eB)(annotations) }];
    });
}
/** The tag under which referrers are kept where there is no API for them (OCI distribution specification). */
function referrersTag(digest) {
    return digest.replace(':', '-');
}
/** The tag under which cosign 1 and 2 keep signatures. */
function cosignTag(digest) {
    return `${referrersTag(digest)}.sig`;
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./src/signature/simple-signing.ts



/** Undefined where the annotations hold no signature. */
function readSimpleSignature(payload, annotations) {
    const signature = (0,json/* asText */.e1)(annotations['dev.cosignproject.cosign/signature']) ?? '';
    if (signature === '')
        return undefined;
    const logEntry = (0,json/* asText */.e1)(annotations['dev.sigstore.cosign/bundle']);
    return {
        payload,
        signature,
        certificate: (0,json/* asText */.e1)(annotations['dev.sigstore.cosign/certificate']),
        logEntry: logEntry === undefined ? undefined : (0,json/* parseJson */.qF)(Buffer.from(logEntry)),
    };
}
/**
 * The same as a Sigstore bundle, so that one verifier serves both. Undefined without certificate or log entry. Nothing
 * is believed here: the log's promise covers body, index and time, and the verifier checks it.
 */
function toBundle({ payload, signature, certificate, logEntry }) {
    const entry = (0,json_json/* asObject */.eB)(logEntry?.['Payload']);
    const body = (0,json/* asText */.e1)(entry['body']);
    const promise = (0,json/* asText */.e1)(logEntry?.['SignedEntryTimestamp']);
    const rawBytes = certificate === undefined ? undefined : readCertificate(certificate);
    if (rawBytes === undefined || body === undefined || promise === undefined)
        return undefined;
    const { kind, apiVersion } = (0,json/* parseJson */.qF)(Buffer.from(body, 'base64')) ?? {};
    return {
        mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
        verificationMaterial: {
            x509CertificateChain: { certificates: [{ rawBytes }] },
            tlogEntries: [
                {
                    logIndex: String(entry['logIndex']),
                    logId: { keyId: Buffer.from((0,json/* asText */.e1)(entry['logID']) ?? '', 'hex').toString('base64') },
                    kindVersion: { kind, version: apiVersion },
                    integratedTime: String(entry['integratedTime']),
                    inclusionPromise: { signedEntryTimestamp: promise },
                    canonicalizedBody: body,
                },
            ],
        },
        messageSignature: {
            messageDigest: { algorithm: 'SHA2_256', digest: (0,external_node_crypto_.createHash)('sha256').update(payload).digest('base64') },
            signature,
        },
    };
}
function readCertificate(pem) {
    try {
        return new external_node_crypto_.X509Certificate(pem).raw.toString('base64');
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./src/signature/candidates.ts




/** Beyond this many something is wrong, or meant to keep us busy. */
const mostReferrers = 50;
/** Bundles with provenance are some ten KiB. */
const longestLayerBytes = 4 * 1024 * 1024;
/**
 * The signatures that a registry keeps for a digest, those first that are found with the fewest requests: the referrers
 * API, the tag that stands for it, the tag of cosign 1 and 2. A consumer that is content stops asking.
 */
async function* findCandidates(registry, image, digest) {
    const listed = parseReferrers((await registry.referrers(image, digest)) ?? new Uint8Array()) ?? [];
    // Some registries answer an empty list and have never heard of referrers.
    const manifests = listed.length > 0 ? listed : await readFallbackTag(registry, image, digest);
    for (const manifest of manifests.slice(0, mostReferrers)) {
        const bytes = await registry.artifact(image, manifest);
        if (bytes !== undefined)
            yield* readLayers(registry, image, bytes, manifest);
    }
    const tag = cosignTag(digest);
    const bytes = await registry.artifact(image, tag);
    if (bytes !== undefined)
        yield* readLayers(registry, image, bytes, `tag ${tag}`);
}
async function readFallbackTag(registry, image, digest) {
    const bytes = await registry.artifact(image, referrersTag(digest));
    return (bytes === undefined ? undefined : parseReferrers(bytes)) ?? [];
}
async function* readLayers(registry, image, manifest, from) {
    for (const layer of parseSignatureLayers(manifest).slice(0, mostReferrers)) {
        const candidate = await readLayer(registry, image, layer, from);
        if (candidate !== undefined)
            yield candidate;
    }
}
async function readLayer(registry, image, layer, from) {
    if (layer.sizeBytes > longestLayerBytes)
        return undefined;
    const bytes = await registry.blob(image, layer);
    if (layer.kind === 'simple-signing') {
        const signature = readSimpleSignature(bytes, layer.annotations);
        return signature === undefined ? undefined : { kind: 'simple-signing', signature, from };
    }
    const bundle = (0,json/* parseJson */.qF)(bytes);
    return bundle === undefined ? undefined : { kind: 'bundle', bundle, from };
}

// EXTERNAL MODULE: ../kit/src/action/errors.ts
var errors = __webpack_require__(3988);
;// CONCATENATED MODULE: ../kit/src/github/error.ts

class GithubError extends errors/* DeployError */.sH {
}
/** The error of a call from what Octokit threw: an answer has a status, anything else is no answer. Pure. */
function githubError(purpose, thrown) {
    const status = readNumber(thrown, 'status');
    const said = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
    const failed = `GitHub: could not ${purpose.what}`;
    // Octokit gives errors without an answer the status 500, but no response.
    if (status === undefined || !hasResponse(thrown)) {
        const hint = 'Is the API of GitHub in reach of this runner?';
        return new GithubError({
            code: 'GITHUB_UNREACHABLE',
            message: `${failed}: no answer (${said}).`,
            hint,
            cause: thrown,
        });
    }
    if (status === 401) {
        const hint = 'Give `github-token` as ${{ github.token }}, or a token that is not expired.';
        return new GithubError({
            code: 'GITHUB_TOKEN_REJECTED',
            message: `${failed}: the token was rejected (401).`,
            hint,
        });
    }
    if ((status === 403 || status === 404) && !/rate limit/i.test(said)) {
        return new GithubError({
            code: 'GITHUB_FORBIDDEN',
            message: `${failed}: GitHub answered ${status}, the token lacks \`${purpose.permission}\`.`,
            hint: `Add \`${purpose.permission}\` to the job's \`permissions:\`.`,
        });
    }
    return new GithubError({ code: 'GITHUB_REQUEST_FAILED', message: `${failed}: GitHub answered ${status} (${said}).` });
}
function hasResponse(thrown) {
    return typeof thrown === 'object' && thrown !== null && 'response' in thrown && thrown.response !== undefined;
}
function readNumber(thrown, name) {
    if (typeof thrown !== 'object' || thrown === null)
        return undefined;
    const value = thrown[name];
    return typeof value === 'number' ? value : undefined;
}

;// CONCATENATED MODULE: ../kit/src/github/octokit.ts
/**
 * GitHub's own client. Its packages are loaded by the first call: most steps make none, and it is as large as all the rest.
 * @param apiUrl `https://api.github.com`
 */
async function openOctokit(token, apiUrl) {
    const github = await __webpack_require__.e(/* import() */ 75).then(__webpack_require__.bind(__webpack_require__, 1075));
    // The step's log must not show Octokit's warnings (deprecations, 404s) as if they were ours.
    const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    return github.getOctokit(token, { baseUrl: apiUrl, userAgent: 'deploy-actions', log });
}
function ignore() {
    // Octokit's own log goes nowhere.
}

;// CONCATENATED MODULE: ../kit/src/github/attestations.ts


/**
 * What GitHub keeps for a digest; nothing when it keeps nothing, or hides it (it answers 404 for both).
 * Needs `attestations: read`.
 * @throws GithubError
 */
async function listAttestations(request, subjectDigest) {
    const { token, repository, apiUrl, signal, timeoutMs } = request;
    const [owner = '', repo = ''] = repository.split('/');
    const octokit = await openOctokit(token, apiUrl);
    try {
        const { data } = await octokit.rest.repos.listAttestations({
            owner,
            repo,
            subject_digest: subjectDigest,
            per_page: 100,
            request: { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
        });
        return (data.attestations ?? []).map(({ bundle, bundle_url: url }) => ({
            // Octokit's types do not know that it may be null.
            bundle: typeof bundle === 'object' && bundle !== null ? { ...bundle } : undefined,
            url,
        }));
    }
    catch (thrown) {
        signal.throwIfAborted();
        if (typeof thrown === 'object' && thrown !== null && 'status' in thrown && thrown.status === 404)
            return [];
        throw githubError({ what: 'list the attestations of an image', permission: 'attestations: read' }, thrown);
    }
}

;// CONCATENATED MODULE: ./src/signature/snappy.ts
/**
 * Unpacks one block of Snappy (google/snappy, format_description.txt): what GitHub keeps attestations in. Undefined for
 * anything that is no whole block, or would be longer than `maxBytes`: the length is announced, and read first.
 */
function unpackSnappy(packed, maxBytes) {
    const length = readVarint(packed);
    if (length === undefined || length.value > maxBytes)
        return undefined;
    const unpacked = new Uint8Array(length.value);
    let from = length.size;
    let to = 0;
    while (from < packed.length) {
        const element = readElement(packed, from);
        if (element === undefined || to + element.length > unpacked.length)
            return undefined;
        from += element.headerSize;
        if (element.kind === 'literal') {
            if (from + element.length > packed.length)
                return undefined;
            unpacked.set(packed.subarray(from, from + element.length), to);
            from += element.length;
        }
        else {
            if (element.offset === 0 || element.offset > to)
                return undefined;
            // Byte by byte: a copy may reach into what it writes itself.
            for (let at = 0; at < element.length; at++)
                unpacked[to + at] = unpacked[to + at - element.offset] ?? 0;
        }
        to += element.length;
    }
    return to === unpacked.length ? unpacked : undefined;
}
function readElement(bytes, at) {
    const tag = bytes[at] ?? 0;
    const upper = tag >> 2;
    if ((tag & 3) === 0) {
        if (upper < 60)
            return { kind: 'literal', headerSize: 1, length: upper + 1 };
        const size = upper - 59;
        const length = snappy_readNumber(bytes, at + 1, size);
        return length === undefined ? undefined : { kind: 'literal', headerSize: 1 + size, length: length + 1 };
    }
    const size = [0, 1, 2, 4][tag & 3] ?? 0;
    const low = snappy_readNumber(bytes, at + 1, size);
    if (low === undefined)
        return undefined;
    return size === 1
        ? { kind: 'copy', headerSize: 2, length: (upper & 7) + 4, offset: (tag >> 5) * 256 + low }
        : { kind: 'copy', headerSize: 1 + size, length: upper + 1, offset: low };
}
/** Little-endian. */
function snappy_readNumber(bytes, at, size) {
    if (at + size > bytes.length)
        return undefined;
    return bytes.subarray(at, at + size).reduceRight((number, byte) => number * 256 + byte, 0);
}
function readVarint(bytes) {
    let value = 0;
    for (let size = 1; size <= 5; size++) {
        const byte = bytes[size - 1];
        if (byte === undefined)
            return undefined;
        value += (byte & 0x7f) * 128 ** (size - 1);
        if (byte < 0x80)
            return { value, size };
    }
    return undefined;
}

;// CONCATENATED MODULE: ./src/signature/github-bundles.ts




const longestBundleBytes = 8 * 1024 * 1024;
/**
 * What GitHub keeps for a digest. Its API answers with bundles, or (since July 2026) with the address of each in a store
 * of blobs: signed for this one read, so the token has no business there.
 */
async function* findGithubBundles({ repository, apiUrl, token }, digest, bounds, download) {
    if (token === undefined)
        return;
    const from = `GitHub, ${repository}`;
    for (const { bundle, url } of await listAttestations({ token, repository, apiUrl, ...bounds }, digest)) {
        if (bundle !== undefined)
            yield { kind: 'bundle', bundle, from };
        else if (url !== undefined)
            yield { kind: 'bundle', bundle: await fetchBundle(url, apiUrl, download), from };
    }
}
async function fetchBundle(text, apiUrl, download) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    // As safe as the API itself.
    if (url?.protocol !== 'https:' && url?.protocol !== new URL(apiUrl).protocol)
        throw unreadable(url, 'not asked for');
    const bytes = await download(url, longestBundleBytes);
    if (bytes === undefined)
        throw unreadable(url, 'refused');
    const bundle = (0,json/* parseJson */.qF)(bytes) ?? (0,json/* parseJson */.qF)(unpackSnappy(bytes, longestBundleBytes) ?? new Uint8Array());
    if (bundle === undefined)
        throw unreadable(url, 'no JSON, packed or not');
    return bundle;
}
function unreadable(url, what) {
    return (0,failures/* verifyError */.q)({
        code: 'ANSWER_INVALID',
        message: `GitHub names ${url === undefined ? 'something' : `${url.origin}${url.pathname}`} as the place of an attestation, which is ${what}.`,
        hint: 'Run again; if it stays so, GitHub has changed how it keeps attestations, and this action needs an update.',
    });
}

;// CONCATENATED MODULE: ./src/signature/statement.ts



/** cosign 3's statement that an image is signed. Other statements by the same signer may say the opposite of good. */
const cosignSignPredicate = 'https://sigstore.dev/cosign/sign/v1';
/** SLSA provenance: what actions/attest-build-provenance writes. */
const provenancePredicate = 'https://slsa.dev/provenance/v1';
const statementTypes = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
/** Why a signed in-toto statement is not what is wanted of this image, as the end of a sentence; undefined when it is. */
function reasonToRefuseStatement(payloadType, payload, image, predicate) {
    const statement = (0,json/* parseJson */.qF)(payload);
    if (payloadType !== 'application/vnd.in-toto+json' || !statementTypes.includes((0,json/* asText */.e1)(statement?.['_type']) ?? '')) {
        return 'it is no in-toto statement';
    }
    if (statement?.['predicateType'] !== predicate)
        return `it states ${(0,json/* asText */.e1)(statement?.['predicateType']) ?? 'nothing'}`;
    const algorithm = (0,image_digest/* algorithmOf */.Hy)(image);
    const hex = image.slice(algorithm.length + 1);
    const subjects = (0,json_json/* asList */.DD)(statement['subject']).map((subject) => (0,json_json/* asObject */.eB)((0,json_json/* asObject */.eB)(subject)['digest']));
    return subjects.some((digest) => digest[algorithm] === hex) ? undefined : 'it is about another image';
}
/** Why a payload of cosign 1 or 2 is not about this image; undefined when it is. */
function reasonToRefusePayload(payload, image) {
    const { critical } = (0,json/* parseJson */.qF)(payload) ?? {};
    const { type, image: signed } = (0,json_json/* asObject */.eB)(critical);
    if (type !== 'cosign container image signature')
        return 'it is no signature of cosign';
    return (0,json_json/* asObject */.eB)(signed)['docker-manifest-digest'] === image ? undefined : 'it is about another image';
}

// EXTERNAL MODULE: ../node_modules/@sigstore/protobuf-specs/dist/index.js
var dist = __webpack_require__(6736);
// EXTERNAL MODULE: ../node_modules/@sigstore/tuf/seeds.json
var seeds = __webpack_require__(2196);
;// CONCATENATED MODULE: ./src/signature/trusted-root.ts





/** Sigstore's public instance, as it stood when this version was built. */
const publicInstance = 'https://tuf-repo-cdn.sigstore.dev';
/**
 * The authorities that are trusted: those of the file, or Sigstore's public instance.
 * @param text trusted_root.json, or several as JSON lines (`gh attestation trusted-root`)
 * @throws ConfigurationError
 */
function readTrustedRoots(text) {
    if (text === undefined)
        return [dist.TrustedRoot.fromJSON(readSeed())];
    const whole = (0,json/* parseJson */.qF)(Buffer.from(text));
    const documents = whole === undefined
        ? text
            .split(/\r?\n/)
            .filter((line) => line.trim() !== '')
            .map((line) => (0,json/* parseJson */.qF)(Buffer.from(line)))
        : [whole];
    return documents.map((document) => {
        const isRoot = /^application\/vnd\.dev\.sigstore\.trustedroot/.test((0,json/* asText */.e1)(document?.['mediaType']) ?? '');
        if (!isRoot) {
            throw new errors/* ConfigurationError */.j1('input `trusted-root`: the file is no Sigstore trusted root.', 'Give trusted_root.json, or what `gh attestation trusted-root` prints.');
        }
        return dist.TrustedRoot.fromJSON(document);
    });
}
function readSeed() {
    const targets = (0,json_json/* asObject */.eB)((0,json_json/* asObject */.eB)((0,json_json/* asObject */.eB)(seeds)[publicInstance])['targets']);
    return (0,json/* parseJson */.qF)(Buffer.from((0,json/* asText */.e1)(targets['trusted_root.json']) ?? '', 'base64'));
}

// EXTERNAL MODULE: ../node_modules/@sigstore/bundle/dist/index.js
var bundle_dist = __webpack_require__(3178);
// EXTERNAL MODULE: ../node_modules/@sigstore/verify/dist/index.js
var verify_dist = __webpack_require__(3665);
// EXTERNAL MODULE: ./src/signature/policy.ts
var policy = __webpack_require__(5920);
;// CONCATENATED MODULE: ./src/signature/verifier.ts







/** Verifies by a public key: the signature and what it is about. The transparency log is not asked: the key is the anchor. */
function verifyByKey(candidate, key, { image, predicate }) {
    if (candidate.kind === 'simple-signing') {
        const { payload, signature } = candidate.signature;
        const reason = reasonToRefusePayload(payload, image);
        if (reason !== undefined)
            return { kind: 'bad', reason };
        const isGood = isSigned(payload, key, Buffer.from(signature, 'base64'));
        return isGood ? { kind: 'good', signer: 'the given key' } : { kind: 'stranger', reason: 'another key signed it' };
    }
    return attempt(() => {
        const bundle = (0,bundle_dist/* bundleFromJSON */.vw)(candidate.bundle);
        const reason = reasonToRefuseBundle(bundle, image, predicate);
        if (reason !== undefined)
            return { kind: 'bad', reason };
        const isGood = (0,verify_dist/* toSignedEntity */.DC)(bundle).signature.verifySignature(key);
        return isGood ? { kind: 'good', signer: 'the given key' } : { kind: 'stranger', reason: 'another key signed it' };
    });
}
/** Verifies by certificate: chain, log, time, signature, what it is about, and who signed. */
function verifyByCertificate(candidate, roots, expected, { image, predicate }) {
    return attempt(() => {
        const json = candidate.kind === 'bundle' ? candidate.bundle : toBundle(candidate.signature);
        if (json === undefined)
            return { kind: 'bad', reason: 'it has no certificate with an entry in the transparency log' };
        const bundle = (0,bundle_dist/* bundleFromJSON */.vw)(json);
        const payload = candidate.kind === 'bundle' ? undefined : Buffer.from(candidate.signature.payload);
        const reason = payload === undefined ? reasonToRefuseBundle(bundle, image, predicate) : reasonToRefusePayload(payload, image);
        if (reason !== undefined)
            return { kind: 'bad', reason };
        if (bundle.verificationMaterial.content.$case === 'publicKey') {
            return { kind: 'bad', reason: 'it was made with a key, not with a certificate' };
        }
        const signer = identityOf(verifyWithAny(bundle, payload, roots));
        const refusal = (0,policy/* reasonToRefuseSigner */.I)(signer, expected);
        return refusal === undefined ? { kind: 'good', signer: signer.identity } : { kind: 'stranger', reason: refusal };
    });
}
function attempt(verify) {
    try {
        return verify();
    }
    catch (thrown) {
        return { kind: 'bad', reason: (0,errors/* describeThrown */.YI)(thrown) };
    }
}
/** What is signed must be a statement about this image: a bundle for any other bytes proves nothing of it. */
function reasonToRefuseBundle({ content }, image, predicate) {
    if (content.$case !== 'dsseEnvelope')
        return 'it signs bytes, not a statement about an image';
    const { payloadType, payload } = content.dsseEnvelope;
    return reasonToRefuseStatement(payloadType, payload, image, predicate);
}
/** Each root by its own rules: where an authority has no log, its timestamps must do (GitHub's private instance). */
function verifyWithAny(bundle, payload, roots) {
    const entity = (0,verify_dist/* toSignedEntity */.DC)(bundle, payload);
    let refusal;
    for (const root of roots) {
        const thresholds = {
            tlogThreshold: root.tlogs.length > 0 ? 1 : 0,
            ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
            timestampThreshold: 1,
        };
        try {
            return new verify_dist/* Verifier */.BL((0,verify_dist/* toTrustMaterial */.jO)(root), thresholds).verify(entity);
        }
        catch (thrown) {
            refusal ??= thrown;
        }
    }
    throw refusal;
}
/** Fulcio's extension "Source Repository URI" (sigstore/fulcio docs/oid-info.md). */
const sourceRepositoryOid = '1.3.6.1.4.1.57264.1.12';
function identityOf({ identity }) {
    const value = identity?.oids?.find(({ oid }) => oid?.id.join('.') === sourceRepositoryOid)?.value;
    return {
        identity: identity?.subjectAlternativeName ?? '',
        issuer: identity?.extensions?.issuer ?? '',
        sourceRepository: value === undefined ? undefined : readUtf8String(value),
    };
}
/** The text of a DER UTF8String; undefined for anything else. */
function readUtf8String(der) {
    const [tag, length = 0] = der;
    const start = length < 0x80 ? 2 : 2 + (length & 0x7f);
    const size = length < 0x80 ? length : der.readUIntBE(2, length & 0x7f);
    return tag === 0x0c && start + size === der.length ? der.toString('utf8', start) : undefined;
}
function isSigned(payload, key, signature) {
    try {
        // Ed25519 hashes by itself; ECDSA and RSA sign a SHA-256.
        if (key.asymmetricKeyType === 'ed25519')
            return (0,external_node_crypto_.verify)(null, payload, key, signature);
        return (0,external_node_crypto_.createVerify)('sha256').update(payload).verify(key, signature);
    }
    catch {
        return false;
    }
}

;// CONCATENATED MODULE: ./src/signature/signatures.ts






/** @throws ConfigurationError for a `trusted-root` that is none */
function openSignatureVerifier(options) {
    const { registry, policy, signal, timeoutMs } = options;
    const bounds = { signal, timeoutMs };
    const judge = openJudge(policy);
    const search = async (image, digest) => {
        const findings = [];
        for await (const candidate of candidatesOf(image, digest)) {
            const finding = judge(candidate, digest);
            if (finding.kind === 'good')
                return { signer: finding.signer, findings };
            findings.push({ kind: finding.kind, reason: `${candidate.from}: ${(0,failures/* cleanText */.X)(finding.reason)}` });
        }
        return { signer: undefined, findings };
    };
    async function* candidatesOf(image, digest) {
        if (policy.kind === 'github-attestation')
            yield* findGithubBundles(policy, digest, bounds, options.download);
        yield* findCandidates(registry, image, digest);
    }
    return {
        verify: async (image, digest, platformDigests) => {
            const whole = await search(image, digest);
            if (whole.signer !== undefined)
                return whole.signer;
            const others = platformDigests.filter((one) => one !== digest);
            const parts = [];
            for (const other of others)
                parts.push(await search(image, other));
            const signers = parts.map(({ signer }) => signer);
            const [first] = signers;
            if (first !== undefined && !signers.includes(undefined))
                return first;
            throw refuse(image, digest, policy, [whole, ...parts].flatMap(({ findings }) => findings));
        },
    };
}
function openJudge(policy) {
    if (policy.kind === 'cosign-key') {
        return (candidate, image) => verifyByKey(candidate, policy.key, { image, predicate: cosignSignPredicate });
    }
    const predicate = policy.kind === 'cosign-keyless' ? cosignSignPredicate : provenancePredicate;
    const roots = readTrustedRoots(policy.trustedRoot);
    return (candidate, image) => verifyByCertificate(candidate, roots, policy.signer, { image, predicate });
}
function refuse(image, digest, policy, findings) {
    const evidence = findings.map((finding) => (finding.kind === 'good' ? '' : finding.reason)).slice(0, 10);
    const subject = `${image.text} (${digest})`;
    if (findings.length === 0) {
        return (0,failures/* verifyError */.q)({
            code: 'SIGNATURE_MISSING',
            message: `${subject} has no signature of the kind \`verify: ${policy.kind}\`.`,
            hint: missingHints[policy.kind],
        });
    }
    const [stranger] = findings.filter((finding) => finding.kind === 'stranger');
    if (stranger !== undefined) {
        return (0,failures/* verifyError */.q)({
            code: 'IDENTITY_MISMATCH',
            message: `${subject} is signed, but not by whom it must be: ${stranger.reason}.`,
            hint: 'Somebody else built or signed it, or the expected signer is written wrongly. Do not deploy it before you know.',
            evidence,
        });
    }
    return (0,failures/* verifyError */.q)({
        code: 'SIGNATURE_INVALID',
        message: `${subject}: none of the ${findings.length} signatures found proves it: ${evidence[0] ?? ''}.`,
        hint: 'For images of private repositories give `trusted-root` (`gh attestation trusted-root`). Else do not deploy it before you know why.',
        evidence,
    });
}
const missingHints = {
    'github-attestation': 'Did the build run actions/attest-build-provenance for this digest? The job needs `attestations: read`, and `attestation-repo` must be the repository that built it.',
    'cosign-keyless': 'Did the build run `cosign sign` for this digest, and push the signature to this repository?',
    'cosign-key': 'Did the build run `cosign sign --key` for this digest, and push the signature to this repository?',
};


/***/ })

};
;