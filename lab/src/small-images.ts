import { join } from 'node:path';
import { runCommand } from './command.ts';
import { assembleImage, assembleIndex } from './image.ts';
import type { Image, ImageConfig } from './image.ts';
import { ensureLayer } from './layer.ts';
import type { Layer } from './layer.ts';
import { copyBusybox, ensureContentLayer, ensureFileLayer, ensureNodeLayer, writeAccounts } from './node-runtime.ts';
import type { PackageSource } from './packages.ts';
import { pushImage } from './push.ts';
import type { PushTarget } from './push.ts';
import { APP_RELEASES, WORKER_RELEASES } from './release.ts';
import type { PublishedRelease, Release, SmallImages } from './release.ts';
import { buildTree, INSTALL_TIME_ONLY } from './tree.ts';

/** What building and publishing images needs. */
export interface ImageSite {
  readonly source: PackageSource;
  readonly cache: string;
  readonly tools: string;
  readonly architecture: string;
  /** The anonymous registry: the others show the same storage. */
  readonly target: Omit<PushTarget, 'repository'>;
}

const SOURCE_URL = 'https://github.com/your-org/deploy-actions';
export const NANOSECONDS_PER_SECOND = 1_000_000_000;
const IMAGES = join(import.meta.dirname, '../images');

/** Builds (or finds) the app, the worker and the proxy and publishes them. */
export async function publishSmallImages(site: ImageSite): Promise<SmallImages> {
  const base = await ensureNodeLayer(site.cache, site.tools);
  const app = await ensureFileLayer(site.cache, 'app', {
    'app/server.mjs': join(IMAGES, 'app/server.mjs'),
    'app/migrate.mjs': join(IMAGES, 'app/migrate.mjs'),
  });
  const worker = await ensureFileLayer(site.cache, 'worker', {
    'app/worker.mjs': join(IMAGES, 'worker/worker.mjs'),
    'app/check.mjs': join(IMAGES, 'worker/check.mjs'),
  });
  const haproxy = await publishProxy(site);
  return {
    app: { repository: 'lab/app', ...(await publishReleases(site, 'lab/app', APP_RELEASES, [base, app], APP_CONFIG)) },
    worker: {
      repository: 'lab/worker',
      ...(await publishReleases(site, 'lab/worker', WORKER_RELEASES, [base, worker], WORKER_CONFIG)),
    },
    haproxy,
    ...(await publishVariants(site, [base, app])),
  };
}

/** Pushes each release under its commit; the first one is `latest` too. */
export async function publishReleases<K extends string>(
  site: ImageSite,
  repository: string,
  releases: Readonly<Record<K, Release>>,
  layers: readonly Layer[],
  config: ImageConfig,
  own: (release: Release) => Promise<readonly Layer[]> = (release) => stampLayers(site, release),
): Promise<Readonly<Record<K, PublishedRelease>>> {
  const published: Record<string, PublishedRelease> = {};
  for (const [name, release] of Object.entries<Release>(releases)) {
    const image = assembleRelease(site, release, [...layers, ...(await own(release))], config);
    await pushImage({ ...site.target, repository }, image, name === 'v1' ? [release.sha, 'latest'] : [release.sha]);
    published[name] = { sha: release.sha, version: release.version, digest: image.digest };
  }
  return published as Record<K, PublishedRelease>;
}

export function assembleRelease(
  site: ImageSite,
  release: Release,
  layers: readonly Layer[],
  config: ImageConfig,
): Image {
  const env = { ...release.env, GIT_SHA: release.sha, APP_VERSION: release.version };
  const own = release.startSeconds === undefined ? {} : { StartPeriod: release.startSeconds * NANOSECONDS_PER_SECOND };
  return assembleImage({
    architecture: site.architecture,
    format: 'docker',
    layers,
    config: {
      ...config,
      ...(config.Healthcheck === undefined ? {} : { Healthcheck: { ...config.Healthcheck, ...own } }),
      Env: [...(config.Env ?? []), ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      Labels: { ...config.Labels, ...labelsOf(release) },
    },
  });
}

/** A layer of its own for each commit, so that an update has something to pull. */
export async function stampLayers(site: ImageSite, release: Release): Promise<readonly Layer[]> {
  const content = JSON.stringify({ git_sha: release.sha, version: release.version });
  return [await ensureContentLayer(site.cache, 'stamp', { 'app/release.json': `${content}\n` })];
}

/**
 * Health check by busybox's wget, once a second. Patient, so that no stall of the machine makes a good app unhealthy: what
 * must be found sick soon answers at once, and has a start period of its own (release.ts).
 */
export function checkPath(path: string): ImageConfig['Healthcheck'] & object {
  return {
    // No `-T`: the static busybox of Debian 12 crashes on it.
    Test: ['CMD-SHELL', `/bin/busybox wget -q -O /dev/null "http://127.0.0.1:\${PORT:-8000}${path}"`],
    Interval: NANOSECONDS_PER_SECOND,
    Timeout: 60 * NANOSECONDS_PER_SECOND,
    Retries: 3,
    StartPeriod: 120 * NANOSECONDS_PER_SECOND,
  };
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const APP_CONFIG: ImageConfig = {
  Env: [PATH, 'PORT=8000'],
  Cmd: ['/usr/bin/node', '/app/server.mjs'],
  User: 'app',
  WorkingDir: '/app',
  ExposedPorts: { '8000/tcp': {} },
  Healthcheck: checkPath('/healthz'),
};

const WORKER_CONFIG: ImageConfig = {
  Env: [PATH],
  Cmd: ['/usr/bin/node', '/app/worker.mjs'],
  User: 'app',
  WorkingDir: '/app',
};

function labelsOf({ sha, version }: Release): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.created': '2025-01-01T00:00:00Z',
    'org.opencontainers.image.revision': sha,
    'org.opencontainers.image.source': SOURCE_URL,
    'org.opencontainers.image.version': version,
  };
}

