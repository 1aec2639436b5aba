import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImages, type FullImages, type Lab } from '../../lab/src/index.ts';
import { layOut, migrate, oneOffs, removeTarget, type Target } from './server.ts';

const compose = `
services:
  postgres:
    image: \${DB_IMAGE}
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: "\${SECRET_KEY}" }
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck:
      test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "shop", "-d", "shop"]
      interval: 1s
      retries: 60
  migrate:
    image: \${API_IMAGE:?set by images}
    profiles: [migrate]
    environment: { DATABASE_URL: "postgres://shop:\${SECRET_KEY}@postgres:5432/shop" }
    depends_on: { postgres: { condition: service_healthy } }
volumes: { data: {} }
`;
const commands = 'python3 manage.py migrate --noinput\npython3 manage.py check';

let lab: Lab;
let full: FullImages;
let target: Target;
let workspace: string;

beforeAll(async () => {
  lab = await ensureImages('full');
  full = lab.images.full ?? expect.fail('the lab has no Django image');
  workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
  target = await layOut({
    lab,
    workspace,
    image: imageOf('v2'),
    database: lab.reference('anonymous', full.postgres.repository, full.postgres.digest),
    composeFile: compose,
  });
});
afterAll(async () => {
  await removeTarget(target);
  rmSync(workspace, { recursive: true });
});

function imageOf(version: 'v2' | 'v3'): string {
  return lab.reference('htpasswd', full.django.repository, full.django[version].digest);
}

/** The migrations that the database itself says are applied. */
async function appliedMigrations(): Promise<readonly string[]> {
  const name = `${target.project}-postgres-1`;
  const query = "select name from django_migrations where app = 'shop' order by id";
  const { stdout } = await lab.server.docker(['exec', name, 'psql', '-h', '/tmp', '-U', 'shop', '-Atc', query]);
  return stdout.trim().split('\n');
}

describe('a Django app on PostgreSQL', () => {
  it('is migrated on a first deploy, database started first', async () => {
    const result = await migrate(target, { commands });
    expect(result.outcome).toBe('success');
    expect(result.log).toMatch(/\| .*Applying shop\.0002_item_note\.\.\. OK/);
    expect(await appliedMigrations()).toEqual(['0001_initial', '0002_item_note']);
  });

  it('has nothing pending afterwards', async () => {
    const pending = { 'pending-check': 'python3 manage.py migrate --check' };
    const result = await migrate(target, { commands, ...pending });
    expect(result.outputs).toMatchObject({ status: 'nothing-pending', applied: 'false' });
  });

  it('is stopped by a migration that fails, with its own words in the summary', async () => {
    const result = await migrate({ ...target, image: imageOf('v3') }, { commands });
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_FAILED',
      'failed-command': 'python3 manage.py migrate --noinput',
      'commands-run': '1',
      applied: 'false',
    });
    expect(result.summary).toContain('relation "shop_no_such_table" does not exist');
    expect(await appliedMigrations()).toEqual(['0001_initial', '0002_item_note']);
    expect(await oneOffs(target)).toEqual([]);
  });
});
