import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImages } from '../src/index.ts';
import type { CommandResult, FullImages, Lab } from '../src/index.ts';
import { waitUntil } from '../src/poll.ts';

const name = 'lab-full-test';
const database = `${name}-db`;
const port = 18_790;
let lab: Lab;
let full: FullImages;

function image(release: 'v1' | 'v2' | 'v3'): string {
  return lab.reference('anonymous', full.django.repository, full.django[release].digest);
}

const settings = ['--network', name, '-e', `DATABASE_URL=postgres://app:s3cret@${database}:5432/app`];

function manage(release: 'v1' | 'v2' | 'v3', ...args: readonly string[]): Promise<CommandResult> {
  const command = ['python3', 'manage.py', ...args];
  return lab.server.docker(['run', '--rm', ...settings, image(release), ...command], { allowFailure: true });
}

async function waitForHealth(container: string): Promise<void> {
  const isHealthy = async (): Promise<boolean> =>
    (await lab.server.docker(['inspect', '-f', '{{.State.Health.Status}}', container])).stdout === 'healthy\n';
  await waitUntil(`${container} being healthy`, isHealthy, 180_000);
}

async function cleanUp(): Promise<void> {
  await lab.server.docker(['rm', '-f', '-v', name, database], { allowFailure: true });
  await lab.server.docker(['network', 'rm', name], { allowFailure: true });
}

beforeAll(async () => {
  lab = await ensureImages('full');
  if (lab.images.full === undefined) throw new Error('ensureImages("full") left no full set');
  full = lab.images.full;
  await cleanUp();
  await lab.server.docker(['network', 'create', name]);
  const account = ['-e', 'POSTGRES_USER=app', '-e', 'POSTGRES_PASSWORD=s3cret', '-e', 'POSTGRES_DB=app'];
  const postgres = lab.reference('anonymous', full.postgres.repository, full.postgres.digest);
  await lab.server.docker(['run', '-d', '--name', database, '--network', name, ...account, postgres]);
  await waitForHealth(database);
});

afterAll(cleanUp);

describe('the Django app', () => {
  it('migrates in two releases, and fails in the third one leaving the second in place', async () => {
    expect((await manage('v1', 'migrate', '--noinput')).stdout).toContain('Applying shop.0001_initial... OK');
    expect((await manage('v2', 'migrate', '--noinput')).stdout).toContain('Applying shop.0002_item_note... OK');
    const broken = await manage('v3', 'migrate', '--noinput');
    expect(broken.exitCode).toBe(1);
    expect(broken.stderr).toContain('relation "shop_no_such_table" does not exist');
    const shown = await manage('v3', 'showmigrations');
    expect(shown.stdout).toContain('[X] 0002_item_note\n [ ] 0003_broken');
  });

  it('passes its own checks and collects its static files', async () => {
    expect(await manage('v2', 'check')).toMatchObject({ exitCode: 0 });
    expect((await manage('v2', 'collectstatic', '--noinput')).stdout).toContain('1 static file copied');
  });

  it('serves the commit it was built from, and the rows of the database', async () => {
    await lab.server.docker(['run', '-d', '--name', name, '-p', `${String(port)}:8000`, ...settings, image('v2')]);
    await waitForHealth(name);
    const url = `http://${lab.server.address}:${String(port)}`;
    const { sha, version } = full.django.v2;
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ git_sha: sha, version });
    const added = await fetch(`${url}/items`, { method: 'POST', body: '{"name":"tea"}' });
    expect(await added.json()).toMatchObject({ items: [{ name: 'tea', note: null }] });
    expect((await fetch(`${url}/login/`)).status).toBe(200);
  });
});

describe('PostgreSQL', () => {
  it('keeps its data over a restart, stops at once, and dumps', async () => {
    const query = ['psql', '-U', 'app', '-h', '/tmp', '-Atc', 'select name from shop_item', 'app'];
    await lab.server.docker(['restart', '--time', '10', database]);
    await waitForHealth(database);
    expect((await lab.server.docker(['exec', database, ...query])).stdout).toBe('tea\n');
    const dump = await lab.server.docker(['exec', database, 'pg_dump', '--format=custom', '-U', 'app', 'app']);
    expect(dump.stdout).toMatch(/^PGDMP/);
    expect((await lab.server.docker(['logs', database])).stderr).toContain('database system is shut down');
  });
});
