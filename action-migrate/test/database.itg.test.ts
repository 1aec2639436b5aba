import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../lab/src/index.ts';
import { cutConnection, migrate, openJob, stateFile, stepOptions, type Target } from './server.ts';
import { errorsOf as errors, openShop, type Shop } from './shop.ts';

const database = { 'database-service': 'db' };

let shop: Shop;
let lab: Lab;
let target: Target;
let query: Shop['query'];
let writeSql: Shop['writeSql'];
let backups: Shop['backups'];

beforeAll(async () => {
  shop = await openShop();
  ({ lab, target, query, writeSql, backups } = shop);
});
afterAll(async () => {
  await lab.server.exec(['sh', '-c', 'umount "$1" 2>/dev/null; true', 'sh', `${target.path}/.deploy/backups`]);
  await shop.remove();
});

describe('a migration with a backup', () => {
  it('dumps, proves, names and records it, and its restore command gives the rows back', async () => {
    const first = await migrate(
      target,
      { commands: 'python3 manage.py migrate --noinput', ...database },
      { runId: '801' },
    );
    expect(first.outcome).toBe('success');
    await query("insert into shop_item (name) select 'item ' || n from generate_series(1, 500) n");
    const rows = await query('select id, name from shop_item order by id');

    const drop =
      'python3 manage.py shell -c \'from django.db import connection as c; c.cursor().execute("delete from shop_item"); raise SystemExit(3)\'';
    const result = await migrate(target, { commands: drop, ...database }, { runId: '802' });
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_FAILED',
      'exit-code': '3',
      'backup-verified': 'true',
    });
    const path = result.outputs['backup-path'] ?? '';
    expect(path).toMatch(/\/\.deploy\/backups\/\d{8}T\d{6}Z-shop-802-1\.dump$/);
    expect(errors(result)).toContain(`The backup of before is ${path}`);
    expect(result.summary).toContain('pg_restore --clean');
    const listed = await lab.server.exec([
      'sh',
      '-c',
      'cd "$1"; stat -c "%a %U %n" *; sha256sum -c --quiet *.sha256',
      'sh',
      dirname(path),
    ]);
    expect(listed.stdout).toMatch(/^600 deploy \S+-802-1\.dump$/m);
    expect(listed.stdout).not.toContain('partial');
    const record = JSON.parse((await stateFile(target, 'migration.json')) ?? '') as Readonly<Record<string, unknown>>;
    // The rollout of run 801 never came: the way back from both is the older backup.
    expect(record).toMatchObject({ applied: true, backupPath: first.outputs['backup-path'] });

    expect(await query('select count(*) from shop_item')).toEqual(['0']);
    await query('create database second');
    await lab.server.exec([
      'sh',
      '-c',
      `docker exec -i ${target.project}-db-1 pg_restore -h /tmp -U shop -d second < ${path}`,
    ]);
    expect(await query('select id, name from shop_item order by id', 'second')).toEqual(rows);
    await lab.server.exec(['sh', '-c', result.outputs['restore-command'] ?? 'false']);
    expect(await query('select id, name from shop_item order by id')).toEqual(rows);
  });
});

/**
 * Puts a small disk where the backups go: ext4 in a file, where the machine lends its server a loop device; else a file
 * system in memory, which is full in the same way (ENOSPC at the write).
 */
async function smallDisk(megabytes: number): Promise<() => Promise<void>> {
  const folder = `${target.path}/.deploy/backups`;
  const source = `
set -eu
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
for n in 0 1 2 3 4 5 6 7; do [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n; done
truncate -s "$2"M "$1.img"; mkfs.ext4 -q -m 0 "$1.img"
mount -o loop "$1.img" "$1" 2>/dev/null || mount -t tmpfs -o "size=$2m" tmpfs "$1"
chmod 0777 "$1"`;
  await lab.server.exec(['sh', '-c', source, 'sh', folder, String(megabytes)]);
  return async () => {
    await lab.server.exec(['sh', '-c', 'umount -l "$1"; rm -f "$1.img"', 'sh', folder]);
  };
}

