import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutConnection, migrate } from './server.ts';
import { errorsOf, openShop, untilOpen, type Shop } from './shop.ts';

/** Client programs of the project, some that are too old, and a service that keeps its data in a file. */
const services = `
  tools:
    image: \${DB_IMAGE}
    profiles: [tools]
  old:
    image: \${DB_IMAGE}
    profiles: [tools]
    environment: { PATH: "/old:/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin" }
    volumes: ["./old:/old:ro"]
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

describe('a backup by commands of the user', () => {
  const inputs = {
    commands: 'true',
    'database-service': 'db',
    'backup-command': 'pg_dump -h /tmp -U shop shop',
  };

  it('is what the command prints, proved by the other one', async () => {
    const check = { 'backup-check': "grep -c 'database dump complete'" };
    // The database is not there before the first step, which has nothing to back up yet.
    expect((await migrate(shop.target, { commands: 'true', backup: 'off' }, { runId: '841' })).outcome).toBe('success');
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

  it('are refused when they are older than the server', async () => {
    const source = 'mkdir "$1/old" && printf \'#!/bin/sh\\necho "pg_dump (PostgreSQL) 12.20"\\n\' > "$1/old/pg_dump"';
    await shop.lab.server.exec(['sh', '-c', `${source} && chmod 755 "$1/old/pg_dump"`, 'sh', shop.target.path]);
    shop.writeSql({ 'db/2.sql': 'create table never (id int);' });
    const result = await migrate(shop.target, { ...url(), 'client-service': 'old' }, { runId: '845' });
    expect(result.outputs).toMatchObject({ 'error-code': 'CLIENT_TOO_OLD', status: 'refused', 'backup-path': '' });
    expect(errorsOf(result)).toContain('are of version 12');
    expect(await shop.query("select to_regclass('never') is null")).toEqual(['t']);
  });
});

it('a connection that is cut while a SQL file runs is made again, and the file is applied once', async () => {
  const sql = `${untilOpen}\ninsert into orders (id, email) select count(*) + 100, 'cut' from orders;`;
  shop.writeSql({ 'db/3.sql': sql });
  await shop.shutGate();
  const inputs = { service: '', 'sql-files': 'db/3.sql', 'database-service': 'db', backup: 'off' };
  let opening: Promise<void> | undefined;
  const running = migrate(shop.target, inputs, { runId: '846' }, ({ text }) => {
    if (text.includes('psql goes on there')) opening ??= shop.openGate();
  });
  await shop.waitAtGate();
  await cutConnection(shop.lab, 'pg_try_advisory_loc[k]');
  const result = await running;
  await opening;
  expect(errorsOf(result)).toBe('');
  expect(result.log).toContain('psql goes on there');
  expect(result.outputs).toMatchObject({ status: 'applied', 'applied-files': 'db/3.sql' });
  expect(await shop.query("select count(*) from orders where email = 'cut'")).toEqual(['1']);
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
