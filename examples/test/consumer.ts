import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../lab/src/index.ts';
import { runWorkflowJob, type JobResult } from '../../lab/src/runner/index.ts';
import { openProject } from './project.ts';

const example = join(import.meta.dirname, '../promote-by-sha');

/** What a team would set in the environment on GitHub, and one run's differences from it. */
export interface RunOptions {
  readonly imageTag: string;
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** A team's copy of the example, deployed to a folder of its own on the lab's server. */
export interface Consumer extends AsyncDisposable {
  readonly repository: string;
  readonly deployPath: string;
  /** Runs the job of deploy-api.yml, as a dispatch on GitHub would. */
  deploy(options: RunOptions): Promise<JobResult>;
  /** The commits that the project's api containers say they run. */
  readServed(): Promise<readonly string[]>;
  /** Ids of all containers of the project, one-offs and stopped ones included. */
  listContainers(): Promise<readonly string[]>;
  /** Text of a file below deploy-path; undefined when it is not there. */
  readServerFile(path: string): Promise<string | undefined>;
}

/** Makes the copy, and on the server the folder with the env file that people write there once. */
export async function openConsumer(lab: Lab, name: string): Promise<Consumer> {
  const repository = mkdtempSync(join(tmpdir(), 'promote-by-sha-'));
  cpSync(example, repository, { recursive: true });
  const workflow = allowLabRegistry(repository, lab);
  const deployPath = `/srv/${name}`;
  const project = openProject(lab, name);
  // What a killed run left behind.
  await project.remove();
  await writeEnvFile(lab, deployPath);
  return {
    repository,
    deployPath,
    deploy: ({ imageTag, vars, secrets }) =>
      runWorkflowJob({
        file: workflow,
        workspace: repository,
        inputs: { environment: 'staging', image_tag: imageTag },
        vars: { ...defaultVars(lab, deployPath), ...vars },
        secrets: { ...defaultSecrets(lab), ...secrets },
      }),
    listContainers: () => project.listContainers(),
    readServed: async () => {
      const ids = await project.listContainers('api');
      return Promise.all(ids.map((id) => askContainer(lab, id)));
    },
    readServerFile: async (path) => {
      const result = await lab.server.exec(['cat', `${deployPath}/${path}`], { allowFailure: true });
      return result.exitCode === 0 ? result.stdout : undefined;
    },
    [Symbol.asyncDispose]: async () => {
      await project.remove();
      rmSync(repository, { recursive: true, force: true });
    },
  };
}

/** The lab's registries have no TLS. A team's has, so the example does not say this; everything else runs as written. */
function allowLabRegistry(repository: string, lab: Lab): string {
  const file = join(repository, '.github/workflows/deploy-api.yml');
  const text = readFileSync(file, 'utf8');
  const marker = '          expect-revision:';
  writeFileSync(file, text.replace(marker, `          insecure-registries: ${lab.registry.bearer.address}\n${marker}`));
  return file;
}

async function writeEnvFile(lab: Lab, deployPath: string): Promise<void> {
  const password = randomBytes(12).toString('hex');
  const postgres = lab.images.full?.postgres;
  if (postgres === undefined) throw new Error('the lab has no full images');
  const lines = [
    `POSTGRES_IMAGE=${lab.reference('anonymous', postgres.repository, postgres.digest)}`,
    `POSTGRES_PASSWORD=${password}`,
    `DATABASE_URL=postgres://api:${password}@postgres:5432/api`,
    `DJANGO_SECRET_KEY=${randomBytes(16).toString('hex')}`,
    '',
  ];
  await lab.server.exec(['install', '-d', '-o', lab.server.user, '-g', lab.server.user, deployPath]);
  const file = `${deployPath}/.env`;
  await lab.server.exec(['install', '-m', '600', '-o', lab.server.user, '-g', lab.server.user, '/dev/null', file]);
  await lab.server.exec(['tee', file], { stdin: lines.join('\n') });
}

function defaultVars(lab: Lab, deployPath: string): Readonly<Record<string, string>> {
  const { address } = lab.registry.bearer;
  return {
    DEPLOY_PATH: deployPath,
    DEPLOY_KNOWN_HOSTS: lab.server.knownHosts,
    APP_ENV_FILE: '.env',
    IMAGE_REPOSITORY: `${address}/${lab.images.full?.django.repository ?? ''}`,
  };
}

function defaultSecrets(lab: Lab): Readonly<Record<string, string>> {
  const { readOnlyUsername = '', readOnlyPassword = '' } = lab.registry.bearer;
  return {
    DEPLOY_HOST: lab.server.address,
    DEPLOY_USER: lab.server.user,
    DEPLOY_SSH_PRIVATE_KEY: lab.server.privateKey,
    GHCR_USERNAME: readOnlyUsername,
    GHCR_TOKEN: readOnlyPassword,
  };
}

/** What a container of the app says it is, asked inside of it. */
export async function askContainer(lab: Lab, id: string): Promise<string> {
  const ask =
    "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/healthz', timeout=5).read().decode())";
  const { stdout } = await lab.server.docker(['exec', id, 'python3', '-c', ask]);
  const answer: unknown = JSON.parse(stdout);
  return typeof answer === 'object' && answer !== null && 'git_sha' in answer ? String(answer.git_sha) : stdout;
}
