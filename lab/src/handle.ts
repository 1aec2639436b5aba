import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandOptions, CommandResult } from './command.ts';
import { runCommand } from './command.ts';
import { findDaemon } from './daemon.ts';
import { LabError } from './error.ts';
import { bootExtraServer, removeExtraServer } from './extra-servers.ts';
import type { ServerRequest } from './extra-servers.ts';
import { describeLocal } from './local.ts';
import type { LocalEngine } from './local.ts';
import { describeNetwork } from './network.ts';
import { locateLab } from './paths.ts';
import type { LabLocation, LabPaths } from './paths.ts';
import { waitUntil } from './poll.ts';
import { readRequests } from './registry.ts';
import type { RegistryKind, RegistryRequest, RegistryState } from './registry.ts';
import type { PublishedImages } from './release.ts';
import { bootServer, cutPower, dockerSocketOf, execInServer, isServerReady } from './server.ts';
import type { ServerState } from './server.ts';
import { readState } from './state.ts';

/** The server: a machine of its own with sshd, Docker and an account `deploy` that may use it. */
export interface LabServer {
  readonly name: string;
  readonly address: string;
  /** The same as `address`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKeyFile: string;
  /** Text of the key file (OpenSSH format, no passphrase). */
  readonly privateKey: string;
  readonly knownHosts: string;
  /** `SHA256:…` */
  readonly hostFingerprint: string;
  /** The engine's socket as a path of this machine. */
  readonly dockerSocket: string;
  /** Its read-only root folder below what it changed, as a path of this machine. */
  readonly tree: string;
  /** Runs a program inside the server as root. Throws LabError when it fails, unless `allowFailure`. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** `docker` inside the server, as root. */
  docker(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Everything on it ends at once; disks keep what was written. */
  powerCut(): Promise<void>;
  /** Starts it again and waits for sshd and dockerd. */
  boot(): Promise<void>;
  /** Ends dockerd (default: as a service manager does) and waits until the next one answers. */
  restartDockerd(signal?: 'TERM' | 'KILL'): Promise<void>;
  /** `STOP` makes dockerd hang, `CONT` lets it go on. */
  signalDockerd(signal: 'STOP' | 'CONT' | 'TERM' | 'KILL'): Promise<void>;
  /** Pulls the network cable. */
  linkDown(): Promise<void>;
  linkUp(): Promise<void>;
}

/** A server beside the first one: own namespaces, address, host key, engine and data. */
export interface ExtraServer extends LabServer {
  /** Power cut, then nothing of it is left. */
  stop(): Promise<void>;
}

export interface LabRegistry extends RegistryState {
  /** All requests since `up`, oldest first. */
  requests(): readonly RegistryRequest[];
}

/** Handles to a running lab. */
export interface Lab {
  readonly root: string;
  readonly paths: LabPaths;
  /** The machine's own address in the lab's network: what a container can reach of this machine. */
  readonly gateway: string;
  readonly server: LabServer;
  readonly registry: Readonly<Record<RegistryKind, LabRegistry>>;
  readonly images: PublishedImages;
  readonly local: LocalEngine;
  /** `ip:port/repository:tag` or `…@sha256:…` at one of the registries. */
  reference(kind: RegistryKind, repository: string, tagOrDigest: string): string;
  /** Boots another server, or finds it running: for faults that must hit nobody else, and for other engines. */
  startServer(request: ServerRequest): Promise<ExtraServer>;
  /** The server with Debian sid's Engine and Compose, shared by all tests: for faults, start one of your own. */
  modernServer(): Promise<ExtraServer>;
  /** The same with Debian 13's programs: OpenSSH 10.0, Engine 26.1. */
  debian13Server(): Promise<ExtraServer>;
}

/** Handles to the lab that `up` has started. Throws LabError telling to run it where there is none. */
export function openLab(location: LabLocation = {}): Promise<Lab> {
  const paths = locateLab(location);
  const state = readState(paths);
  const hint = 'npm run lab -- up';
  if (state?.images === undefined || state.server === undefined) return refuse(`no lab runs in ${paths.root}.`, hint);
  if (findDaemon(paths, state.server.name) === undefined)
    return refuse(`the server of the lab in ${paths.root} is not running.`, hint);
  const registryOf = (kind: RegistryKind): LabRegistry => ({
    ...state.registries[kind],
    requests: () => readRequests(paths, kind),
  });
  const startServer = async (request: ServerRequest): Promise<ExtraServer> => {
    const booted = await bootExtraServer(paths, request);
    return {
      ...openServer(paths, state.prefix, booted),
      stop: () => removeExtraServer(paths, booted.name),
    };
  };
  return Promise.resolve({
    root: paths.root,
    paths,
    gateway: `${state.prefix}.1`,
    server: openServer(paths, state.prefix, state.server),
    registry: { anonymous: registryOf('anonymous'), htpasswd: registryOf('htpasswd'), bearer: registryOf('bearer') },
    images: state.images,
    local: describeLocal(paths),
    reference: (kind, repository, tagOrDigest) =>
      `${state.registries[kind].address}/${repository}${tagOrDigest.startsWith('sha256:') ? '@' : ':'}${tagOrDigest}`,
    startServer,
    modernServer: () => startServer({ name: 'modern', engine: 'modern' }),
    debian13Server: () => startServer({ name: 'debian13', engine: 'debian-13' }),
  });
}

function refuse(message: string, hint: string): Promise<never> {
  return Promise.reject(new LabError(message, { hint }));
}

function openServer(paths: LabPaths, prefix: string, state: ServerState): LabServer {
  const network = describeNetwork(paths.id, prefix);
  const { name } = state;
  const exec = (argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
    execInServer(paths, name, argv, options);
  const enginePid = async (): Promise<string> => (await exec(['cat', '/run/docker.pid'])).stdout.trim();
  const signalDockerd = async (signal: string): Promise<void> => {
    await exec(['kill', `-${signal}`, await enginePid()]);
  };
  const setLink = async (word: 'up' | 'down'): Promise<void> => {
    await runCommand(['ip', '-n', network.switchName, 'link', 'set', `s${String(state.index)}`, word]);
  };
  return {
    ...state,
    host: state.address,
    privateKey: readFileSync(state.privateKeyFile, 'utf8'),
    dockerSocket: dockerSocketOf(paths, name),
    exec,
    docker: (argv, options) => exec(['docker', ...argv], options),
    powerCut: () => cutPower(paths, name),
    boot: async () => {
      await bootServer(paths, network, state);
    },
    signalDockerd,
    restartDockerd: async (signal = 'TERM') => {
      const before = await enginePid();
      await signalDockerd(signal);
      const isNew = async (): Promise<boolean> =>
        (await enginePid().catch(() => before)) !== before && (await isServerReady(paths, state));
      await waitUntil(`a new dockerd of ${name}`, isNew, 180_000);
    },
    linkDown: () => setLink('down'),
    linkUp: () => setLink('up'),
  };
}

/** Where the log of a component is. Of a server beside the first one: `<name>`, `<name>-dockerd` … */
export function logFilesOf(paths: LabPaths): Readonly<Record<string, string>> {
  const extras = Object.keys(readState(paths)?.extraServers ?? {});
  const own = ['server1', 'registry-anonymous', 'registry-htpasswd', 'registry-bearer', 'token-server', ...extras];
  const inServer = (server: string, prefix: string): readonly (readonly [string, string])[] =>
    ['dockerd', 'sshd', 'init'].map((name) => [`${prefix}${name}`, join(paths.server, server, 'log', `${name}.log`)]);
  return Object.fromEntries([
    ...own.map((name) => [name, join(paths.logs, `${name}.log`)] as const),
    ...inServer('server1', ''),
    ...extras.flatMap((name) => inServer(name, `${name}-`)),
  ]);
}
