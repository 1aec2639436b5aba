import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureAct, runAct, type ActResult } from '../../lab/src/act/index.ts';
import { openWebhookCatcher, type Lab, type WebhookCatcher } from '../../lab/src/index.ts';
import { mapActions } from './action-map.ts';
import { openProject, type Project } from './project.ts';
import { openRepository, type Repository } from './repository.ts';

type Texts = Readonly<Record<string, string>>;

/** What a team has when it has followed an example's README. */
export interface TeamOptions {
  /** Folder below examples/. */
  readonly example: string;
  /** Of the Compose project, and of its folder below /srv. */
  readonly name: string;
  /** The env file that people write on the server once. */
  readonly envFile: readonly string[];
  readonly vars: Texts;
  readonly secrets: Texts;
  /** Name of the secret that is the team's webhook; default SLACK_WEBHOOK. */
  readonly chatSecret?: string;
  /**
   * The runner has Docker, for a workflow that builds images: the engine of the lab's server. The run's own actor and
   * token may push, as they may on GHCR.
   */
  readonly hasDocker?: boolean;
}

/** How one run differs from the team's settings. */
export interface RunChanges {
  readonly vars?: Texts;
  readonly secrets?: Texts;
  readonly job?: string;
  readonly env?: Texts;
  /** The commit that the run is started on. Default: the tip of main. */
  readonly sha?: string;
  readonly signal?: AbortSignal;
}

export interface Team extends AsyncDisposable {
  readonly repository: Repository;
  readonly project: Project;
  /** The chat service behind `chatSecret`. */
  readonly chat: WebhookCatcher;
  /** All runs so far, for the look at leaks at the end. */
  readonly runs: readonly ActResult[];
  /** A person starts the workflow by hand. */
  dispatch(workflow: string, inputs: Texts, changes?: RunChanges): Promise<ActResult>;
  /** A commit arrives on main. */
  push(workflow: string, sha: string, changes?: RunChanges): Promise<ActResult>;
  /** Releases in `.deploy/releases`, oldest first; of the team's own folder, or of another environment's. */
  readLedger(deployPath?: string): Promise<readonly LedgerEntry[]>;
  /** Text of a file below the deploy path; undefined where there is none. */
  readServerFile(path: string): Promise<string | undefined>;
}

/** What the tests look at in a release of the ledger. */
export interface LedgerEntry {
  readonly text: string;
  readonly result: string;
}

/** Makes the repository with its first commit, and on the server the folder with its env file. */
export async function openTeam(lab: Lab, options: TeamOptions): Promise<Team> {
  const act = await ensureAct();
  const repository = openRepository(options.example);
  const project = openProject(lab, options.name);
  // What a killed run left behind.
  await project.remove();
  await writeEnvFile(lab, project.deployPath, options.envFile);
  const chat = await openWebhookCatcher();
  const docker = options.hasDocker === true ? openDocker(lab) : undefined;
  const runs: ActResult[] = [];
  const run = async (workflow: string, event: TeamEvent, changes: RunChanges = {}): Promise<ActResult> => {
    const path = `.github/workflows/${workflow}`;
    const result = await runAct({
      act,
      repository: repository.folder,
      workflow: path,
      eventName: event.name,
      event: event.payload,
      actions: mapActions(repository.readText(path), publishedFolder(lab)),
      vars: { ...serverVars(lab, project.deployPath), ...options.vars, ...changes.vars },
      secrets: {
        ...serverSecrets(lab),
        [options.chatSecret ?? 'SLACK_WEBHOOK']: chat.url,
        ...options.secrets,
        ...changes.secrets,
      },
      ...(docker === undefined ? {} : { token: docker.token }),
      env: {
        GITHUB_REPOSITORY: `acme/${options.example}`,
        // Nothing listens there: no test asks GitHub by accident.
        GITHUB_API_URL: 'http://127.0.0.1:9',
        LAB_ORIGIN: repository.folder,
        ...docker?.env,
        ...changes.env,
      },
      ...(docker === undefined ? {} : { path: docker.path }),
      ...(changes.job === undefined ? {} : { job: changes.job }),
      ...(changes.signal === undefined ? {} : { signal: changes.signal }),
    });
    runs.push(result);
    return result;
  };
  const readServerFile = async (path: string): Promise<string | undefined> => {
    const read = await lab.server.exec(['cat', `${project.deployPath}/${path}`], { allowFailure: true });
    return read.exitCode === 0 ? read.stdout : undefined;
  };
  return {
    repository,
    project,
    chat,
    runs,
    dispatch: (workflow, inputs, changes) => run(workflow, dispatchEvent(inputs, changes?.sha), changes),
    push: (workflow, sha, changes) => run(workflow, pushEvent(sha), changes),
    readLedger: (deployPath = project.deployPath) => readLedger(lab, deployPath),
    readServerFile,
    [Symbol.asyncDispose]: async () => {
      await chat.close();
      await project.remove();
      docker?.remove();
      repository.remove();
    },
  };
}