describe('a backup that cannot be trusted', () => {
  it('is not begun where the disk has too little room', async () => {
    const release = await smallDisk(2);
    const result = await migrate(target, { commands: 'false', ...database }, { runId: '805' });
    await release();
    expect(result.outputs).toMatchObject({ 'error-code': 'DISK_LOW', status: 'refused', 'backup-path': '' });
    expect(errors(result)).toContain('no command was run');
  });

  it('stops the migration when the disk fills under it', async () => {
    // Some hundred kilobytes in the database, which compresses them, and 60 MB in a dump that does not.
    await query("create table big as select repeat('x', 12000000) as x from generate_series(1, 5)");
    const release = await smallDisk(45);
    const result = await migrate(target, { commands: 'false', ...database, 'backup-compress': '0' }, { runId: '806' });
    const left = await backups();
    await release();
    await query('drop table big');
    expect(['BACKUP_CORRUPT', 'BACKUP_FAILED']).toContain(result.outputs['error-code']);
    expect(result.outputs).toMatchObject({ status: 'refused', applied: 'false' });
    expect(left).toEqual([]);
  });
});

describe('SQL files', () => {
  const sql = { service: '', 'sql-files': 'db/*.sql', ...database };

  it('are applied in order, each once, and remembered by the database', async () => {
    writeSql({
      'db/1_table.sql':
        "create table orders (id int primary key, email text);\ninsert into orders values (1, 'a;b'), (2, 'c');",
      'db/2_index.sql': 'create index concurrently orders_email on orders (email);',
    });
    const result = await migrate(target, { ...sql, 'backup-keep': '1' }, { runId: '811' });
    expect(errors(result)).toBe('');
    // As many as it was told, and the way back from what no release stands for yet.
    expect((await backups()).map((name) => name.replace(/^.*shop-/, ''))).toEqual(['801-1.dump', '811-1.dump']);
    expect(result.outputs).toMatchObject({
      status: 'applied',
      'applied-files': 'db/1_table.sql\ndb/2_index.sql',
      'backup-verified': 'true',
    });
    expect(await query('select email from orders order by id')).toEqual(['a;b', 'c']);
    const again = await migrate(target, sql, { runId: '812' });
    expect(again.outputs).toMatchObject({ status: 'nothing-pending', applied: 'false', 'backup-path': '' });
    expect(again.summary).toContain('applied earlier');
  });

  it('leave nothing of a file behind that fails in the middle', async () => {
    writeSql({
      'db/3.sql': "insert into orders values (3, 'd');\nselect * from nowhere;\ninsert into orders values (4, 'e');",
    });
    const result = await migrate(target, sql, { runId: '813' });
    expect(result.outputs).toMatchObject({
      'error-code': 'SQL_ERROR',
      sqlstate: '42P01',
      applied: 'false',
      'exit-code': '3',
    });
    expect(errors(result)).toMatch(
      /db\/3\.sql, line 2: relation "nowhere" does not exist.*Nothing of this file was applied/,
    );
    expect(await query('select count(*) from orders')).toEqual(['2']);
  });

  it('give up behind an idle transaction, and name it', async () => {
    const hold =
      "printf 'begin; lock table orders;\\n' | { cat; sleep 900; } | PGAPPNAME=forgotten psql -h /tmp -U shop shop";
    await lab.server.docker(['exec', '-d', `${target.project}-db-1`, 'sh', '-c', hold]);
    const ofHolder = "from pg_stat_activity where application_name = 'forgotten'";
    await shop.waitFor(`select state || ' ' || query ${ofHolder}`, 'idle in transaction lock table orders;');
    writeSql({ 'db/4.sql': 'alter table orders add column note text;' });
    const limits = { 'lock-timeout': '1s', 'lock-retries': '1', backup: 'off' };
    const result = await migrate(target, { ...sql, ...limits }, { runId: '814' });
    expect(result.outputs).toMatchObject({ 'error-code': 'LOCK_TIMEOUT', sqlstate: '55P03' });
    expect(errors(result)).toMatch(/idle in transaction.*forgotten/);
    expect(result.log).toContain('Trying again in');
    await query(`select pg_terminate_backend(pid) ${ofHolder}`);
  });

  it('find the invalid index that a failed build leaves, also when IF NOT EXISTS would pass over it', async () => {
    await query("insert into orders (id, email) values (7, 'twice'), (8, 'twice')");
    const index = 'create unique index concurrently if not exists orders_email_uq on orders (email);';
    writeSql({ 'db/4.sql': 'alter table orders add column note text;', 'db/5.sql': index });
    const off = { ...sql, backup: 'off' };
    const failed = await migrate(target, off, { runId: '815' });
    expect(failed.outputs).toMatchObject({
      'error-code': 'PARTIAL_APPLY',
      sqlstate: '23505',
      'applied-files': 'db/4.sql',
    });
    const passed = await migrate(target, off, { runId: '815', runAttempt: '2' });
    expect(passed.outputs).toMatchObject({ 'error-code': 'INVALID_INDEX', status: 'failed' });
    await query('drop index orders_email_uq');
    await query('delete from orders where id = 8');
    expect((await migrate(target, off, { runId: '815', runAttempt: '3' })).outcome).toBe('success');
  });
});

