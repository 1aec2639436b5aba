import { getOctokit } from '@actions/github';
import { githubError } from './error.ts';

export interface AttestationRequest {
  readonly token: string;
  /** `owner/name` whose workflow made them. */
  readonly repository: string;
  /** `https://api.github.com` */
  readonly apiUrl: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * The Sigstore bundles that GitHub keeps for a digest; none when it keeps none, or hides them (it answers 404 for both).
 * Needs `attestations: read`.
 * @returns JSON objects, unverified
 * @throws GithubError
 */
export async function listAttestations(
  request: AttestationRequest,
  subjectDigest: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { token, repository, apiUrl, signal, timeoutMs } = request;
  const [owner = '', repo = ''] = repository.split('/');
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const octokit = getOctokit(token, { baseUrl: apiUrl, userAgent: 'deploy-actions', log });
  try {
    const { data } = await octokit.rest.repos.listAttestations({
      owner,
      repo,
      subject_digest: subjectDigest,
      per_page: 100,
      request: { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
    });
    return (data.attestations ?? []).flatMap(({ bundle }) => (bundle === undefined ? [] : [{ ...bundle }]));
  } catch (thrown) {
    signal.throwIfAborted();
    if (typeof thrown === 'object' && thrown !== null && 'status' in thrown && thrown.status === 404) return [];
    throw githubError({ what: 'list the attestations of an image', permission: 'attestations: read' }, thrown);
  }
}

function ignore(): void {
  // Octokit's own log goes nowhere.
}
