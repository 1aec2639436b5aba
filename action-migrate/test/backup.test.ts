import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@deploy-actions/kit/host/local-host';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeBackup } from '../src/backup/backup.ts';
import type { BackupWishes } from '../src/database/database-inputs.ts';
import type { DatabaseClient } from '../src/database/client.ts';
import { parseFacts, type DatabaseEngine } from '../src/database/engine.ts';
import { readFacts } from '../src/database/facts.ts';
import { mysql } from '../src/database/mysql.ts';
import { postgres } from '../src/database/postgres.ts';
import { door, plan } from './builder.ts';

/** A server on this machine: our scripts run in its shell, the programs of the database are scripts of each test. */
let server: string;
let backups: string;

beforeEach(() => {
  server = mkdtempSync(join(tmpdir(), 'backup-'));
  backups = join(server, '.deploy/backups');
  mkdirSync(backups, { recursive: true });
  mkdirSync(join(server, 'bin'));
  // `docker exec -i CONTAINER sh -c …`: the container is this machine too.
  program('docker', 'shift 3; exec "$@"');
  vi.stubEnv('PATH', `${join(server, 'bin')}:${process.env['PATH'] ?? ''}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(server, { recursive: true });
});

function program(name: string, body: string): void {
  const file = join(server, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

function clientOf(engine: DatabaseEngine): DatabaseClient {
  return {
    host: localHost(),
    container: 'shop-db-1',
    containerName: 'shop-db-1',
    engine,
    label: 'service db',
    args: ['shop', 'root'],
    settings: '',
    remote: undefined,
    signal: new AbortController().signal,
    close: () => Promise.resolve(),
  };
}

const wishes: BackupWishes = {
  keep: 5,
  compress: 1,
  timeout: milliseconds(120_000),
  command: undefined,
  check: undefined,
};

function backUp(engine: DatabaseEngine, databaseBytes = 1000) {
  const client = clientOf(engine);
  const it_ = door(client.host, plan(['a'], { deployPath: server }));
  const facts = parseFacts(`name shop\nuser root\nbytes ${databaseBytes}\n`);
  return makeBackup(it_, client, facts, wishes, []).catch((thrown: unknown) => thrown);
}

describe('a backup of PostgreSQL', () => {
  beforeEach(() => {
    program('pg_dump', "printf 'PGDMP rows'");
    program('pg_restore', 'cat > /dev/null');
  });

  it('has its name and its sum only when all of it was read', async () => {
    const backup = await backUp(postgres);
    const sha256 = createHash('sha256').update('PGDMP rows').digest('hex');
    expect(backup).toMatchObject({ sha256, bytes: 10, check: 'the whole archive read by pg_restore' });
    const files = readdirSync(backups).sort();
    expect(files).toEqual([
      expect.stringMatching(/-shop-77-1\.dump$/) as string,
      expect.stringMatching(/\.dump\.sha256$/) as string,
    ]);
    const [dump = '', sum = ''] = files.map((file) => join(backups, file));
    expect(statSync(dump).mode & 0o777).toBe(0o600);
    expect(readFileSync(sum, 'utf8')).toBe(`${sha256}  ${files[0] ?? ''}\n`);
  });

  it('is none when pg_dump fails after it had written something', async () => {
    program('pg_dump', "printf 'PGDMP ro'; echo 'pg_dump: error: server closed the connection' >&2; exit 1");
    expect(await backUp(postgres)).toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringMatching(/exit code 1: .*server closed.*no command was run/) as string,
    });
    expect(readdirSync(backups)).toEqual([]);
  });

  it.each([
    ['is empty', ':', 'cat > /dev/null', 'the file is empty'],
    [
      'can be listed, and not be read to its end',
      "printf 'PGDMP ro'",
      'case "$*" in *--list*) exit 0 ;; esac; cat > /dev/null; echo "pg_restore: error: could not read from input file: end of file" >&2; exit 1',
      'end of file',
    ],
  ])('is not kept when it %s', async (_name, dump, restore, words) => {
    program('pg_dump', dump);
    program('pg_restore', restore);
    expect(await backUp(postgres)).toMatchObject({
      code: 'BACKUP_CORRUPT',
      message: expect.stringMatching(new RegExp(`${words}.*no command was run`)) as string,
    });
    expect(readdirSync(backups)).toEqual([]);
  });

  it('is not begun where the disk has too little room', async () => {
    program('pg_dump', `touch ${join(server, 'begun')}`);
    expect(await backUp(postgres, 2 ** 60)).toMatchObject({ code: 'DISK_LOW' });
    expect(readdirSync(server)).not.toContain('begun');
  });

  it('clears away what a killed run left half-written', async () => {
    writeFileSync(join(backups, '20260101T000000Z-shop-1-1.dump.partial'), 'PGD');
    await backUp(postgres);
    expect(readdirSync(backups).filter((file) => file.includes('partial'))).toEqual([]);
  });
});

describe('a backup of MySQL', () => {
  const dump = (end: string): string => `printf 'create table t (a int);\\n${end}'`;

  it('is not kept when its last line is missing, whatever a load says', async () => {
    program('mariadb', 'cat > /dev/null; echo 1');
    program('mariadb-dump', dump(''));
    expect(await backUp(mysql)).toMatchObject({
      code: 'BACKUP_CORRUPT',
      message: expect.stringContaining('its last line is missing') as string,
    });
    program('mariadb-dump', dump('-- Dump completed on 2026-11-21\\n'));
    expect(await backUp(mysql)).toMatchObject({ bytes: expect.any(Number) as number });
  });

  it('is not kept when it cannot be loaded into a scratch database', async () => {
    program('mariadb-dump', dump('-- Dump completed\\n'));
    program(
      'mariadb',
      'case " $* " in *" -e "*) echo 1 ;; *) cat > /dev/null; echo "ERROR 1146 (42S02)" >&2; exit 1 ;; esac',
    );
    expect(await backUp(mysql)).toMatchObject({
      code: 'BACKUP_CORRUPT',
      message: expect.stringContaining('ERROR 1146') as string,
    });
    expect(readdirSync(backups)).toEqual([]);
  });
});

describe('a database that is asked', () => {
  const facts = (client: number) =>
    `cat > /dev/null; printf 'name shop\\nuser ann\\nbytes 8\\nserver-major 15\\nversion PostgreSQL 15.18\\nclient-major ${client}\\n'`;

  it('is backed up by programs of its own version or a newer one only', async () => {
    program('pg_restore', ':');
    program('psql', facts(15));
    program('pg_dump', 'echo "pg_dump (PostgreSQL) 16.2"');
    expect(await readFacts(clientOf(postgres))).toMatchObject({ serverMajor: 15, clientMajor: 16 });
    program('pg_dump', 'echo "pg_dump (PostgreSQL) 14.9"');
    await expect(readFacts(clientOf(postgres))).rejects.toMatchObject({
      code: 'CLIENT_TOO_OLD',
      message: expect.stringContaining('are of version 14') as string,
    });
  });

  it('is quoted where it refuses', async () => {
    program('mariadb-dump', ':');
    program('mariadb', 'echo "ERROR 1045 (28000): Access denied for user" >&2; exit 1');
    await expect(readFacts(clientOf(mysql))).rejects.toMatchObject({
      code: 'DB_UNHEALTHY',
      message: expect.stringMatching(/Access denied.*Nothing was changed/) as string,
    });
  });
});
