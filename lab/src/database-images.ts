import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { assembleImage } from './image.ts';
import type { ImageConfig } from './image.ts';
import { digestOf, ensureLayer } from './layer.ts';
import { copyBusybox, writeAccounts } from './node-runtime.ts';
import { pushImage } from './push.ts';
import type { DatabaseImages, PublishedImage } from './release.ts';
import { NANOSECONDS_PER_SECOND } from './small-images.ts';
import type { ImageSite } from './small-images.ts';
import { buildTree, INSTALL_TIME_ONLY } from './tree.ts';

const ENTRY = join(import.meta.dirname, '../images/mariadb/entry.sh');
const MYSQL_UID = 999;
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Builds (or finds) MariaDB and SQLite's shell and publishes them. */
export async function publishDatabaseImages(site: ImageSite): Promise<DatabaseImages> {
  return { mariadb: await publishMariadb(site), sqlite: await publishSqlite(site) };
}

async function publishMariadb(site: ImageSite): Promise<PublishedImage> {
  const tree = await buildTree(site.source, site.cache, {
    name: 'mariadb',
    version: 1,
    packages: ['mariadb-server-core', 'mariadb-client'],
    // The tools of Debian's packaging are written in Perl; no client or server is.
    without: [...INSTALL_TIME_ONLY, /^(lib.*-perl|perl.*|tar|debianutils|libpam.*|passwd)$/],
  });
  const key = digestOf(readFileSync(ENTRY)).slice(7, 15);
  const layer = await ensureLayer(site.cache, `mariadb-1-${tree.slice(-12)}-${key}`, async (folder) => {
    await runCommand(['cp', '-a', `${tree}/.`, folder]);
    await copyBusybox(site.tools, folder);
    writeAccounts(folder, [`mysql:x:${String(MYSQL_UID)}:${String(MYSQL_UID)}:mysql:/var/lib/mysql:/bin/sh`]);
    copyFileSync(ENTRY, join(folder, 'entry.sh'));
    chmodSync(join(folder, 'entry.sh'), 0o755);
    for (const path of ['var/lib/mysql', 'run/mysqld']) {
      mkdirSync(join(folder, path), { recursive: true });
      chownSync(join(folder, path), MYSQL_UID, MYSQL_UID);
    }
  });
  const config: ImageConfig = {
    Env: [PATH],
    Cmd: ['/entry.sh'],
    User: 'mysql',
    ExposedPorts: { '3306/tcp': {} },
    Volumes: { '/var/lib/mysql': {} },
    Healthcheck: {
      // Answered also where the password is not given.
      Test: ['CMD-SHELL', 'mariadb-admin --no-defaults --host=127.0.0.1 ping'],
      Interval: NANOSECONDS_PER_SECOND,
      Timeout: 60 * NANOSECONDS_PER_SECOND,
      Retries: 3,
      StartPeriod: 120 * NANOSECONDS_PER_SECOND,
    },
  };
  const image = assembleImage({ architecture: site.architecture, format: 'docker', layers: [layer], config });
  await pushImage({ ...site.target, repository: 'lab/mariadb' }, image, ['1']);
  return { repository: 'lab/mariadb', tag: '1', digest: image.digest };
}

/** The shell of SQLite and nothing that runs by itself. */
async function publishSqlite(site: ImageSite): Promise<PublishedImage> {
  const tree = await buildTree(site.source, site.cache, {
    name: 'sqlite',
    version: 1,
    packages: ['sqlite3'],
    without: INSTALL_TIME_ONLY,
  });
  const layer = await ensureLayer(site.cache, `sqlite-1-${tree.slice(-12)}`, async (folder) => {
    await runCommand(['cp', '-a', `${tree}/.`, folder]);
    await copyBusybox(site.tools, folder);
    writeAccounts(folder);
  });
  const config: ImageConfig = { Env: [PATH], Cmd: ['sqlite3'] };
  const image = assembleImage({ architecture: site.architecture, format: 'docker', layers: [layer], config });
  await pushImage({ ...site.target, repository: 'lab/sqlite' }, image, ['1']);
  return { repository: 'lab/sqlite', tag: '1', digest: image.digest };
}
