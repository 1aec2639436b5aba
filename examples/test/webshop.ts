import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { ActJob, ActResult } from '../../lab/src/act/index.ts';
import { ensureImages, openWebhookCatcher, type Lab } from '../../lab/src/index.ts';
import { tellFailure } from './path-row.ts';
import { openTeam, type RunChanges, type Team } from './team.ts';

export const example = 'rolling-webshop';
export type Environment = 'staging' | 'production';
/** What the shop's own images run in. */
export const services = ['backend', 'frontend', 'worker', 'beat'] as const;

const ports = { staging: '18481', production: '18482' } as const;
/** Whom GitHub names as the one who approved. */
export const approver = 'hubot';

/** The example's team with one of its environments on the server. */
export interface Shop extends AsyncDisposable {
  readonly lab: Lab;
  readonly team: Team;
  /** The page that people see. */
  readonly url: string;
  /** Where the backups of the whole server arrive. */
  readonly backups: string;
  /** `act-…/backend` and so on: in the lab's registries. */
  repositoryOf(image: string): string;
  /** What the table calls a commit. */
  nameCommit(sha: string, name: string): void;
  commitOf(name: string): string;
  push(sha: string, changes?: RunChanges): Promise<ActResult>;
  dispatch(
    workflow: 'deploy-production.yml' | 'rollback.yml' | 'migrate-to.yml',
    inputs: Readonly<Record<string, string>>,
    changes?: RunChanges,
  ): Promise<ActResult>;
  /** `success: first serves`, or `failure at backup (COMMAND_FAILED): nothing serves`: what serves is asked of the server. */
  tell(run: ActResult): Promise<string>;
  /** The only container of a service that runs. */
  containerOf(service: string): Promise<string>;
  query(sql: string): Promise<string>;
  /** Texts of the chat's messages since the last call. */
  readNotes(): readonly string[];
}

export async function openShop(environment: Environment): Promise<Shop> {
  const lab = await ensureImages('full');
  // New names for each run: no version is built yet.
  const prefix = `act-webshop-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const backups = `/srv/act-webshop-${environment}-backups`;
  const url = `http://${lab.server.address}:${ports[environment]}/`;
  const names = new Map<string, string>();
  const github = await openGithub(environment);
  const team = await openTeam(lab, {
    example,
    name: `act-webshop-${environment}`,
    envFile: envFile(lab, environment, password, backups),
    vars: {
      IMAGE_PREFIX: `${lab.registry.bearer.address}/${prefix}`,
      API_URL_STAGING: 'https://staging.example/api/',
      API_URL_PRODUCTION: 'https://shop.example/api/',
      SHOP_URL: url,
      HEALTH_INTERVAL: '500ms',
      HEALTH_DEADLINE: '3m',
      HEALTH_STABLE_FOR: '1s',
    },
    secrets: {},
    chatSecret: 'DISCORD_WEBHOOK',
    hasDocker: true,
  });
  await lab.server.exec(['install', '-d', backups]);
  fitToLab(lab, team);
  const withGithub = (changes: RunChanges = {}): RunChanges => ({
    ...changes,
    env: { GITHUB_API_URL: github.url, ...changes.env },
  });
  const containerOf = async (service: string): Promise<string> => {
    const found = await team.project.listContainers(service);
    expect(found, `containers of ${service}`).toHaveLength(1);
    return found[0] ?? '';
  };
  let notesRead = 0;
  return {
    lab,
    team,
    url,
    backups,
    repositoryOf: (image) => `${prefix}/${image}`,
    nameCommit: (sha, name) => names.set(sha, name),
    commitOf: (name) => [...names].find(([, one]) => one === name)?.[0] ?? '',
    push: (sha, changes) => team.push('deploy-staging.yml', sha, withGithub(changes)),
    dispatch: (workflow, inputs, changes) => team.dispatch(workflow, inputs, withGithub(changes)),
    tell: async (run) => `${describeOutcome(run)}: ${await readServed(lab, team, names)} serves`,
    containerOf,
    query: async (sql) => {
      const psql = ['psql', '-h', '127.0.0.1', '-U', 'shop', '-d', 'shop', '-tAc', sql];
      const argv = ['exec', '--env', `PGPASSWORD=${password}`, await containerOf('postgres'), ...psql];
      return (await lab.server.docker(argv)).stdout.trim();
    },
    readNotes: () => {
      const notes = team.chat.requests.slice(notesRead).map(({ body }) => body);
      notesRead += notes.length;
      return notes;
    },
    [Symbol.asyncDispose]: async () => {
      await github.close();
      await team[Symbol.asyncDispose]();
      await lab.server.exec(['rm', '-rf', backups]);
    },
  };
}

