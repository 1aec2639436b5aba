import { githubError } from './error.ts';
import { openOctokit } from './octokit.ts';

export interface AttestationRequest {
  readonly token: string;
  /** `owner/name` whose workflow made them. */
  readonly repository: string;
  /** `https://api.github.com` */
  readonly apiUrl: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** One attestation: the Sigstore bundle itself, unverified, or where it is kept. GitHub gives one or the other. */
export interface Attestation {
  readonly bundle: Readonly<Record<string, unknown>> | undefined;
  /** Signed for one read. Holds the bundle as JSON, packed with Snappy. */
  readonly url: string | undefined;
}

/**
 * What GitHub keeps for a digest; nothing when it keeps nothing, or hides it (it answers 404 for both).
 * Needs `attestations: read`.
 * @throws GithubError
 */
export async function listAttestations(
  request: AttestationRequest,
  subjectDigest: string,
): Promise<readonly Attestation[]> {
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
      bundle: typeof bundle === 'object' && (bundle as unknown) !== null ? { ...bundle } : undefined,
      url,
    }));
  } catch (thrown) {
    signal.throwIfAborted();
    if (typeof thrown === 'object' && thrown !== null && 'status' in thrown && thrown.status === 404) return [];
    throw githubError({ what: 'list the attestations of an image', permission: 'attestations: read' }, thrown);
  }
}
