import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { publishDatabaseImages } from './database-images.ts';
import { findMarkedProcesses, findStrays, killProcess } from './daemon.ts';
import { publishFullImages } from './full-images.ts';
import { openLab } from './handle.ts';
import type { Lab } from './handle.ts';
import { prepareLocal } from './local.ts';
import { withLabLock } from './lock.ts';
import { createLog, silentLog } from './log.ts';
import type { Log } from './log.ts';
import { prepareMachine } from './machine.ts';
import type { Machine } from './machine.ts';
import { createNetwork, describeNetwork, planNetwork, removeNetwork } from './network.ts';
import { openPackageSource } from './packages.ts';
import { locateLab } from './paths.ts';
import type { LabLocation, LabPaths } from './paths.ts';
import { publishProxyImages } from './proxy-images.ts';
import { planRegistries, startRegistries, stopRegistries } from './registry.ts';
import type { PublishedImages } from './release.ts';
import { bootServer, destroyServers, FIRST_SERVER } from './server.ts';
import { buildServerTree } from './server-tree.ts';
import { publishSmallImages } from './small-images.ts';
import type { ImageSite } from './small-images.ts';
import { readState, writeState } from './state.ts';
import type { LabState } from './state.ts';
import { buildToolsTree } from './tools-tree.ts';

export interface LabOptions extends LabLocation {
  /** Also the Django app and PostgreSQL. */
  readonly full?: boolean;
  /** Also nginx and Caddy. */
  readonly proxies?: boolean;
  /** Also MariaDB and SQLite. */
  readonly databases?: boolean;
  readonly log?: Log;
}

/** Starts what does not run yet and returns the handles. Safe to call again, also after a run that was killed. */
export async function upLab(options: LabOptions = {}): Promise<Lab> {
  const log = options.log ?? createLog();
  const paths = locateLab(options);
  const machine = await prepareMachine(log);
  await withLabLock(paths, log, async () => {
    makeFolders(paths);
    await start(paths, machine, options, log);
  });
  return openLab(options);
}

/** Adds a set of images to a running lab: nothing happens where they are there. */
export async function ensureImages(
  set: 'small' | 'full' | 'proxies' | 'databases',
  options: LabOptions = {},
): Promise<Lab> {
  const sets = { full: set === 'full', proxies: set === 'proxies', databases: set === 'databases' };
  return upLab({ log: silentLog, ...options, ...sets });
}

export interface DownOptions extends LabOptions {
  /** Also forget downloaded packages and built layers: nothing at all is left. */
  readonly purge?: boolean;
}

/** Ends every process of the lab and removes all that it made outside `cache`. Safe to call again, and on a half-started lab. */
export async function downLab(options: DownOptions = {}): Promise<void> {
  const log = options.log ?? createLog();
  const paths = locateLab(options);
  await withLabLock(paths, log, async () => {
    await stopRegistries(paths);
    await destroyServers(paths);
    await Promise.all(findMarkedProcesses(paths.root).map((record) => killProcess(record)));
    await removeNetwork(describeNetwork(paths.id, ''));
    removeFolders(paths, options.purge === true);
  });
}

function makeFolders(paths: LabPaths): void {
  for (const folder of [paths.root, paths.cache, paths.logs, paths.pids, paths.server, paths.registry, paths.shared]) {
    mkdirSync(folder, { recursive: true });
  }
  chmodSync(paths.root, 0o755);
}

/** Sets of images beside the small one. */
type ImageSets = Pick<LabOptions, 'full' | 'proxies' | 'databases'>;

async function start(paths: LabPaths, machine: Machine, sets: ImageSets, log: Log): Promise<void> {
  await Promise.all(findStrays(paths).map((record) => killProcess(record)));
  const planned = readState(paths) ?? (await planState(paths));
  const network = describeNetwork(paths.id, planned.prefix);
  await createNetwork(network);
  const source = openPackageSource(join(paths.cache, 'apt'), log);
  const trees = planned.trees ?? {
    server: await buildServerTree('default', source, paths.cache, machine),
    tools: await buildToolsTree(source, paths.cache),
  };
  const prepared = { ...planned, trees };
  writeState(paths, prepared);
  prepareLocal(paths, trees.server);
  const site: ImageSite = {
    source,
    cache: paths.cache,
    tools: trees.tools,
    architecture: machine.architecture,
    target: { registry: prepared.registries.anonymous.address, holders: new Map() },
  };
  const [server, images] = await settleBoth(
    bootServer(paths, network, { ...FIRST_SERVER, tree: trees.server }).then((booted) => {
      log('server is up');
      return booted;
    }),
    startRegistries(paths, trees.tools, prepared.registries, prepared.tokenPort).then(() =>
      publishImages(site, prepared, sets, log),
    ),
  );
  writeState(paths, { ...prepared, server, images });
  log('lab is up');
}

/** Like Promise.all, but nothing goes on in the background when one of the two has failed: the lock is given back then. */
async function settleBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

async function planState(paths: LabPaths): Promise<LabState> {
  const network = await planNetwork(paths.id);
  await createNetwork(network);
  const planned = await planRegistries(network);
  const state: LabState = {
    format: 1,
    id: paths.id,
    prefix: network.prefix,
    ...planned,
    trees: undefined,
    server: undefined,
    images: undefined,
  };
  writeState(paths, state);
  return state;
}

async function publishImages(site: ImageSite, state: LabState, sets: ImageSets, log: Log): Promise<PublishedImages> {
  log('registries are up');
  const small = await publishSmallImages(site);
  log('small image set is published');
  const full = sets.full === true ? await publishFullImages(site) : state.images?.full;
  const { nginx, caddy, mariadb, sqlite } = state.images ?? {};
  const known = nginx === undefined || caddy === undefined ? {} : { nginx, caddy };
  const proxies = sets.proxies === true ? await publishProxyImages(site) : known;
  const knownDatabases = mariadb === undefined || sqlite === undefined ? {} : { mariadb, sqlite };
  const databases = sets.databases === true ? await publishDatabaseImages(site) : knownDatabases;
  return { ...small, ...proxies, ...databases, full };
}

function removeFolders(paths: LabPaths, isPurge: boolean): void {
  if (!existsSync(paths.root)) return;
  const kept = isPurge ? [] : ['cache'];
  for (const name of readdirSync(paths.root).filter((entry) => !kept.includes(entry))) {
    rmSync(join(paths.root, name), { recursive: true, force: true });
  }
  if (readdirSync(paths.root).length > 0) return;
  rmdirSync(paths.root);
  const base = dirname(paths.root);
  if (base.endsWith('/deploy-actions-lab') && readdirSync(base).length === 0) rmdirSync(base);
}
