import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, oneOffs } from './server.ts';
import { errorsOf, openShop, type Shop } from './shop.ts';

const commands = ['migrate --noinput', 'collectstatic --noinput', 'check --deploy']
  .map((words) => `python3 manage.py ${words}`)
  .join('\n');
/** The README's: the SQL of what is pending, printed by the new image. */
const pendingSql = String.raw`sh -c 'python3 manage.py showmigrations --plan | sed -n "s/^\[ \]  \([^.]*\)\.\([^ ]*\).*/\1 \2/p" | while read -r app name; do python3 manage.py sqlmigrate "$app" "$name" || exit 1; done'`;

/** Client programs of the project, some that are too old, and a service that keeps its data in a file. */
const services = `
  tools:
    image: \${DB_IMAGE}
    profiles: [tools]
  old:
    image: \${DB_IMAGE}
    profiles: [tools]
    environment: { PATH: "/clients/old:/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin" }
    volumes: ["./clients:/clients:ro"]
  torn:
    image: \${DB_IMAGE}
    profiles: [tools]
    environment: { PATH: "/clients/torn:/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin" }
    volumes: ["./clients:/clients:ro"]
  files:
    image: \${API_IMAGE}
    profiles: [files]
    command: ["sleep", "600"]
    healthcheck: { disable: true }
    stop_grace_period: 1s
    volumes: ["./data:/data"]
`;

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(services);
});
afterAll(() => shop.remove());

/** The migrations that the database itself says are applied. */
function appliedMigrations(): Promise<readonly string[]> {
  return shop.query("select name from django_migrations where app = 'shop' order by id");
}

describe('a Django app on PostgreSQL', () => {
  it('is migrated on a first deploy, database started first, the SQL of what is pending reviewed', async () => {
    const result = await migrate(shop.target, { commands, 'lint-command': pendingSql });
    expect(result.outcome).toBe('success');
    expect(result.log).toMatch(/SQL review: 0 errors, \d+ warnings? in [2-9] statements of 1 file/);
    expect(result.log).toMatch(/\| .*Applying shop\.0002_item_note\.\.\. OK/);
    expect(await appliedMigrations()).toEqual(['0001_initial', '0002_item_note']);
  });

  it('has nothing pending afterwards, and then no backup is made', async () => {
    const pending = { 'pending-check': 'python3 manage.py migrate --check', 'database-service': 'db' };
    const result = await migrate(shop.target, { commands, ...pending });
    expect(result.outputs).toMatchObject({ status: 'nothing-pending', applied: 'false', 'backup-path': '' });
    expect(await shop.backups()).toEqual([]);
    expect(await oneOffs(shop.target)).toEqual([]);
  });

  it('is stopped by a migration that fails, with its own words in the summary', async () => {
    const result = await migrate({ ...shop.target, image: shop.imageOf('v3') }, { commands });
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_FAILED',
      'failed-command': 'python3 manage.py migrate --noinput',
      'commands-run': '1',
      applied: 'false',
    });
    expect(result.summary).toContain('relation "shop_no_such_table" does not exist');
    expect(await appliedMigrations()).toEqual(['0001_initial', '0002_item_note']);
    expect(await oneOffs(shop.target)).toEqual([]);
  });
});

describe('a backup by commands of the user', () => {
  const inputs = {
    commands: 'true',
    'database-service': 'db',
    'backup-command': 'pg_dump -h /tmp -U shop shop',
  };

  it('is what the command prints, proved by the other one', async () => {
    const check = { 'backup-check': "grep -c 'database dump complete'" };
    const result = await migrate(shop.target, { ...inputs, ...check }, { runId: '842' });
    expect(errorsOf(result)).toBe('');
    expect(result.outputs).toMatchObject({ status: 'applied', 'backup-verified': 'true' });
    const kept = await shop.lab.server.exec(['cat', result.outputs['backup-path'] ?? '']);
    expect(kept.stdout).toContain('PostgreSQL database dump complete');
  });

  it('that the check does not accept stops the migration, and is not kept', async () => {
    const before = await shop.backups();
    const check = { 'backup-check': "grep -c 'never in a dump'" };
    const result = await migrate(shop.target, { ...inputs, ...check, commands: 'false' }, { runId: '843' });
    expect(result.outputs).toMatchObject({ 'error-code': 'BACKUP_CORRUPT', status: 'refused', 'backup-path': '' });
    expect(result.summary).toMatch(/not started[\s\S]*nothing: no command/);
    expect(await shop.backups()).toEqual(before);
  });
});

