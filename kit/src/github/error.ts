import { DeployError } from '../action/errors.ts';

/** What a failed call of GitHub's API is called in `error-code`. */
export type GithubErrorCode =
  /** 403, or 404 where GitHub hides what a token may not see: the token lacks a permission. */
  | 'GITHUB_FORBIDDEN'
  /** 401: not a valid token, or an expired one. */
  | 'GITHUB_TOKEN_REJECTED'
  /** Any other answer that is not a success. */
  | 'GITHUB_REQUEST_FAILED'
  /** No answer: name lookup, connection, TLS, or time. */
  | 'GITHUB_UNREACHABLE';

export class GithubError extends DeployError<GithubErrorCode> {}

/** What a call was for, and the permission of the job that it needs (`deployments: write`). */
export interface CallPurpose {
  readonly what: string;
  readonly permission: string;
}

/** The error of a call from what Octokit threw: an answer has a status, anything else is no answer. Pure. */
export function githubError(purpose: CallPurpose, thrown: unknown): GithubError {
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

function hasResponse(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'response' in thrown && thrown.response !== undefined;
}

function readNumber(thrown: unknown, name: string): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const value = (thrown as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'number' ? value : undefined;
}
