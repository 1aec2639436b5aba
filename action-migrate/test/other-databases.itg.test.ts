import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImages, type Lab } from '../../lab/src/index.ts';
import { layOut, migrate, removeTarget, type Target } from './server.ts';

const compose = `
services:
  maria:
    image: \${DB_IMAGE}
    environment:
      MARIADB_ROOT_PASSWORD: "\${SECRET_KEY}"
      MARIADB_DATABASE: shop
      MARIADB_USER: outside
      MARIADB_PASSWORD: "\${SECRET_KEY}"
    volumes: ["data:/var/lib/mysql"]
    healthcheck: { interval: 1s, timeout: 60s, retries: 1000 }
  api:
    image: \${API_IMAGE:?set by images}
    profiles: [files]
    command: ["sleep", "600"]
    healthcheck: { disable: true }
    stop_grace_period: 1s
    volumes: ["./data:/data"]
  migrate:
    image: \${API_IMAGE}
    profiles: [migrate]
volumes: { data: {} }
`;

let lab: Lab;
let target: Target;
let workspace: string;

beforeAll(async () => {
  lab = await ensureImages('databases');
  const { app, mariadb = expect.fail('the lab has no MariaDB') } = lab.images;
  workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
  target = await layOut({
    lab,
    workspace,
    image: lab.reference('htpasswd', app.repository, app.v2.digest),
    database: lab.reference('anonymous', mariadb.repository, mariadb.digest),
    composeFile: compose,
  });
  // It fills its data folder while SQLite is tried.
  await up('maria');
});
afterAll(async () => {
  await removeTarget(target);
  rmSync(workspace, { recursive: true });
});

async function up(service: string): Promise<void> {
  const settings = ['-p', target.project, '--project-directory', target.path, '-f', `${target.path}/compose.yaml`];
  await lab.server.exec(['env', `API_IMAGE=${target.image}`, 'docker', 'compose', ...settings, 'up', '-d', service]);
}

/** Runs statements as root, and returns the rows. */
async function maria(sql: string): Promise<readonly string[]> {
  const argv = ['exec', '-e', `MYSQL_PWD=topsecret-${target.project}`, `${target.project}-maria-1`];
  const { stdout } = await lab.server.docker([...argv, 'mariadb', '-u', 'root', '-N', '-B', '-e', sql, 'shop']);
  return stdout.split('\n').filter((line) => line !== '');
}

const errors = (result: Awaited<ReturnType<typeof migrate>>): string => result.commands.errors.join('\n');

describe('SQLite', () => {
  it('is backed up from a container beside the app, while the app may write, and comes back', async () => {
    const { sqlite = expect.fail('no SQLite') } = lab.images;
    const client = lab.reference('anonymous', sqlite.repository, sqlite.digest);
    const file = `${target.path}/data/shop.db`;
    const shell = (sql: string) =>
      lab.server.docker(['run', '--rm', '-v', `${target.path}/data:/data`, client, 'sqlite3', '/data/shop.db', sql]);
    const inputs = {
      commands: 'true',
      'database-service': 'api',
      'database-file': '/data/shop.db',
      'client-image': client,
    };
    const first = await migrate(target, inputs, { runId: '831' });
    expect(first.log).toContain('has no container yet');
    await shell("pragma journal_mode = wal; create table item (name text); insert into item values ('one'), ('two')");
    await up('api');

    const result = await migrate(target, inputs, { runId: '832' });
    expect(errors(result)).toBe('');
    expect(result.outputs).toMatchObject({ 'backup-verified': 'true' });
    await shell('drop table item');
    await lab.server.exec(['sh', '-c', result.outputs['restore-command'] ?? 'false']);
    expect((await shell('select name from item')).stdout).toBe('one\ntwo\n');

    await lab.server.exec(['sh', '-c', 'dd if=/dev/urandom of="$1" bs=1024 seek=4 count=3 conv=notrunc', 'sh', file]);
    const broken = await migrate(target, inputs, { runId: '833' });
    expect(broken.outputs).toMatchObject({ status: 'refused', 'backup-path': '' });
    expect(['BACKUP_FAILED', 'BACKUP_CORRUPT']).toContain(broken.outputs['error-code']);
  });
});

describe('MariaDB', () => {
  const database = { commands: 'true', 'database-service': 'maria' };

  beforeAll(async () => {
    const ask = 'until mariadb -h 127.0.0.1 -u outside -e "select 1" shop >/dev/null 2>&1; do sleep 0.2; done';
    const password = `MYSQL_PWD=topsecret-${target.project}`;
    await lab.server.docker(['exec', '-e', password, `${target.project}-maria-1`, 'sh', '-c', ask]);
  });

  it('is dumped, loaded into a scratch database, and comes back whole by the restore command', async () => {
    await maria(`
      create table item (id int primary key auto_increment, name varchar(80), raw blob) engine=InnoDB;
      insert into item (name, raw) values ('it''s; -- "é"', x'00ff0a'), ('line\\nbreak', null);
      create trigger item_bi before insert on item for each row set new.name = upper(new.name);
      create procedure two() select 2;
      create view named as select name from item;
      create event tick on schedule every 1 second do insert into shop.item (name) values ('ticked');`);
    const rows = await maria('select id, name, hex(raw) from item');
    const result = await migrate(target, database, { runId: '822' });
    expect(errors(result)).toBe('');
    expect(result.outputs).toMatchObject({ status: 'applied', 'backup-verified': 'true' });
    expect(await maria("show databases like 'deploy%'")).toEqual([]);
    expect(await maria('select id, name, hex(raw) from item')).toEqual(rows);

    await maria('drop event tick; drop procedure two; drop table item; create table half_done (id int)');
    await lab.server.exec(['sh', '-c', result.outputs['restore-command'] ?? 'false']);
    expect(await maria('select id, name, hex(raw) from item')).toEqual(rows);
    expect(await maria('show tables')).toEqual(['item', 'named']);
    expect(await maria('call two()')).toEqual(['2']);
    expect(await maria('select event_name from information_schema.events')).toEqual(['tick']);
    await maria("drop event tick; insert into item (name) values ('loud')");
    expect(await maria('select name from item order by id desc limit 1')).toEqual(['LOUD']);
  });

  it('stops the migration when it cannot be dumped', async () => {
    await maria('create table gone (id int); create view broken as select id from gone; drop table gone');
    const result = await migrate(target, database, { runId: '823' });
    await maria('drop view broken');
    expect(result.outputs).toMatchObject({ 'error-code': 'BACKUP_FAILED', status: 'refused', 'backup-path': '' });
    expect(errors(result)).toMatch(/broken.*no command was run/);
  });

  it('is dumped over the network from a client image, its password nowhere', async () => {
    const { mariadb = expect.fail('no MariaDB') } = lab.images;
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    const { stdout } = await lab.server.docker(['inspect', '-f', format, `${target.project}-maria-1`]);
    const inputs = {
      commands: 'true',
      'database-url': `mysql://outside:topsecret-${target.project}@${stdout.trim()}:3306/shop`,
      'client-image': lab.reference('anonymous', mariadb.repository, mariadb.digest),
    };
    const result = await migrate(target, inputs, { runId: '824' });
    expect(errors(result)).toBe('');
    expect(result.outputs).toMatchObject({ status: 'applied', 'backup-verified': 'true' });
  });
});
