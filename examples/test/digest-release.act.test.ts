import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { ActResult } from '../../lab/src/act/index.ts';
import { ensureImages, type Lab } from '../../lab/src/index.ts';
import { tellFailure, testPath } from './path-row.ts';
import { openProject, type Project } from './project.ts';
import { openTeam, writeEnvFile, type RunChanges, type Team } from './team.ts';

const example = 'digest-release';
const workflow = '.github/workflows/release.yml';
const database = 'act-digest-db';
const password = 'digest-topsecret-9173';
const ports = { staging: '18471', production: '18472' } as const;

type Environment = keyof typeof ports;

let lab: Lab;
/** Its own folder is staging. */
let team: Team;
let production: Project;
let databaseAddress: string;

beforeAll(async () => {
  lab = await ensureImages('full');
  const { address } = lab.registry.bearer;
  team = await openTeam(lab, {
    example,
    name: 'act-digest-staging',
    envFile: envFile('staging'),
    vars: { REGISTRY: `${address}/lab`, API_REPOSITORY: 'app', WORKER_REPOSITORY: 'worker', WEB_REPOSITORY: 'app' },
    secrets: {},
  });
  production = openProject(lab, 'act-digest-production');
  await production.remove();
  await writeEnvFile(lab, production.deployPath, envFile('production'));
  await startDatabase();
  const { repository } = team;
  // What the lab forces: no TLS; and act has one set of variables for all environments, so staging's folder is written in.
  repository.replace(
    workflow,
    '          tags: digest-only',
    `          tags: digest-only\n          insecure-registries: ${address}`,
  );
  repository.replace(workflow, 'DEPLOY_PATH: ${{ vars.DEPLOY_PATH }}', `DEPLOY_PATH: ${team.project.deployPath}`);
  repository.commit();
});

afterAll(async () => {
  await lab.server.docker(['rm', '--force', '--volumes', database], { allowFailure: true });
  await production.remove();
  await team[Symbol.asyncDispose]();
});

function envFile(environment: Environment): readonly string[] {
  return [`WEB_PORT=${ports[environment]}`, 'DATABASE_URL=postgres://somewhere/else'];
}

/** Not a container of the project: a database that is reached by its address. One database for each environment. */
async function startDatabase(): Promise<void> {
  await lab.server.docker(['rm', '--force', '--volumes', database], { allowFailure: true });
  const settings = ['POSTGRES_USER=shop', 'POSTGRES_DB=staging', `POSTGRES_PASSWORD=${password}`];
  const env = settings.flatMap((setting) => ['--env', setting]);
  await lab.server.docker(['run', '--detach', '--name', database, ...env, databaseImage()]);
  await vi.waitFor(() => query('staging', 'select 1'), { timeout: 120_000, interval: 500 });
  await query('staging', 'create database production');
  const address = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  databaseAddress = (await lab.server.docker(['inspect', '--format', address, database])).stdout.trim();
}

function databaseImage(): string {
  const postgres = lab.images.full?.postgres;
  if (postgres === undefined) throw new Error('the lab has no full images');
  return lab.reference('anonymous', postgres.repository, postgres.digest);
}

async function query(name: Environment, sql: string): Promise<string> {
  const argv = ['exec', database, 'psql', '-h', '127.0.0.1', '-U', 'shop', '-d', name, '-tAc', sql];
  const { stdout } = await lab.server.docker(['exec', '-e', `PGPASSWORD=${password}`, ...argv.slice(1)]);
  return stdout.trim();
}

type Version = 'v1' | 'v2';

function release(environment: Environment, version: Version, changes: RunChanges = {}): Promise<ActResult> {
  const { app, worker } = lab.images;
  const site = `http://${lab.server.address}:${ports[environment]}`;
  const inputs = { environment, api: app[version].digest, worker: worker[version].digest, web: app[version].digest };
  return team.dispatch('release.yml', inputs, {
    ...changes,
    vars: {
      DEPLOY_PATH: environment === 'staging' ? team.project.deployPath : production.deployPath,
      DB_CLIENT_IMAGE: databaseImage(),
      HEALTH_URL: `${site}/health`,
      SMOKE_URL_1: `${site}/`,
      SMOKE_URL_2: `${site}/pricing`,
      HEALTH_INTERVAL: '500ms',
      HEALTH_DEADLINE: '10m',
      ...changes.vars,
    },
    secrets: { PROD_DB_URL: `postgres://shop:${password}@${databaseAddress}:5432/${environment}?sslmode=disable` },
  });
}

/** `success: v1 serves`, or `failure at migrate (SQL_ERROR): v1 serves`: what runs is asked of the server. */
async function tell(run: ActResult, environment: Environment): Promise<string> {
  const { release: job, staged } = run.jobs;
  const outcome = staged?.outcome === 'failure' ? 'failure' : (job?.outcome ?? 'no job');
  return `${outcome}${tellFailure([staged, job])}: ${await readServed(environment)} serves`;
}

