import type { Runner } from '../action/runner.ts';
import { parseApprovals, type Approval } from './approval.ts';
import { longestLists, readFileList, type FileList } from './changed-files.ts';
import { GithubError, githubError, type CallPurpose } from './error.ts';
import { openOctokit, type Octokit } from './octokit.ts';

export interface DeploymentRequest {
  /** Commit, branch or tag. */
  readonly ref: string;
  readonly environment: string;
  readonly description: string;
  /** Kept by GitHub with the deployment and readable by everyone who may read the repository: no secrets. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

export interface DeploymentStatus {
  readonly state: DeploymentState;
  readonly description: string;
  readonly environmentUrl?: string;
  readonly logUrl?: string;
}

/** Where a workflow run stands. */
export interface RunState {
  readonly isFinished: boolean;
  /** GitHub's word: `queued`, `in_progress`, `completed`, `waiting` … */
  readonly status: string;
  /** The newest attempt; an older one than this is over. */
  readonly attempt: number;
}

/** The door to GitHub's API. Every method rejects with a GithubError. */
export interface GithubClient {
  /** Needs `deployments: write`. Returns the id of the new deployment. */
  createDeployment(request: DeploymentRequest): Promise<number>;
  /** Needs `deployments: write`. */
  setDeploymentStatus(deploymentId: number, status: DeploymentStatus): Promise<void>;
  /** Who approved or rejected a run's environments. Needs `actions: read`. */
  listApprovals(runId: number): Promise<readonly Approval[]>;
  /** Whether a run still goes on. Needs `actions: read`. */
  getRunState(runId: number): Promise<RunState>;
  /** Where `head` stands as seen from `base`, in the commits' history. Needs `contents: read`. */
  compareCommits(base: string, head: string): Promise<CommitComparison>;
  /** The files that a pull request changes. Needs `pull-requests: read`. */
  listPullRequestFiles(number: number): Promise<FileList>;
  /** The files that differ between two commits of one history. Needs `contents: read`. */
  listComparedFiles(base: string, head: string): Promise<FileList>;
}

/** `behind`: head is an ancestor of base. `diverged`: neither contains the other. */
export type CommitComparison = 'identical' | 'ahead' | 'behind' | 'diverged';

export interface GithubClientOptions {
  readonly token: string;
  /** `owner/name` */
  readonly repository: string;
  /** `https://api.github.com`, or GHES' `https://<host>/api/v3`. */
  readonly apiUrl: string;
  /** Bounds every call together with `timeoutMs` (default 10 s). */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** The client of this run's repository, from the runner's environment; undefined outside GitHub Actions. */
export function githubClientOf(
  runner: Runner,
  token: string,
  signal: AbortSignal,
  timeoutMs?: number,
): GithubClient | undefined {
  const repository = runner.env('GITHUB_REPOSITORY');
  if (repository === undefined) return undefined;
  const apiUrl = runner.env('GITHUB_API_URL') ?? 'https://api.github.com';
  return githubClient({ token, repository, signal, apiUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}

/** The real client, through @actions/github. */
export function githubClient(options: GithubClientOptions): GithubClient {
  const call = caller(options);
  const [owner = '', repo = ''] = options.repository.split('/');

  return {
    createDeployment: (request) =>
      call({ what: 'create a deployment', permission: 'deployments: write' }, async (octokit, bounds) => {
        const { data } = await octokit.rest.repos.createDeployment({
          owner,
          repo,
          ...request,
          // What is deployed was decided by the workflow; GitHub must neither merge nor wait for checks first.
          auto_merge: false,
          required_contexts: [],
          payload: { ...request.payload },
          request: bounds,
        });
        if ('id' in data) return data.id;
        throw new GithubError({
          code: 'GITHUB_REQUEST_FAILED',
          message: `GitHub: created no deployment of ${request.ref}: ${data.message ?? 'it gave no reason'}.`,
        });
      }),
    setDeploymentStatus: (deploymentId, status) =>
      call({ what: 'set the status of the deployment', permission: 'deployments: write' }, async (octokit, bounds) => {
        await octokit.rest.repos.createDeploymentStatus({
          owner,
          repo,
          deployment_id: deploymentId,
          state: status.state,
          description: status.description,
          ...(status.environmentUrl === undefined ? {} : { environment_url: status.environmentUrl }),
          ...(status.logUrl === undefined ? {} : { log_url: status.logUrl }),
          request: bounds,
        });
      }),
    ...readCalls(owner, repo, call),
    ...fileCalls(owner, repo, call),
  };
}

/** The calls that change nothing. */
function readCalls(
  owner: string,
  repo: string,
  call: Call,
): Pick<GithubClient, 'listApprovals' | 'getRunState' | 'compareCommits'> {
  return {
    listApprovals: (runId) =>
      call({ what: 'list who approved this run', permission: 'actions: read' }, async (octokit, bounds) => {
        const answer = await octokit.rest.actions.getReviewsForRun({ owner, repo, run_id: runId, request: bounds });
        return parseApprovals(answer.data);
      }),
    getRunState: (runId) =>
      call({ what: 'look up a workflow run', permission: 'actions: read' }, async (octokit, bounds) => {
        const { data } = await octokit.rest.actions.getWorkflowRun({ owner, repo, run_id: runId, request: bounds });
        const status = data.status ?? 'unknown';
        return { isFinished: status === 'completed', status, attempt: data.run_attempt ?? 1 };
      }),
    compareCommits: (base, head) =>
      call({ what: 'compare two commits', permission: 'contents: read' }, async (octokit, bounds) => {
        // One commit a page: only the status is wanted, not the commits and files between the two.
        const basehead = `${base}...${head}`;
        const answer = await octokit.rest.repos.compareCommitsWithBasehead({
          owner,
          repo,
          basehead,
          per_page: 1,
          request: bounds,
        });
        return answer.data.status;
      }),
  };
}

/** The calls that list changed files. */
function fileCalls(
  owner: string,
  repo: string,
  call: Call,
): Pick<GithubClient, 'listPullRequestFiles' | 'listComparedFiles'> {
  return {
    listPullRequestFiles: (number) =>
      call(
        { what: 'list the files of the pull request', permission: 'pull-requests: read' },
        async (octokit, bounds) => {
          const where = { owner, repo, pull_number: number, per_page: 100, request: bounds };
          return readFileList(await octokit.paginate(octokit.rest.pulls.listFiles, where), longestLists.pullRequest);
        },
      ),
    listComparedFiles: (base, head) =>
      call({ what: 'list the files between two commits', permission: 'contents: read' }, async (octokit, bounds) => {
        // All files are on the first page, whatever its size; the pages are of commits.
        const { data } = await octokit.rest.repos.compareCommitsWithBasehead({
          owner,
          repo,
          basehead: `${base}...${head}`,
          per_page: 1,
          request: bounds,
        });
        return readFileList(data.files ?? [], longestLists.comparison);
      }),
  };
}

type Call = <T>(
  purpose: CallPurpose,
  send: (octokit: Octokit, bounds: { readonly signal: AbortSignal }) => Promise<T>,
) => Promise<T>;

/** Bounds each call in time and turns what it throws into a GithubError. */
function caller({ token, apiUrl, signal, timeoutMs = 10_000 }: GithubClientOptions): Call {
  let loading: Promise<Octokit> | undefined;
  return async (purpose, send) => {
    // Not within the bounds: it is this machine that takes the time.
    loading ??= openOctokit(token, apiUrl);
    const octokit = await loading;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await send(octokit, { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    } catch (thrown) {
      signal?.throwIfAborted();
      throw thrown instanceof GithubError ? thrown : githubError(purpose, thrown);
    }
  };
}
