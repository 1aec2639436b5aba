import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runCommand } from './command.ts';
import { LabError } from './error.ts';
import { assembleImage } from './image.ts';
import type { ImageConfig } from './image.ts';
import { digestOf, ensureLayer } from './layer.ts';
import type { Layer } from './layer.ts';
import { copyBusybox, ensureContentLayer, writeAccounts } from './node-runtime.ts';
import { pushImage } from './push.ts';
import { DJANGO_RELEASES } from './release.ts';
import type { FullImages, PublishedImage, Release } from './release.ts';
import { checkPath, NANOSECONDS_PER_SECOND, publishReleases, stampLayers } from './small-images.ts';
import type { ImageSite } from './small-images.ts';
import { buildTree, INSTALL_TIME_ONLY } from './tree.ts';

const IMAGES = join(import.meta.dirname, '../images');
const POSTGRES_UID = 999;
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** Builds (or finds) the Django app and PostgreSQL and publishes them. */
export async function publishFullImages(site: ImageSite): Promise<FullImages> {
  const postgres = await publishPostgres(site);
  const python = await ensurePythonLayer(site);
  const releases = await publishReleases(site, 'lab/django', DJANGO_RELEASES, [python], DJANGO_CONFIG, (release) =>
    djangoLayers(site, release),
  );
  return { django: { repository: 'lab/django', ...releases }, postgres };
}

const DJANGO_CONFIG: ImageConfig = {
  Env: [`PATH=${PATH}`, 'PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1', 'LANG=C.UTF-8', 'PORT=8000'],
  Cmd: [
    'gunicorn',
    'shop.wsgi',
    '--bind=0.0.0.0:8000',
    '--workers=2',
    '--threads=4',
    '--graceful-timeout=5',
    '--worker-tmp-dir=/dev/shm',
  ],
  User: 'app',
  WorkingDir: '/app',
  ExposedPorts: { '8000/tcp': {} },
  Healthcheck: checkPath('/healthz'),
};

/** Each release is the files of the ones before it and its own on top. */
async function djangoLayers(site: ImageSite, release: Release): Promise<readonly Layer[]> {
  const own: Layer[] = [];
  for (const [name, { sha }] of Object.entries(DJANGO_RELEASES)) {
    own.push(await ensureContentLayer(site.cache, 'django-app', readFolder(join(IMAGES, 'django', name), 'app')));
    if (sha === release.sha) break;
  }
  return [...own, ...(await stampLayers(site, release))];
}

/** Path in the image → content, of every file below a folder. */
function readFolder(folder: string, target: string): Readonly<Record<string, Buffer>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.endsWith('.pyc'),
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [join(target, relative(folder, path)), readFileSync(path)]));
}

async function ensurePythonLayer(site: ImageSite): Promise<Layer> {
  const tree = await buildTree(site.source, site.cache, {
    name: 'django',
    version: 2,
    packages: ['python3-django', 'gunicorn', 'python3-psycopg2'],
    without: [...INSTALL_TIME_ONLY, /^tar$/],
    finish: async (folder) => {
      // No maintainer script has compiled anything: without this, each start takes a second longer.
      await runCommand(['chroot', folder, '/usr/bin/python3', '-c', COMPILE]);
    },
  });
  return ensureLayer(site.cache, `django-2-${tree.slice(-12)}`, async (folder) => {
    await runCommand(['cp', '-a', `${tree}/.`, folder]);
    await copyBusybox(site.tools, folder);
    writeAccounts(folder);
  });
}

/** By hash without a look at the source: the layer gives every file the same time, which compiled files would not match. */
const COMPILE = `import compileall, py_compile, sysconfig
for folder in ("/usr/lib/python3", sysconfig.get_path("stdlib")):
    compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)`;

async function publishPostgres(site: ImageSite): Promise<PublishedImage> {
  const tree = await buildTree(site.source, site.cache, {
    name: 'postgres',
    version: 1,
    packages: ['postgresql', 'tzdata'],
    // LLVM is for just-in-time compilation, which is off.
    without: [
      ...INSTALL_TIME_ONLY,
      /^(libllvm.*|libz3-.*|postgresql-common.*|ssl-cert|locales|libc-l10n|tar|passwd|libpam-.*)$/,
    ],
  });
  const [version = ''] = readdirSync(join(tree, 'usr/lib/postgresql'));
  if (version === '') throw new LabError(`no PostgreSQL in ${tree}`);
  const entry = join(IMAGES, 'postgres/entry.sh');
  const entryKey = digestOf(readFileSync(entry)).slice(7, 15);
  const layer = await ensureLayer(site.cache, `postgres-2-${tree.slice(-12)}-${entryKey}`, async (folder) => {
    await runCommand(['cp', '-a', `${tree}/.`, folder]);
    await copyBusybox(site.tools, folder);
    writeAccounts(folder, [
      `postgres:x:${String(POSTGRES_UID)}:${String(POSTGRES_UID)}:postgres:/var/lib/postgresql:/bin/sh`,
    ]);
    copyFileSync(entry, join(folder, 'entry.sh'));
    const data = join(folder, 'var/lib/postgresql/data');
    mkdirSync(data, { recursive: true });
    chmodSync(data, 0o700);
    chownSync(data, POSTGRES_UID, POSTGRES_UID);
  });
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const config: ImageConfig = {
    Env: [`PATH=${bin}:${PATH}`, 'LANG=C.UTF-8', 'PGHOST=/tmp'],
    Cmd: ['/entry.sh'],
    User: 'postgres',
    WorkingDir: '/var/lib/postgresql',
    // Fast shutdown: clients are disconnected, transactions rolled back.
    StopSignal: 'SIGINT',
    ExposedPorts: { '5432/tcp': {} },
    Volumes: { '/var/lib/postgresql/data': {} },
    Healthcheck: {
      // By TCP: while the cluster is being made nothing listens there.
      Test: ['CMD-SHELL', `${bin}/pg_isready -q -h 127.0.0.1`],
      Interval: NANOSECONDS_PER_SECOND,
      Timeout: 60 * NANOSECONDS_PER_SECOND,
      Retries: 3,
      StartPeriod: 120 * NANOSECONDS_PER_SECOND,
    },
  };
  const image = assembleImage({ architecture: site.architecture, format: 'docker', layers: [layer], config });
  await pushImage({ ...site.target, repository: 'lab/postgres' }, image, [version]);
  return { repository: 'lab/postgres', tag: version, digest: image.digest };
}