/** GitHub's answer to the question who approved; to anything else that there is no such thing. */
function openGithub(environment: Environment): ReturnType<typeof openWebhookCatcher> {
  const approvals = [
    { state: 'approved', comment: '', user: { login: approver }, environments: [{ name: environment }] },
  ];
  return openWebhookCatcher('127.0.0.1', ({ path }) =>
    path.endsWith('/approvals')
      ? { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(approvals) }
      : { status: 404 },
  );
}

function envFile(lab: Lab, environment: Environment, password: string, backups: string): readonly string[] {
  const { full, haproxy } = lab.images;
  if (full === undefined) throw new Error('the lab has no full images');
  return [
    `HTTP_PORT=${ports[environment]}`,
    `POSTGRES_IMAGE=${lab.reference('anonymous', full.postgres.repository, full.postgres.digest)}`,
    `PROXY_IMAGE=${lab.reference('anonymous', haproxy.repository, haproxy.digest)}`,
    `POSTGRES_PASSWORD=${password}`,
    `DJANGO_SECRET_KEY=${randomBytes(16).toString('hex')}`,
    `BACKUP_FOLDER=${backups}`,
  ];
}

/** What the lab forces: no TLS, no Docker Hub and no PyPI. Its images have Python with Django, and Node, in them. */
function fitToLab(lab: Lab, { repository }: Team): void {
  const { app, full } = lab.images;
  const node = lab.reference('anonymous', app.repository, app.v1.digest);
  const python = full === undefined ? '' : lab.reference('anonymous', full.django.repository, full.django.v1.digest);
  repository.replace('frontend/Dockerfile', /^FROM .*\n/, `FROM ${node}\nUSER root\n`);
  repository.replace('frontend/Dockerfile', 'USER node', 'USER app');
  repository.replace('backend/Dockerfile', /^FROM .*\n/, `FROM ${python}\nUSER root\n`);
  // The lab's image has a health check, for its web server; worker and beat have none.
  repository.replace('backend/Dockerfile', 'EXPOSE 8000', 'HEALTHCHECK NONE\nEXPOSE 8000');
  repository.replace('backend/Dockerfile', /RUN pip install .*\n/, '');
  repository.replace('backend/Dockerfile', /RUN useradd .*\n/, '');
  // Slow is not down, however busy the machine is.
  repository.replace('deploy/proxy/haproxy.cfg', 'timeout check 3s', 'timeout check 10m');
  const compose = repository.readText('deploy/compose.yaml');
  const patient = compose
    .replaceAll('timeout: 4s', 'timeout: 2m')
    .replaceAll('start_period: 150s', 'start_period: 10m');
  repository.replace('deploy/compose.yaml', compose, patient);
  const insecure = `$1insecure-registries: ${lab.registry.bearer.address}\n$1images: |`;
  for (const workflow of ['deploy-staging', 'deploy-production']) {
    const file = `.github/workflows/${workflow}.yml`;
    const text = repository.readText(file);
    repository.replace(file, text, text.replaceAll(/( +)images: \|/g, insecure));
  }
}

function describeOutcome(run: ActResult): string {
  const jobs = Object.values(run.jobs);
  return `${jobs.every((job) => job.outcome === 'success') ? 'success' : 'failure'}${tellFailure(jobs)}`;
}

/** The commit that is in the images of all that the shop runs, or what each runs. */
async function readServed(lab: Lab, team: Team, names: ReadonlyMap<string, string>): Promise<string> {
  const format = '{{index .Config.Labels "org.opencontainers.image.revision"}}';
  const found = await Promise.all(
    services.map(async (service) => {
      const ids = await team.project.listContainers(service);
      if (ids.length === 0) return 'nothing';
      const { stdout } = await lab.server.docker(['inspect', '--format', format, ...ids]);
      const commits = stdout.trim().split('\n');
      return commits.map((sha) => names.get(sha) ?? sha).join('+');
    }),
  );
  return new Set(found).size === 1 ? (found[0] ?? '') : found.join(' ');
}

/** A job that ran; throws an Error with what the runner said where it did not. */
export function jobOf(run: ActResult, name: string): ActJob {
  const { [name]: job } = run.jobs;
  if (job === undefined) throw new Error(`no job "${name}" ran:\n${run.lines.slice(-20).join('\n')}`);
  return job;
}
