import { chmodSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { assembleImage } from './image.ts';
import type { ImageConfig } from './image.ts';
import { digestOf, ensureLayer } from './layer.ts';
import { copyBusybox, writeAccounts } from './node-runtime.ts';
import { pushImage } from './push.ts';
import type { ProxyImages, PublishedImage } from './release.ts';
import type { ImageSite } from './small-images.ts';
import { buildTree, INSTALL_TIME_ONLY } from './tree.ts';

const IMAGES = join(import.meta.dirname, '../images');
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** One proxy of the distribution, laid out as its official image is. */
interface ProxyRecipe {
  readonly name: 'nginx' | 'caddy';
  /** Raise when what is laid into the layer changes. */
  readonly version: number;
  readonly without: readonly RegExp[];
  /** Its one file of lab/images, and where it goes. */
  readonly file: readonly [source: string, target: string];
  readonly folders: readonly string[];
  readonly account: readonly string[];
  readonly config: ImageConfig;
}

const NGINX: ProxyRecipe = {
  name: 'nginx',
  version: 1,
  // iproute2 is for a maintainer script; all but libcap2 of what follows is for iproute2.
  without: [
    /^(iproute2|libelf1|libbpf1|libmd0|libbsd0|libcap2.*|libdb5\.3.*|libmnl0|libselinux1|libxtables12|libpam.*)$/,
    /^(libcom-err2|libkrb5.*|libk5crypto3|libkeyutils1|libgssapi-krb5-2|libtirpc.*)$/,
  ],
  file: ['nginx.conf', 'etc/nginx/nginx.conf'],
  folders: ['etc/nginx/conf.d', 'var/lib/nginx', 'var/log/nginx', 'run'],
  account: ['nginx:x:101:101:nginx:/nonexistent:/bin/false'],
  config: { Env: [PATH], Cmd: ['nginx', '-g', 'daemon off;'], StopSignal: 'SIGQUIT', ExposedPorts: { '80/tcp': {} } },
};

const CADDY: ProxyRecipe = {
  name: 'caddy',
  version: 1,
  without: [/^(libnss3.*|libnspr4|libsqlite3-0)$/],
  file: ['Caddyfile', 'etc/caddy/Caddyfile'],
  folders: ['config', 'data', 'srv'],
  account: [],
  config: {
    Env: [PATH, 'XDG_CONFIG_HOME=/config', 'XDG_DATA_HOME=/data'],
    Cmd: ['caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'],
    WorkingDir: '/srv',
    ExposedPorts: { '80/tcp': {}, '2019/tcp': {} },
  },
};

/** Builds (or finds) nginx and Caddy of the distribution and publishes them beside HAProxy. */
export async function publishProxyImages(site: ImageSite): Promise<ProxyImages> {
  return { nginx: await publishProxy(site, NGINX), caddy: await publishProxy(site, CADDY) };
}

async function publishProxy(site: ImageSite, recipe: ProxyRecipe): Promise<PublishedImage> {
  const { name, version, file, folders, account, config } = recipe;
  const tree = await buildTree(site.source, site.cache, {
    name,
    version,
    packages: [name],
    without: [...INSTALL_TIME_ONLY, ...recipe.without],
  });
  const source = join(IMAGES, name, file[0]);
  const key = digestOf(readFileSync(source)).slice(7, 15);
  const layer = await ensureLayer(
    site.cache,
    `${name}-${String(version)}-${tree.slice(-12)}-${key}`,
    async (folder) => {
      await runCommand(['cp', '-a', `${tree}/.`, folder]);
      await copyBusybox(site.tools, folder);
      writeAccounts(folder, account);
      for (const path of folders) mkdirSync(join(folder, path), { recursive: true });
      cpSync(source, join(folder, file[1]));
      chmodSync(join(folder, file[1]), 0o644);
    },
  );
  const image = assembleImage({ architecture: site.architecture, format: 'docker', layers: [layer], config });
  const repository = `lab/${name}`;
  await pushImage({ ...site.target, repository }, image, ['1']);
  return { repository, tag: '1', digest: image.digest };
}
