import type { Digest } from '@deploy-actions/kit/image/digest';
import type { ImageRef } from '@deploy-actions/kit/image/image-ref';

import { cleanText, verifyError, type VerifyError } from '../failures.ts';
import type { Registry } from '../registry/registry.ts';
import type { Download } from '../registry/transfer.ts';
import { findCandidates, type Candidate } from './candidates.ts';
import { findGithubBundles } from './github-bundles.ts';
import type { DemandingPolicy } from './policy.ts';
import { cosignSignPredicate, provenancePredicate } from './statement.ts';
import { readTrustedRoots } from './trusted-root.ts';
import { verifyByCertificate, verifyByKey, type Finding } from './verifier.ts';

/** Proves who signed an image. Loaded only where a signature is asked for: it carries the Sigstore libraries. */
export interface SignatureVerifier {
  /**
   * @param digests those of which one signature is enough: the image's; then, all together, its platforms'
   * @returns who signed
   * @throws DeployError SIGNATURE_MISSING, SIGNATURE_INVALID, IDENTITY_MISMATCH, and those of registry and GitHub
   */
  verify(image: ImageRef, digest: Digest, platformDigests: readonly Digest[]): Promise<string>;
}

export interface SignatureOptions {
  readonly registry: Registry;
  readonly policy: DemandingPolicy;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly download: Download;
}

/** @throws ConfigurationError for a `trusted-root` that is none */
export function openSignatureVerifier(options: SignatureOptions): SignatureVerifier {
  const { registry, policy, signal, timeoutMs } = options;
  const bounds = { signal, timeoutMs };
  const judge = openJudge(policy);
  const search = async (image: ImageRef, digest: Digest): Promise<Search> => {
    const findings: Finding[] = [];
    for await (const candidate of candidatesOf(image, digest)) {
      const finding = judge(candidate, digest);
      if (finding.kind === 'good') return { signer: finding.signer, findings };
      findings.push({ kind: finding.kind, reason: `${candidate.from}: ${cleanText(finding.reason)}` });
    }
    return { signer: undefined, findings };
  };
  async function* candidatesOf(image: ImageRef, digest: Digest): AsyncGenerator<Candidate> {
    if (policy.kind === 'github-attestation') yield* findGithubBundles(policy, digest, bounds, options.download);
    yield* findCandidates(registry, image, digest);
  }
  return {
    verify: async (image, digest, platformDigests) => {
      const whole = await search(image, digest);
      if (whole.signer !== undefined) return whole.signer;
      const others = platformDigests.filter((one) => one !== digest);
      const parts: Search[] = [];
      for (const other of others) parts.push(await search(image, other));
      const signers = parts.map(({ signer }) => signer);
      const [first] = signers;
      if (first !== undefined && !signers.includes(undefined)) return first;
      throw refuse(
        image,
        digest,
        policy,
        [whole, ...parts].flatMap(({ findings }) => findings),
      );
    },
  };
}

interface Search {
  readonly signer: string | undefined;
  /** Of what was not good. */
  readonly findings: readonly Finding[];
}

function openJudge(policy: DemandingPolicy): (candidate: Candidate, image: Digest) => Finding {
  if (policy.kind === 'cosign-key') {
    return (candidate, image) => verifyByKey(candidate, policy.key, { image, predicate: cosignSignPredicate });
  }
  const predicate = policy.kind === 'cosign-keyless' ? cosignSignPredicate : provenancePredicate;
  const roots = readTrustedRoots(policy.trustedRoot);
  return (candidate, image) => verifyByCertificate(candidate, roots, policy.signer, { image, predicate });
}

function refuse(image: ImageRef, digest: Digest, policy: DemandingPolicy, findings: readonly Finding[]): VerifyError {
  const evidence = findings.map((finding) => (finding.kind === 'good' ? '' : finding.reason)).slice(0, 10);
  const subject = `${image.text} (${digest})`;
  if (findings.length === 0) {
    return verifyError({
      code: 'SIGNATURE_MISSING',
      message: `${subject} has no signature of the kind \`verify: ${policy.kind}\`.`,
      hint: missingHints[policy.kind],
    });
  }
  const [stranger] = findings.filter((finding) => finding.kind === 'stranger');
  if (stranger !== undefined) {
    return verifyError({
      code: 'IDENTITY_MISMATCH',
      message: `${subject} is signed, but not by whom it must be: ${stranger.reason}.`,
      hint: 'Somebody else built or signed it, or the expected signer is written wrongly. Do not deploy it before you know.',
      evidence,
    });
  }
  return verifyError({
    code: 'SIGNATURE_INVALID',
    message: `${subject}: none of the ${findings.length} signatures found proves it: ${evidence[0] ?? ''}.`,
    hint: 'For images of private repositories give `trusted-root` (`gh attestation trusted-root`). Else do not deploy it before you know why.',
    evidence,
  });
}

const missingHints: Readonly<Record<DemandingPolicy['kind'], string>> = {
  'github-attestation':
    'Did the build run actions/attest-build-provenance for this digest? The job needs `attestations: read`, and `attestation-repo` must be the repository that built it.',
  'cosign-keyless': 'Did the build run `cosign sign` for this digest, and push the signature to this repository?',
  'cosign-key': 'Did the build run `cosign sign --key` for this digest, and push the signature to this repository?',
};