async function readServed(environment: Environment): Promise<string> {
  const project = environment === 'staging' ? team.project : production;
  const services = ['api', 'worker', 'web'];
  const images = await Promise.all(services.map((service) => readImages(project, service)));
  const { app, worker } = lab.images;
  const isAt = (version: Version): boolean =>
    images.every((found, index) => found === (index === 1 ? worker : app)[version].digest);
  if (images.every((found) => found === '')) return 'nothing';
  return isAt('v1') ? 'v1' : isAt('v2') ? 'v2' : images.join(' ');
}

async function readImages(project: Project, service: string): Promise<string> {
  const ids = await project.listContainers(service);
  if (ids.length === 0) return '';
  const { stdout } = await lab.server.docker(['inspect', '--format', '{{.Config.Image}}', ...ids]);
  return stdout
    .trim()
    .split('\n')
    .map((image) => image.replace(/^.*@/, ''))
    .join('+');
}

function addMigration(name: string, sql: string): void {
  writeFileSync(join(team.repository.folder, 'db/migrations', name), sql);
  team.repository.commit();
}

async function countBackups(path: string): Promise<number> {
  const { stdout } = await lab.server.exec(['find', `${path}/.deploy/backups`, '-name', '*.dump', '-size', '+0'], {
    allowFailure: true,
  });
  return stdout.split('\n').filter((line) => line !== '').length;
}

testPath(
  example,
  'production, digests that staging never had',
  'failure at passed (refused): nothing serves',
  async () => {
    const run = await release('production', 'v1');
    expect(run.jobs['release']?.steps ?? {}).not.toHaveProperty('sync');
    expect(await team.readLedger(production.deployPath)).toEqual([]);
    return tell(run, 'production');
  },
);

testPath(example, 'staging, first release', 'success: v1 serves', async () => {
  const run = await release('staging', 'v1');
  const seen = await tell(run, 'staging');
  expect(seen, run.lines.join('\n')).toMatch(/^success/);
  expect(run.jobs['release']?.steps['migrate']?.outputs).toMatchObject({ applied: 'true', 'backup-verified': 'true' });
  expect(await query('staging', "select count(*) from information_schema.tables where table_name = 'orders'")).toBe(
    '1',
  );
  expect(await countBackups(team.project.deployPath)).toBe(1);
  return seen;
});

testPath(example, 'production, the digests that passed staging', 'success: v1 serves', async () => {
  const run = await release('production', 'v1');
  const seen = await tell(run, 'production');
  expect(seen, run.lines.join('\n')).toMatch(/^success/);
  const note = team.chat.requests.at(-1)?.body ?? '';
  for (const told of ['production', lab.images.app.v1.digest.slice(7, 19), 'octocat']) expect(note).toContain(told);
  expect((await team.readLedger(production.deployPath)).at(-1)?.text).toContain(lab.images.worker.v1.digest);
  expect(await countBackups(production.deployPath)).toBe(1);
  return seen;
});

testPath(example, 'SQL that would lose data', 'failure at migrate (LINT_FAILED): v1 serves', async () => {
  addMigration('0002-drop.sql', 'DROP TABLE orders;\n');
  const backups = await countBackups(team.project.deployPath);
  const run = await release('staging', 'v2');
  expect(await query('staging', 'select count(*) from orders')).toBe('0');
  expect(await countBackups(team.project.deployPath)).toBe(backups);
  return tell(run, 'staging');
});

testPath(example, 'SQL that fails half-way', 'failure at migrate (SQL_ERROR): v1 serves', async () => {
  const statements = [
    'ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;',
    'INSERT INTO no_such_table VALUES (1);',
  ];
  addMigration('0002-drop.sql', `${statements.join('\n')}\n`);
  const run = await release('staging', 'v2');
  expect(run.jobs['release']?.steps['rollout']?.outcome).toBe('skipped');
  const columns =
    "select count(*) from information_schema.columns where table_name = 'orders' and column_name = 'note'";
  expect(await query('staging', columns)).toBe('0');
  return tell(run, 'staging');
});

testPath(
  example,
  'a page that does not answer after the rollout',
  'failure at gate (HEALTH_TIMEOUT): v1 serves',
  async () => {
    addMigration('0002-drop.sql', 'ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;\n');
    const dead = `http://${lab.server.address}:1/`;
    const run = await release('staging', 'v2', { vars: { SMOKE_URL_2: dead, HEALTH_DEADLINE: '5s' } });
    const steps = run.jobs['release']?.steps;
    expect(steps?.['migrate']?.outputs['applied']).toBe('true');
    expect(steps?.['rollback']?.outcome, run.lines.join('\n')).toBe('success');
    expect(team.chat.requests.at(-1)?.body).toContain('rolled back');
    return tell(run, 'staging');
  },
);

testPath(
  example,
  'production, digests that went back from staging',
  'failure at passed (refused): v1 serves',
  async () => {
    const before = await production.listContainers();
    const run = await release('production', 'v2');
    expect(await production.listContainers()).toEqual(before);
    return tell(run, 'production');
  },
);
