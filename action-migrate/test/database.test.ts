import { inputReader } from '@deploy-actions/kit/action/inputs';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { nameBackup, outdatedBackups } from '../src/backup/backup-file.ts';
import { parseDatabaseUrl } from '../src/database/connection.ts';
import { readBackup, readDatabase } from '../src/database/database-inputs.ts';
import { parseFacts } from '../src/database/engine.ts';
import { mysql } from '../src/database/mysql.ts';
import { postgres } from '../src/database/postgres.ts';

const defaults = { backup: 'auto', 'backup-keep': '5', 'backup-compress': '1', 'backup-timeout': '30m' };
const read = (values: Readonly<Record<string, string>>) => {
  const inputs = inputReader(fakeRunner({ ...defaults, ...values }));
  const database = readDatabase(inputs);
  return { database, backup: readBackup(inputs, database) };
};

describe('parseDatabaseUrl', () => {
  it('makes a service file of it, with the password as it is', () => {
    const url = 'postgresql+psycopg://ann:p%40ss%3A%25%20w@db.example:6432/shop?sslmode=require&schema=public';
    const connection = parseDatabaseUrl(url);
    expect(connection.settings).toBe(
      '[deploy]\nhost=db.example\nport=6432\nuser=ann\ndbname=shop\npassword=p@ss:% w\nsslmode=require\n',
    );
    expect(connection).toMatchObject({ engine: 'postgres', label: 'shop on db.example:6432' });
    expect(connection.secrets).toEqual(['p@ss:% w', 'p%40ss%3A%25%20w']);
  });

  it('makes a quoted option file for MySQL', () => {
    expect(parseDatabaseUrl('mysql2://ann:a%22b%5Cc%23@db/shop').settings).toBe(
      '[client]\nhost="db"\nport=3306\nuser="ann"\npassword="a\\"b\\\\c#"\n',
    );
  });

  it.each([
    ['no URL', 'secret-thing'],
    ['another database', 'mongodb://u:secret-thing@h/d'],
    ['no database', 'postgres://u:secret-thing@h'],
    ['no user', 'postgres://h/secret-thing'],
    ['a line break', 'postgres://u:secret-thing%0Ahost=evil@h/d'],
    ['a broken escape', 'postgres://u:secret-thing%zz@h/d'],
  ])('refuses %s without quoting it', (_name, url) => {
    let message = 'accepted';
    try {
      parseDatabaseUrl(url);
    } catch (thrown) {
      message = String(thrown);
    }
    expect(message).toContain('input `database-url`');
    expect(message).not.toContain('secret-thing');
  });
});

describe('the inputs of a database', () => {
  it('back up wherever a database is named', () => {
    expect(read({}).backup).toBeUndefined();
    expect(read({ 'database-service': 'db' }).backup).toMatchObject({ keep: 5, compress: 1 });
    expect(read({ 'database-service': 'db', backup: 'off' }).backup).toBeUndefined();
  });

  it.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ['a required backup of nothing', { backup: 'required' }, 'no database is named'],
    ['a word for a mode', { backup: 'yes' }, 'input `backup`'],
    ['two databases', { 'database-service': 'db', 'database-url': 'postgres://u@h/d' }, '`database-file` is given too'],
    ['a URL without client programs', { 'database-url': 'postgres://u@h/d' }, 'client-service'],
    ['a file of no service', { 'database-file': '/data/app.db' }, 'database-service'],
    ['a relative file', { 'database-service': 'api', 'database-file': 'app.db' }, 'an absolute path'],
    ['a quote in a path', { 'database-service': 'api', 'database-file': "/a'b.db" }, 'an absolute path'],
    ['a client without use', { 'database-service': 'db', 'client-image': 'postgres:17' }, 'have use for it'],
    ['two clients', { 'client-service': 'a', 'client-image': 'postgres:17' }, '`client-service` is given too'],
    ['a name without a database', { 'database-name': 'shop' }, 'input `database-name`'],
    ['a check of nothing', { 'database-service': 'db', 'backup-check': 'true' }, 'input `backup-check`'],
    ['a command without a place', { 'backup-command': 'dump' }, 'input `backup-command`'],
    ['a name that is an option', { 'database-service': 'db', 'database-name': '-x' }, 'input `database-name`'],
  ])('refuse %s', (_name, values, words) => {
    expect(() => read(values)).toThrow(words);
  });
});

describe('backups as files', () => {
  const name = nameBackup({
    at: new Date('2026-11-21T09:05:01.123Z'),
    database: '/data/my app.db',
    runKey: '77',
    attempt: 2,
    extension: 'sqlite3',
  });

  it('are named by time, database and run', () => {
    expect(name).toBe('20261121T090501Z-my_app.db-77-2.sqlite3');
  });

  it('go when they are old, but never the way back nor what is not ours', () => {
    const files = [
      '20260101T000000Z-a-1-1.dump',
      '20260102T000000Z-a-2-1.dump',
      '20260103T000000Z-a-3-1.dump',
      'mine.dump',
      '',
    ];
    expect(outdatedBackups(files, 1, new Set())).toEqual(files.slice(0, 2));
    expect(outdatedBackups(files, 1, new Set([files[0] ?? '']))).toEqual([files[1]]);
    expect(outdatedBackups([name, ...files], 9, new Set())).toEqual([]);
  });
});

describe('what a database says of itself', () => {
  it('is read line by line', () => {
    const text =
      'name shop\nuser ann\nbytes 8000000\nserver-major 15\nversion PostgreSQL 15.18 (Debian)\nclient-major 17\n';
    expect(parseFacts(text)).toEqual({
      name: 'shop',
      user: 'ann',
      bytes: 8_000_000,
      serverMajor: 15,
      clientMajor: 17,
      version: 'PostgreSQL 15.18 (Debian)',
      freeForCheck: undefined,
      cautions: [],
    });
  });
});

describe('the restore command', () => {
  const target = {
    containerName: 'shop-db-1',
    path: '/srv/shop/.deploy/backups/a.dump',
    name: 'shop',
    user: 'ann',
    image: '',
    remote: undefined,
  };
  const remote = { host: 'db.example', port: '5432', user: 'ann', database: 'shop', image: 'postgres:17' };

  it('names the container and the file of a project’s own database', () => {
    expect(postgres.restoreCommand(target)).toBe(
      'docker exec -i shop-db-1 pg_restore --clean --if-exists --create --exit-on-error --dbname=template1 --username=ann < /srv/shop/.deploy/backups/a.dump',
    );
    expect(mysql.restoreCommand({ ...target, user: 'root' })).toContain('create database \\`shop\\`');
  });

  it('holds no password of a database elsewhere', () => {
    expect(postgres.restoreCommand({ ...target, remote })).toContain('--env PGPASSWORD postgres:17 pg_restore');
    expect(mysql.restoreCommand({ ...target, remote })).toContain('--env MYSQL_PWD');
  });
});