/** Images of v1 that are wrong or special in one way each. */
async function publishVariants(
  site: ImageSite,
  layers: readonly Layer[],
): Promise<Omit<SmallImages, 'app' | 'worker' | 'haproxy'>> {
  const release: Release = APP_RELEASES.v1;
  const tag = release.sha;
  const all = [...layers, ...(await stampLayers(site, release))];
  const push = async (
    repository: string,
    image: Parameters<typeof pushImage>[1],
  ): Promise<{ repository: string; tag: string; digest: string }> => {
    await pushImage({ ...site.target, repository }, image, [tag]);
    return { repository, tag, digest: image.digest };
  };
  const otherArchitecture = site.architecture === 'arm64' ? 'amd64' : 'arm64';
  const otherSite = { ...site, architecture: otherArchitecture };
  const right = assembleRelease(site, release, all, APP_CONFIG);
  const other = assembleRelease(otherSite, release, all, APP_CONFIG);
  const index = assembleIndex([toOci(right), toOci(other)]);
  const mislabelled = assembleImage({
    architecture: site.architecture,
    format: 'docker',
    layers: all,
    config: {
      ...APP_CONFIG,
      Labels: { ...labelsOf(release), 'org.opencontainers.image.revision': APP_RELEASES.v2.sha },
    },
  });
  return {
    appPublic: await push('public/app', right),
    appMislabelled: await push('lab/app-mislabelled', mislabelled),
    appOtherPlatform: { ...(await push('lab/app-arm64', other)), architecture: otherArchitecture },
    appIndex: {
      ...(await push('lab/app-index', index)),
      manifests: Object.fromEntries(index.images.map(({ architecture, digest }) => [architecture, digest])),
    },
  };

  function toOci({ architecture }: Image): Image {
    const config = {
      ...APP_CONFIG,
      Env: [...(APP_CONFIG.Env ?? []), `GIT_SHA=${release.sha}`, `APP_VERSION=${release.version}`],
    };
    return assembleImage({
      architecture,
      format: 'oci',
      layers: all,
      config: { ...config, Labels: labelsOf(release) },
    });
  }
}

/** HAProxy from the distribution's packages. Its configuration is mounted at /etc/haproxy/haproxy.cfg. */
async function publishProxy(site: ImageSite): Promise<{ repository: string; tag: string; digest: string }> {
  const tree = await buildTree(site.source, site.cache, {
    name: 'haproxy',
    version: 1,
    packages: ['haproxy'],
    without: [
      ...INSTALL_TIME_ONLY,
      /^(tar|passwd|libpam.*|libdb5\.3|libaudit.*|libcap-ng0|util-linux.*|libsmartcols1|libmount1)$/,
    ],
  });
  const layer = await ensureLayer(site.cache, `haproxy-1-${tree.slice(-12)}`, async (folder) => {
    await runCommand(['cp', '-a', `${tree}/.`, folder]);
    await copyBusybox(site.tools, folder);
    writeAccounts(folder);
  });
  const image = assembleImage({
    architecture: site.architecture,
    format: 'docker',
    layers: [layer],
    // SIGUSR1 is HAProxy's soft stop; at SIGTERM it drops its connections.
    config: {
      Env: [PATH],
      Cmd: ['/usr/sbin/haproxy', '-W', '-db', '-f', '/etc/haproxy/haproxy.cfg'],
      StopSignal: 'SIGUSR1',
    },
  });
  await pushImage({ ...site.target, repository: 'lab/haproxy' }, image, ['1']);
  return { repository: 'lab/haproxy', tag: '1', digest: image.digest };
}