describe('client programs of a service of the project', () => {
  const url = (): Readonly<Record<string, string>> => ({
    service: '',
    'sql-files': 'db/*.sql',
    'database-url': `postgres://shop:topsecret-${shop.target.project}@db:5432/shop?sslmode=disable`,
  });

  it('dump and change a database by its name in the project', async () => {
    shop.writeSql({ 'db/1.sql': 'create table orders (id int primary key, email text);' });
    const result = await migrate(shop.target, { ...url(), 'client-service': 'tools' }, { runId: '844' });
    expect(errorsOf(result)).toBe('');
    expect(result.outputs).toMatchObject({ 'applied-files': 'db/1.sql', 'backup-verified': 'true' });
    expect(await shop.query('select count(*) from orders')).toEqual(['0']);
  });

  /** A program that stands before the real one in the PATH of one of the services. */
  async function writeClient(path: string, text: string): Promise<void> {
    const source = 'mkdir -p "${1%/*}" && cat > "$1" && chmod 755 "$1"';
    const file = `${shop.target.path}/clients/${path}`;
    await shop.lab.server.exec(['sh', '-c', source, 'sh', file], { stdin: `#!/bin/sh\n${text}\n` });
  }

  it('are refused when they are older than the server', async () => {
    await writeClient('old/pg_dump', 'echo "pg_dump (PostgreSQL) 12.20"');
    shop.writeSql({ 'db/2.sql': 'create table never (id int);' });
    const result = await migrate(shop.target, { ...url(), 'client-service': 'old' }, { runId: '845' });
    expect(result.outputs).toMatchObject({ 'error-code': 'CLIENT_TOO_OLD', status: 'refused', 'backup-path': '' });
    expect(errorsOf(result)).toContain('are of version 12');
    expect(await shop.query("select to_regclass('never') is null")).toEqual(['t']);
  });

  it('are not believed when a dump ends well that lacks its end, which a list of it would not show', async () => {
    const real = '/usr/lib/postgresql/15/bin';
    const tear = `${real}/pg_dump "$@" > /tmp/all || exit; head -c $(($(wc -c < /tmp/all) - 9)) /tmp/all`;
    await writeClient('torn/pg_dump', `[ "$1" != --version ] || exec ${real}/pg_dump --version\n${tear}`);
    shop.writeSql({ 'db/2.sql': 'create table never (id int);' });
    const before = await shop.backups();
    const result = await migrate(shop.target, { ...url(), 'client-service': 'torn' }, { runId: '848' });
    expect(result.outputs).toMatchObject({ 'error-code': 'BACKUP_CORRUPT', status: 'refused', 'backup-path': '' });
    expect(await shop.backups()).toEqual(before);
    expect(await shop.query("select to_regclass('never') is null")).toEqual(['t']);
  });
});

it('SQLite is backed up by the python3 of the app itself, and comes back', async () => {
  const { lab, target } = shop;
  const python = (code: string) =>
    lab.server.docker([
      'exec',
      `${target.project}-files-1`,
      'python3',
      '-c',
      `import sqlite3, sys\nc = sqlite3.connect('/data/shop.db')\n${code}`,
    ]);
  const settings = ['-p', target.project, '--project-directory', target.path, '-f', `${target.path}/compose.yaml`];
  await lab.server.exec(['env', `API_IMAGE=${target.image}`, 'docker', 'compose', ...settings, 'up', '-d', 'files']);
  await python("c.executescript(\"create table item (name text); insert into item values ('one'), ('two');\")");
  const inputs = { commands: 'true', 'database-service': 'files', 'database-file': '/data/shop.db' };
  const result = await migrate(target, inputs, { runId: '847' });
  expect(errorsOf(result)).toBe('');
  expect(result.outputs).toMatchObject({ status: 'applied', 'backup-verified': 'true' });
  await python("c.executescript('drop table item')");
  await lab.server.exec(['sh', '-c', result.outputs['restore-command'] ?? 'false']);
  expect((await python("print(c.execute('select group_concat(name) from item').fetchone()[0])")).stdout).toBe(
    'one,two\n',
  );
});
