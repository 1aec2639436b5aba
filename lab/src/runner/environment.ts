import type { Value } from './expression.ts';

/** What the runner knows of the run; every field has a default. */
export interface GithubFacts {
  readonly repository: string;
  readonly runId: string;
  readonly runNumber: string;
  readonly runAttempt: string;
  readonly job: string;
  readonly workflow: string;
  readonly sha: string;
  readonly ref: string;
  readonly actor: string;
  readonly eventName: string;
  readonly event: Value;
  readonly serverUrl: string;
  /** Default: a loopback port where nothing listens, so that no test reaches GitHub by accident. */
  readonly apiUrl: string;
  /** `github.token`; masked. */
  readonly token: string;
}

/** Folders of one job. All are made for it and removed by `dispose`, save the workspace. */
export interface JobPaths {
  readonly base: string;
  readonly workspace: string;
  readonly home: string;
  readonly temp: string;
  readonly toolCache: string;
  readonly commandFiles: string;
  readonly eventFile: string;
}

let jobsStarted = 0;

/** Facts of a new run: run ids differ between jobs of one process and between processes. */
export function defaultFacts(): GithubFacts {
  jobsStarted += 1;
  const runId = String(process.pid * 1000 + jobsStarted);
  return {
    repository: 'acme/api',
    runId,
    runNumber: '1',
    runAttempt: '1',
    job: 'deploy',
    workflow: 'deploy-api',
    sha: '0'.repeat(40),
    ref: 'refs/heads/main',
    actor: 'octocat',
    eventName: 'workflow_dispatch',
    event: {},
    serverUrl: 'https://github.com',
    apiUrl: 'http://127.0.0.1:9',
    token: '',
  };
}

function ownerOf(repository: string): string {
  return repository.split('/')[0] ?? repository;
}

function refName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, '');
}

/** The variables that the runner sets for every step, save the command files. */
export function runnerVariables(facts: GithubFacts, paths: JobPaths): Readonly<Record<string, string>> {
  const workflowRef = `${facts.repository}/.github/workflows/${facts.workflow}.yml@${facts.ref}`;
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: facts.actor,
    GITHUB_TRIGGERING_ACTOR: facts.actor,
    GITHUB_API_URL: facts.apiUrl,
    GITHUB_GRAPHQL_URL: `${facts.apiUrl}/graphql`,
    GITHUB_SERVER_URL: facts.serverUrl,
    GITHUB_EVENT_NAME: facts.eventName,
    GITHUB_EVENT_PATH: paths.eventFile,
    GITHUB_JOB: facts.job,
    GITHUB_REF: facts.ref,
    GITHUB_REF_NAME: refName(facts.ref),
    GITHUB_REF_TYPE: facts.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    GITHUB_REF_PROTECTED: 'false',
    GITHUB_BASE_REF: '',
    GITHUB_HEAD_REF: '',
    GITHUB_REPOSITORY: facts.repository,
    GITHUB_REPOSITORY_OWNER: ownerOf(facts.repository),
    GITHUB_REPOSITORY_ID: '1001',
    GITHUB_REPOSITORY_OWNER_ID: '1000',
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ATTEMPT: facts.runAttempt,
    GITHUB_RUN_ID: facts.runId,
    GITHUB_RUN_NUMBER: facts.runNumber,
    GITHUB_SHA: facts.sha,
    GITHUB_WORKFLOW: facts.workflow,
    GITHUB_WORKFLOW_REF: workflowRef,
    GITHUB_WORKFLOW_SHA: facts.sha,
    GITHUB_WORKSPACE: paths.workspace,
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_ENVIRONMENT: 'self-hosted',
    RUNNER_NAME: 'lab-runner',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: paths.temp,
    RUNNER_TOOL_CACHE: paths.toolCache,
    RUNNER_WORKSPACE: paths.base,
  };
}

/** The `github` context of expressions. */
export function githubContext(facts: GithubFacts, workspace: string): Readonly<Record<string, Value>> {
  return {
    token: facts.token,
    repository: facts.repository,
    repository_owner: ownerOf(facts.repository),
    run_id: facts.runId,
    run_number: facts.runNumber,
    run_attempt: facts.runAttempt,
    job: facts.job,
    workflow: facts.workflow,
    sha: facts.sha,
    ref: facts.ref,
    ref_name: refName(facts.ref),
    actor: facts.actor,
    triggering_actor: facts.actor,
    event_name: facts.eventName,
    event: facts.event,
    server_url: facts.serverUrl,
    api_url: facts.apiUrl,
    workspace,
  };
}

/** `INPUT_<NAME>`: upper case, spaces to underscores, hyphens kept (actions/runner Handler.cs). */
export function inputVariables(inputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

/** `STATE_<name>`: the name as saved. */
export function stateVariables(state: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...state].map(([name, value]) => [`STATE_${name}`, value]));
}