/** A file whose transaction ends only when the test opens the gate, and that counts how often it was applied. */
async function gatedFile(word: string): Promise<() => Promise<unknown>> {
  await query('drop table if exists gate; create table gate (opened int)');
  writeSql({
    'db/9.sql': `do $$ begin while not exists (select from gate) loop perform pg_sleep(0.1); end loop; end $$;
insert into orders (id, email) select max(id) + 1, '${word}' from orders;`,
  });
  return () => query('insert into gate values (1)');
}
const gateIsWaitedFor = (): Promise<void> =>
  shop.waitFor("select count(*) from pg_stat_activity where query like 'do $$ begin while%'", '1');

describe('while a SQL file is applied', () => {
  const inputs = { service: '', 'sql-files': 'db/9.sql', ...database, backup: 'off' };

  it('a runner that dies leaves psql at work, and the re-run neither starts beside it nor applies the file twice', async () => {
    const openGate = await gatedFile('slow');
    const job = await openJob(target, { runId: '817' });
    const running = job.step(stepOptions(target, inputs));
    await gateIsWaitedFor();
    await job.kill();
    await running;
    await job.finish();
    const other = await migrate(target, { ...inputs, 'lock-wait': '1s' }, { runId: '818' });
    expect(other.outputs).toMatchObject({ 'error-code': 'LOCKED' });
    const waiting = { words: 'Another session migrates this database; waiting', act: openGate };
    const again = await migrate(target, inputs, { runId: '817', runAttempt: '2' }, [waiting]);
    expect(errors(again)).toBe('');
    expect(again.log).toContain('applied meanwhile by another session');
    expect(await query("select count(*) from orders where email = 'slow'")).toEqual(['1']);
  });

  it('a connection that is cut is made again, and the file is applied once', async () => {
    const openGate = await gatedFile('cut');
    const cut = async (): Promise<void> => {
      await gateIsWaitedFor();
      await cutConnection(lab, '/deploy-actions-819-1/9.sq[l]');
    };
    const result = await migrate(target, inputs, { runId: '819' }, [
      { words: '[1/1] db/9.sql', act: cut },
      { words: 'psql goes on there', act: openGate },
    ]);
    expect(errors(result)).toBe('');
    expect(result.outputs).toMatchObject({ status: 'applied', 'applied-files': 'db/9.sql' });
    expect(await query("select count(*) from orders where email = 'cut'")).toEqual(['1']);
  });
});

describe('a database outside of the project', () => {
  it('is dumped and changed from a client image, and its password shows nowhere', async () => {
    const name = `${target.project}-elsewhere`;
    const password = `topsecret-${target.project}`;
    const variables = ['POSTGRES_USER=app', 'POSTGRES_DB=far', `POSTGRES_PASSWORD=${password}`];
    const run = ['run', '--detach', '--rm', '--name', name, ...variables.flatMap((one) => ['--env', one])];
    await lab.server.docker([...run, shop.postgres]);
    try {
      const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
      const address = (await lab.server.docker(['inspect', '-f', format, name])).stdout.trim();
      const ready = ['exec', name, 'sh', '-c', 'until pg_isready -q -h 127.0.0.1 -d far; do sleep 0.2; done'];
      await lab.server.docker(ready);
      writeSql({ 'db/6.sql': 'create table parcels (id int primary key);\ninsert into parcels values (60);' });
      const result = await migrate(
        target,
        {
          service: '',
          'sql-files': 'db/6.sql',
          'database-url': `postgres://app:${password}@${address}:5432/far?sslmode=disable`,
          'client-image': shop.postgres,
        },
        { runId: '816' },
      );
      expect(errors(result)).toBe('');
      expect(result.outputs).toMatchObject({ 'applied-files': 'db/6.sql', 'backup-verified': 'true' });
      expect(result.outputs['restore-command']).toContain('--env PGPASSWORD');
      const rows = await lab.server.docker([
        ...['exec', name, 'psql', '-h', '/tmp', '-U', 'app', '-XAtc', 'select id from parcels', 'far'],
      ]);
      expect(rows.stdout).toBe('60\n');
      const left = await lab.server.docker(['ps', '-aq', '--filter', `label=deploy-actions.client=${target.path}`]);
      expect(left.stdout).toBe('');
    } finally {
      await lab.server.docker(['rm', '--force', '--volumes', name]);
    }
  });
});
