import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLab, type Lab, type LabServer } from '../../lab/src/index.ts';
import {
  createJob,
  type Job,
  type JobOptions,
  type LineListener,
  type StepResult,
} from '../../lab/src/runner/index.ts';

/** A project folder of its own on the lab's server, and jobs that deploy it. */
export interface Project {
  /** The lab with the project's own server as its `server`. */
  readonly lab: Lab;
  readonly path: string;
  readonly name: string;
  /** The jobs' checked-out repository on this machine. */
  readonly workspace: string;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  newJob(runId: string, runAttempt?: string, run?: RunFacts): Promise<Job>;
  /** One job with one rollout and its post step. */
  deploy(withInputs: Readonly<Record<string, string>>, run?: RunFacts, onLine?: LineListener): Promise<StepResult>;
  /** `name status` of every container of the project, sorted. */
  containers(): Promise<readonly Listed[]>;
  /** Lays the given compose file and an env file into the folder; default: one app that drains. */
  lay(compose?: string): Promise<void>;
  running(): Promise<readonly Listed[]>;
  /** `sha256:…` of the references that the running containers were created from. */
  runningDigests(): Promise<readonly string[]>;
  /** What a person would type in deploy-path: plain `docker compose up -d`. */
  upByHand(): Promise<void>;
  /** Removes containers, networks, volumes and the folder's content. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

/** What the run says of itself where a test needs more than the defaults: commit, run number, API. */
export type RunFacts = NonNullable<JobOptions['github']>;

export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly state: string;
  readonly image: string;
}

const drainingApp = `services:
  app:
    image: \${APP_IMAGE:-unset.example/app:0}
    env_file: app.env
    labels:
      deploy-actions.pre-stop: touch /tmp/drain
`;

let runs = 1000;

/**
 * On the lab's server; on the one with the newer Engine and Compose where LAB_ENGINE is `modern` (npm run test:matrix);
 * on the given one where a test brings its own.
 */
export async function makeProject(name: string, on?: LabServer): Promise<Project> {
  const opened = await openLab();
  const usual = process.env['LAB_ENGINE'] === 'modern' ? await opened.modernServer() : opened.server;
  const lab = { ...opened, server: on ?? usual };
  const path = `/srv/${name}`;
  const workspace = await mkdtemp(join(tmpdir(), `${name}-`));
  const { server } = lab;
  const write = async (file: string, text: string): Promise<void> => {
    const script = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chown -R deploy:deploy "$2"';
    await server.exec(['sh', '-c', script, 'sh', `${path}/${file}`, path], { stdin: text });
  };
  const newJob = (runId: string, runAttempt = '1', run: RunFacts = {}): Promise<Job> =>
    createJob({
      workspace,
      env: {
        DEPLOY_HOST: server.address,
        DEPLOY_PORT: String(server.port),
        DEPLOY_USER: server.user,
        DEPLOY_KNOWN_HOSTS: server.knownHosts,
        DEPLOY_PATH: path,
      },
      secrets: { DEPLOY_SSH_PRIVATE_KEY: server.privateKey },
      github: { repository: 'acme/api', runId, runAttempt, ...run },
    });
  const containers = async (): Promise<readonly Listed[]> => {
    const format = '{{.ID}}\t{{.Names}}\t{{.Label "com.docker.compose.service"}}\t{{.State}}\t{{.Image}}';
    const filter = `label=com.docker.compose.project=${name}`;
    const { stdout } = await server.docker(['ps', '-a', '--no-trunc', '--filter', filter, '--format', format]);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
      .map(([id = '', container = '', service = '', state = '', image = '']) => ({
        id,
        name: container,
        service,
        state,
        image,
      }))
      .sort((a, b) => a.name.localeCompare(b.name));
  };
  const running = async (): Promise<readonly Listed[]> =>
    (await containers()).filter(({ state }) => state === 'running');
  const remove = async (): Promise<void> => {
    const script = `ids=$(docker ps -aq --filter "label=com.docker.compose.project=$1"); [ -z "$ids" ] || docker rm -f $ids
      docker network ls -q --filter "label=com.docker.compose.project=$1" | xargs -r docker network rm
      docker volume ls -q --filter "label=com.docker.compose.project=$1" | xargs -r docker volume rm
      rm -rf "$2"`;
    await server.exec(['sh', '-c', script, 'sh', name, path]);
  };
  const makeFolder = async (): Promise<void> => {
    await server.exec(['sh', '-c', 'mkdir -p "$1" && chown deploy:deploy "$1"', 'sh', path]);
  };
  await makeFolder();
  return {
    lab,
    path,
    name,
    workspace,
    write,
    newJob,
    read: async (file) => (await server.exec(['cat', `${path}/${file}`], { allowFailure: true })).stdout,
    deploy: async (inputs, run, onLine) => {
      const job = await newJob(String(++runs), '1', run);
      const listening = onLine === undefined ? {} : { onLine };
      const result = await job.step({ uses: 'action-rolling-deploy', with: withKey(lab, inputs), ...listening });
      await job.finish();
      await job.dispose();
      return result;
    },
    containers,
    running,
    runningDigests: async () => {
      const ids = (await running()).map(({ id }) => id);
      const { stdout } = await server.docker(['inspect', '--format', '{{.Config.Image}}', ...ids]);
      return stdout
        .trim()
        .split('\n')
        .map((ref) => ref.slice(ref.indexOf('@') + 1));
    },
    lay: async (compose = drainingApp) => {
      await write('compose.yaml', compose);
      await write('app.env', 'GREETING=hello\n');
    },
    empty: async () => {
      await remove();
      await makeFolder();
    },
    upByHand: async () => {
      await server.exec(['sh', '-c', 'cd "$1" && docker compose up -d', 'sh', path], { timeoutMs: 300_000 });
    },
    remove: async () => {
      await remove();
      await rm(workspace, { recursive: true, force: true });
    },
  };
}

/** The private key as an input, as a workflow passes a secret. */
export function withKey(lab: Lab, inputs: Readonly<Record<string, string>>): Record<string, string> {
  return { 'ssh-private-key': lab.server.privateKey, ...inputs };
}

/** `app=…@sha256:…` of a release of the lab's app, from the registry that needs no login. */
export function appImage(lab: Lab, release: 'v1' | 'v2' | 'v3', name = 'app'): string {
  const { repository, [release]: published } = lab.images.app;
  return `${name}=${lab.reference('anonymous', repository, published.digest)}`;
}
