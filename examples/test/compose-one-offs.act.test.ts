import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import type { ActJob, ActResult } from '../../lab/src/act/index.ts';
import { ensureImages, type Lab } from '../../lab/src/index.ts';
import { testPath } from './path-row.ts';
import { publishImage, readImageIds } from './published-image.ts';
import { openTeam, type RunChanges, type Team } from './team.ts';

const example = 'compose-one-offs';
const composeFile = 'docker-compose-deploy.yml';
const webhookSecret = 'webhook-topsecret-4711';
const password = randomBytes(12).toString('hex');
/** What the app's project has released: 1.6.0 has a migration that fails. */
const versions = { '1.4.2': 'v1', '1.5.0': 'v2', '1.6.0': 'v3' } as const;
type Version = keyof typeof versions;

let lab: Lab;
let team: Team;
const versionOf = new Map<string, Version>();

beforeAll(async () => {
  lab = await ensureImages('full');
  await publishVersions();
  const postgres = lab.images.full?.postgres;
  team = await openTeam(lab, {
    example,
    name: 'act-one-offs',
    envFile: [
      `POSTGRES_IMAGE=${postgres === undefined ? '' : lab.reference('anonymous', postgres.repository, postgres.digest)}`,
      `POSTGRES_PASSWORD=${password}`,
      `DJANGO_SECRET_KEY=${randomBytes(16).toString('hex')}`,
    ],
    vars: { GATE_STABLE_FOR: '1s' },
    secrets: { WEBHOOK_SECRET: webhookSecret },
    chatSecret: 'WEBHOOK_URL',
  });
  const prefix = lab.reference('anonymous', 'act-one-offs/', '').replace(/:$/, '');
  team.repository.replace(composeFile, /ghcr\.io\/acme\//g, prefix);
});

afterAll(async () => {
  await team[Symbol.asyncDispose]();
});

async function publishVersions(): Promise<void> {
  const { full, worker } = lab.images;
  if (full === undefined) throw new Error('the lab has no full images');
  for (const [version, release] of Object.entries(versions)) {
    const base = lab.reference('anonymous', full.django.repository, full.django[release].digest);
    const id = await publishImage(lab, lab.reference('anonymous', 'act-one-offs/notes', version), base, [
      `LABEL org.opencontainers.image.version=${version}`,
      'USER root',
      'RUN mkdir -p /srv/static && chown app /srv/static',
      'USER app',
    ]);
    versionOf.set(id, version as Version);
    const job = lab.reference('anonymous', worker.repository, worker[release === 'v1' ? 'v1' : 'v2'].digest);
    await publishImage(lab, lab.reference('anonymous', 'act-one-offs/notes-worker', version), job);
  }
}

/** A commit that changes the Compose file arrives on main. */
function push(changes?: RunChanges): Promise<ActResult> {
  return team.push('deploy.yml', team.repository.commit(), changes);
}

function pushVersion(version: string, changes?: RunChanges): Promise<ActResult> {
  team.repository.replace(composeFile, /(?<=\/notes(-worker)?:)[\w.]+/g, version);
  return push(changes);
}

function jobOf(run: ActResult, name: string): ActJob {
  const { [name]: job } = run.jobs;
  if (job === undefined) throw new Error(`no job ran:\n${run.lines.slice(-20).join('\n')}`);
  return job;
}

/** `success: 1.4.2 serves`, or `failure at rollout (MUTABLE_TAG): 1.4.2 serves`: what runs is asked of the server. */
async function tell(run: ActResult, name = 'deploy'): Promise<string> {
  const job = jobOf(run, name);
  const [id, step] = Object.entries(job.steps).find(([, one]) => one.outcome === 'failure') ?? [];
  const at = id === undefined ? '' : ` at ${id} (${step?.outputs['error-code'] ?? 'no code'})`;
  const images = await readImageIds(lab, await team.project.listContainers('web'));
  const serving = images.map((image) => versionOf.get(image) ?? image).join(' and ');
  return `${job.outcome}${at}: ${serving === '' ? 'nothing' : serving} serves`;
}

async function query(sql: string): Promise<string> {
  const [id = ''] = await team.project.listContainers('db');
  const argv = ['exec', '--env', `PGPASSWORD=${password}`, id, 'psql', '-h', '127.0.0.1', '-U', 'notes', '-d', 'notes'];
  return (await lab.server.docker([...argv, '-tAc', sql])).stdout.trim();
}

/** The files that collectstatic has put into the volume that the app serves them from. */
async function listStatic(): Promise<readonly string[]> {
  const [id = ''] = await team.project.listContainers('web');
  const { stdout } = await lab.server.docker(['exec', id, 'sh', '-c', 'cd /srv/static && ls']);
  return stdout.trim().split('\n').filter(Boolean);
}

function countBackups(): Promise<number> {
  return lab.server
    .exec(['find', `${team.project.deployPath}/.deploy/backups`, '-name', '*.dump', '-size', '+0'])
    .then(({ stdout }) => stdout.split('\n').filter(Boolean).length);
}

/** What the team's webhook got last, if the signature is the team's. */
function readNote(): string {
  const { body = '', headers = {} } = team.chat.requests.at(-1) ?? {};
  const signature = `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`;
  expect(headers['x-deploy-signature-256']).toBe(signature);
  return body;
}

testPath(example, 'first push', 'success: 1.4.2 serves', async () => {
  const run = await push();
  const seen = await tell(run);
  expect(seen, run.lines.join('\n')).toMatch(/^success/);
  expect(jobOf(run, 'deploy').steps['one-offs']?.outputs).toMatchObject({
    'commands-run': '3',
    'backup-verified': 'true',
  });
  expect(await query("select string_agg(name, ' ' order by name) from django_migrations where app = 'shop'")).toBe(
    '0001_initial',
  );
  expect(await listStatic()).toContain('site.css');
  expect(await countBackups()).toBe(1);
  expect(readNote()).toContain('"status":"success"');
  return seen;
});

testPath(example, 'a tag that moves', 'failure at rollout (MUTABLE_TAG): 1.4.2 serves', async () => {
  const before = await team.project.listContainers();
  const run = await pushVersion('latest');
  expect(jobOf(run, 'deploy').steps['one-offs']?.outcome).toBe('skipped');
  expect(await team.project.listContainers()).toEqual(before);
  expect(await team.readServerFile(composeFile)).toContain('/notes:1.4.2');
  return tell(run);
});

testPath(example, 'a Compose file that is not there', 'failure at sync (INPUT_INVALID): 1.4.2 serves', async () => {
  const before = await team.project.listContainers();
  const run = await pushVersion('1.5.0', { vars: { DEPLOY_COMPOSE_FILE: 'docker-compose-blue.yml' } });
  expect(await team.project.listContainers()).toEqual(before);
  return tell(run);
});

testPath(example, 'the next version', 'success: 1.5.0 serves', async () => {
  const run = await push();
  expect(await query("select count(*) from django_migrations where app = 'shop'")).toBe('2');
  expect(await countBackups()).toBe(2);
  return tell(run);
});

testPath(example, 'a one-off that fails', 'failure at one-offs (COMMAND_FAILED): 1.5.0 serves', async () => {
  const run = await pushVersion('1.6.0');
  const { steps } = jobOf(run, 'deploy');
  expect(steps['one-offs']?.outputs).toMatchObject({
    'failed-command': 'python3 manage.py migrate --noinput',
    'commands-run': '1',
  });
  expect(steps['gate']?.outcome).toBe('skipped');
  expect(steps['rollback']?.outputs['outcome'], run.lines.join('\n')).toBe('rolled_back');
  expect(await query("select count(*) from django_migrations where app = 'shop'")).toBe('2');
  expect(readNote()).toContain('"status":"rolled_back"');
  return tell(run);
});

testPath(example, 'a queue that stands still', 'failure at gate (HEALTH_TIMEOUT): 1.5.0 serves', async () => {
  const worker = await team.project.listContainers('worker');
  team.repository.replace(
    composeFile,
    '    stop_grace_period: 60s',
    '    environment: { JOB_MS: 3600000 }\n    stop_grace_period: 1s',
  );
  const run = await pushVersion('1.5.0', { vars: { GATE_DEADLINE: '20s' } });
  const { steps } = jobOf(run, 'deploy');
  expect(steps['gate']?.outputs['failed-checks']).toContain('"queue"');
  expect(steps['rollback']?.outputs['outcome'], run.lines.join('\n')).toBe('rolled_back');
  const [id = ''] = await team.project.listContainers('worker');
  expect(worker).not.toContain(id);
  expect((await lab.server.docker(['inspect', '--format', '{{.Config.Env}}', id])).stdout).not.toContain('JOB_MS');
  return tell(run);
});

testPath(example, 'rollback by hand to a version', 'success: 1.4.2 serves', async () => {
  const notes = team.chat.requests.length;
  const run = await team.dispatch('rollback.yml', { to: '1.4.2' });
  expect(await tell(run, 'rollback'), run.lines.join('\n')).toMatch(/^success/);
  expect(team.chat.requests).toHaveLength(notes + 1);
  expect(readNote()).toContain('"status":"rolled_back"');
  const { log = '' } = jobOf(run, 'rollback').steps['rollback'] ?? {};
  expect(await team.readServerFile(composeFile), log).toContain('/notes:1.4.2');
  return tell(run, 'rollback');
});