interface RunnerDocker {
  readonly env: Texts;
  readonly token: string;
  readonly path: readonly string[];
  remove(): void;
}

/** Its logins are in a folder of its own. */
function openDocker(lab: Lab): RunnerDocker {
  const config = mkdtempSync(join(tmpdir(), 'docker-config-'));
  const { username = '', password = '' } = lab.registry.bearer;
  return {
    env: { DOCKER_HOST: lab.local.dockerHost, DOCKER_CONFIG: config, GITHUB_ACTOR: username },
    token: password,
    path: [lab.local.bin, '/usr/local/bin', '/usr/bin', '/bin'],
    remove: () => {
      rmSync(config, { recursive: true, force: true });
    },
  };
}

/** Where examples-setup.ts puts what is published; scripts/mutate-examples.ts has some with a feature taken out. */
export function publishedFolder(lab: Pick<Lab, 'root'>): string {
  return process.env['EXAMPLE_ACTIONS'] ?? join(lab.root, 'published');
}

interface TeamEvent {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** `deleted` is what makes act take `after` for the commit, of a dispatch too. */
function dispatchEvent(inputs: Texts, sha: string | undefined): TeamEvent {
  const commit = sha === undefined ? {} : { after: sha, deleted: false };
  return { name: 'workflow_dispatch', payload: { inputs, ref: 'refs/heads/main', ...commit } };
}

function pushEvent(sha: string): TeamEvent {
  return { name: 'push', payload: { ref: 'refs/heads/main', after: sha, deleted: false } };
}

/** Host and user are variables in some examples and secrets in others. */
function serverVars(lab: Lab, deployPath: string): Texts {
  const { address, user, knownHosts } = lab.server;
  return { DEPLOY_HOST: address, DEPLOY_USER: user, DEPLOY_PATH: deployPath, DEPLOY_KNOWN_HOSTS: knownHosts };
}

function serverSecrets(lab: Lab): Texts {
  const { readOnlyUsername = '', readOnlyPassword = '' } = lab.registry.bearer;
  return {
    DEPLOY_HOST: lab.server.address,
    DEPLOY_USER: lab.server.user,
    DEPLOY_SSH_PRIVATE_KEY: lab.server.privateKey,
    GHCR_USERNAME: readOnlyUsername,
    GHCR_TOKEN: readOnlyPassword,
    REGISTRY_USERNAME: readOnlyUsername,
    REGISTRY_PASSWORD: readOnlyPassword,
  };
}

/** What people write on the server once: the folder and its env file. */
export async function writeEnvFile(lab: Lab, deployPath: string, lines: readonly string[]): Promise<void> {
  const { user } = lab.server;
  await lab.server.exec(['install', '-d', '-o', user, '-g', user, deployPath]);
  const file = `${deployPath}/.env`;
  await lab.server.exec(['install', '-m', '600', '-o', user, '-g', user, '/dev/null', file]);
  await lab.server.exec(['tee', file], { stdin: `${lines.join('\n')}\n` });
}

async function readLedger(lab: Lab, deployPath: string): Promise<readonly LedgerEntry[]> {
  const folder = `${deployPath}/.deploy/releases`;
  const { stdout } = await lab.server.exec(['ls', '-1v', folder], { allowFailure: true });
  const names = stdout.split('\n').filter((name) => /^\d+\.json$/.test(name));
  return Promise.all(
    names.map(async (name) => {
      const { stdout: text } = await lab.server.exec(['cat', `${folder}/${name}`]);
      const parsed: unknown = JSON.parse(text);
      const result = typeof parsed === 'object' && parsed !== null && 'result' in parsed ? String(parsed.result) : '';
      return { text, result };
    }),
  );
}
