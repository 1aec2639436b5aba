import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLab, type Lab } from '../../lab/src/index.ts';
import { createJob, type Job, type StepOptions, type StepResult } from '../../lab/src/runner/index.ts';

/** A Compose project of its own on the lab's server, and gates that ask it. */
export interface Project {
  readonly lab: Lab;
  readonly path: string;
  /** Writes compose.yaml and starts it. */
  start(composeFile: string): Promise<void>;
  /** Adds a container of another release to the service, as an interrupted rollout leaves it. */
  addContainer(release: 'v1' | 'v2'): Promise<string>;
  /** Runs a container of v1 as a service of its own, with further options of `docker run`. */
  runService(service: string, options: readonly string[], command?: readonly string[]): Promise<string>;
  removeContainer(id: string): Promise<void>;
  newJob(env?: Readonly<Record<string, string>>, runId?: string): Promise<Job>;
  /** One job with one gate; the SSH inputs are given. */
  gate(
    inputs: Readonly<Record<string, string>>,
    env?: Readonly<Record<string, string>>,
    runId?: string,
    onLine?: StepOptions['onLine'],
  ): Promise<StepResult>;
  remove(): Promise<void>;
}

export async function makeProject(name: string): Promise<Project> {
  const lab = await openLab();
  const { server } = lab;
  const path = `/srv/${name}`;
  const workspace = await mkdtemp(join(tmpdir(), `${name}-`));
  const shell = (script: string, ...args: readonly string[]) => server.exec(['sh', '-c', script, 'sh', ...args]);
  const run = async (
    service: string,
    release: 'v1' | 'v2',
    options: readonly string[],
    command: readonly string[] = [],
  ): Promise<string> => {
    const image = lab.reference('anonymous', lab.images.app.repository, lab.images.app[release].sha);
    const labels = [`project=${name}`, `service=${service}`, 'oneoff=False'].flatMap((label) => [
      '--label',
      `com.docker.compose.${label}`,
    ]);
    const { stdout } = await server.docker([
      'run',
      '-d',
      '--network',
      `${name}_default`,
      ...labels,
      ...options,
      image,
      ...command,
    ]);
    return stdout.trim();
  };
  const newJob: Project['newJob'] = (env = {}, runId = '1') =>
    createJob({
      workspace,
      env: {
        DEPLOY_HOST: server.address,
        DEPLOY_PORT: String(server.port),
        DEPLOY_USER: server.user,
        DEPLOY_KNOWN_HOSTS: server.knownHosts,
        DEPLOY_PATH: path,
        ...env,
      },
      secrets: { DEPLOY_SSH_PRIVATE_KEY: server.privateKey },
      github: { repository: 'acme/api', runId },
      // A runner would give a cancelled step 7.5 s and 2.5 s; how fast this machine is today is not what is tested.
      cancelTimes: { interruptMs: 60_000, terminateMs: 10_000 },
    });
  return {
    lab,
    path,
    newJob,
    start: async (composeFile) => {
      await server.exec(['sh', '-c', 'mkdir -p "$1" && cat > "$1/compose.yaml"', 'sh', path], { stdin: composeFile });
      await shell('cd "$1" && docker compose up -d --quiet-pull && chown -R deploy:deploy "$1"', path);
    },
    addContainer: (release) => run('app', release, []),
    runService: (service, options, command) => run(service, 'v1', options, command),
    removeContainer: async (id) => {
      await server.docker(['rm', '-f', id]);
    },
    gate: async (inputs, env = {}, runId = '1', onLine) => {
      const job = await newJob(env, runId);
      const step = await job.step({
        uses: 'action-health-gate',
        // A gate that turns green ends early; on a slow machine it takes its time.
        with: { 'ssh-private-key': server.privateKey, interval: '300ms', deadline: '3m', ...inputs },
        ...(onLine === undefined ? {} : { onLine }),
      });
      await job.finish();
      return step;
    },
    remove: async () => {
      await shell(
        `docker ps -aq --filter "label=com.docker.compose.project=$1" | xargs -r docker rm -f
         docker network ls -q --filter "label=com.docker.compose.project=$1" | xargs -r docker network rm
         rm -rf "$2"`,
        name,
        path,
      );
      await rm(workspace, { recursive: true, force: true });
    },
  };
}
