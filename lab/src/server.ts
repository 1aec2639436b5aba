import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeCgroups } from './cgroup.ts';
import { runCommand } from './command.ts';
import type { CommandOptions, CommandResult } from './command.ts';
import {
  describeProcess,
  findChild,
  findDaemon,
  killProcess,
  signalProcess,
  startDaemon,
  stopDaemon,
} from './daemon.ts';
import { LabError } from './error.ts';
import { writeWhole } from './file.ts';
import { ensureKeyPair, fingerprintOf } from './keys.ts';
import { describeLeg, plugLeg, removeLegs, unplugLeg } from './network.ts';
import type { Leg, Network } from './network.ts';
import type { LabPaths } from './paths.ts';
import { canConnect, fetchStatus, waitUntil } from './poll.ts';
import { DEPLOY_UID } from './server-tree.ts';
import type { Engine } from './server-tree.ts';

/** What other processes need in order to reach a server: plain data, kept in state.json. */
export interface ServerState {
  readonly name: string;
  readonly index: number;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKeyFile: string;
  /** known_hosts lines for the address. */
  readonly knownHosts: string;
  readonly hostFingerprint: string;
  readonly engine: Engine;
  /** Read-only root folder, shared by all servers with this engine. */
  readonly tree: string;
}

/** Which server: `index` is its place on the switch, so its address and its namespace. */
export type ServerPlace = Pick<ServerState, 'name' | 'index' | 'engine' | 'tree'>;

/** The one that every lab has. */
export const FIRST_SERVER = { name: 'server1', index: 1, engine: 'default' } as const;

export const SSH_PORT = 22;

/** Starts the server, or finds it running: own namespaces, own root, sshd on port 22, own dockerd. */
export async function bootServer(paths: LabPaths, network: Network, place: ServerPlace): Promise<ServerState> {
  const { tree, index } = place;
  const leg = describeLeg(paths.id, network, index);
  const state = await prepareServer(paths, leg, place);
  // A server that runs from an earlier, forgotten `up` may have another address.
  const identity = JSON.stringify({ address: state.address, tree });
  const identityFile = join(homeOf(paths, state.name), 'booted.json');
  const isSame = existsSync(identityFile) && readFileSync(identityFile, 'utf8') === identity;
  if (!isSame) await cutPower(paths, state.name);
  if (findDaemon(paths, state.name) === undefined) {
    await plugLeg(network, leg);
    const init = [
      'sh',
      join(import.meta.dirname, '../server/boot.sh'),
      tree,
      homeOf(paths, state.name),
      paths.shared,
      `${state.name}-${paths.id}`,
    ];
    startDaemon(paths, state.name, [
      'nsenter',
      `--net=/run/netns/${leg.namespace}`,
      'unshare',
      '-m',
      '-p',
      '-u',
      '-i',
      '-f',
      '--kill-child',
      ...init,
    ]);
    writeWhole(identityFile, identity);
  } else {
    await healServer(paths, network, leg, state.name);
  }
  await waitUntil(
    `sshd and dockerd of ${state.name} answering (see lab logs)`,
    () => isServerReady(paths, state),
    180_000,
  );
  return state;
}

/** Ends the faults that a test may have left: a pulled cable, a stopped dockerd. */
async function healServer(paths: LabPaths, network: Network, leg: Leg, name: string): Promise<void> {
  await runCommand(['ip', '-n', network.switchName, 'link', 'set', leg.port, 'up']);
  const goOn = 'if [ -s /run/docker.pid ]; then kill -CONT "$(cat /run/docker.pid)"; fi';
  await execInServer(paths, name, ['sh', '-c', goOn], { allowFailure: true });
}

/** The pid of the server's process 1, as the machine sees it. */
export function findInit(paths: LabPaths, name: string): number | undefined {
  const record = findDaemon(paths, name);
  return record === undefined ? undefined : findChild(record.pid);
}

export async function isServerReady(
  paths: LabPaths,
  state: Pick<ServerState, 'name' | 'address' | 'port'>,
): Promise<boolean> {
  if (findDaemon(paths, state.name) === undefined) {
    const log = join(paths.logs, `${state.name}.log`);
    const said = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n  ') : '';
    throw new LabError(`${state.name} ended while starting (${log}):\n  ${said}`);
  }
  if ((await fetchStatus({ socketPath: dockerSocketOf(paths, state.name), path: '/_ping' })) !== 200) return false;
  return canConnect(state.address, state.port, 'SSH-2.0-');
}

/** Ends every process of the server at once, as when the power goes: no signal handler runs, disks keep what was written. */
export async function cutPower(paths: LabPaths, name: string): Promise<void> {
  const init = findInit(paths, name);
  const record = init === undefined ? undefined : describeProcess(init);
  if (record !== undefined) {
    signalProcess(record, 'SIGKILL');
    await killProcess(record);
  }
  await stopDaemon(paths, name);
}

/** Power cut, then nothing of the server is left: no namespace, no data, no cgroup. */
export async function destroyServer(paths: LabPaths, network: Network, name: string, index: number): Promise<void> {
  await cutPower(paths, name);
  await unplugLeg(network, describeLeg(paths.id, network, index));
  await removeCgroups(`${cgroupOf(paths)}/${name}`);
  rmSync(homeOf(paths, name), { recursive: true, force: true });
  for (const key of [`${name}-host`, `${name}-host.pub`]) rmSync(join(paths.keys, key), { force: true });
  rmSync(knownHostsFileOf(paths, name), { force: true });
}

/** Power cut of all servers that have a folder, the half-made ones too, then nothing of them is left. */
export async function destroyServers(paths: LabPaths): Promise<void> {
  const names = existsSync(paths.server) ? readdirSync(paths.server) : [];
  for (const name of names) await cutPower(paths, name);
  await removeLegs(paths.id);
  await removeCgroups(cgroupOf(paths));
  rmSync(paths.server, { recursive: true, force: true });
}

/** Runs a program as root inside the server. */
export function execInServer(
  paths: LabPaths,
  name: string,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const init = findInit(paths, name);
  if (init === undefined) throw new LabError(`${name} is not running.`, { hint: 'npm run lab -- up' });
  const { timeoutMs, ...others } = options;
  // Killing nsenter would leave the program alone in there: the limit is kept inside.
  const limit = timeoutMs === undefined ? [] : ['timeout', '-s', 'KILL', (timeoutMs / 1000).toFixed(3)];
  const enter = ['/usr/bin/nsenter', '-t', String(init), '-m', '-p', '-u', '-i', '-n', '--'];
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
  return runCommand([...enter, ...limit, ...argv], { ...others, env: { ...env, ...options.env } });
}

/** The engine's socket as a path of the machine. */
export function dockerSocketOf(paths: LabPaths, name: string): string {
  return join(homeOf(paths, name), 'api/docker.sock');
}

/** For people who log in by hand. */
export function knownHostsFileOf(paths: LabPaths, name: string): string {
  return join(paths.keys, name === FIRST_SERVER.name ? 'known_hosts' : `known_hosts-${name}`);
}

function homeOf(paths: LabPaths, name: string): string {
  return join(paths.server, name);
}

function cgroupOf(paths: LabPaths): string {
  return `deploy-actions-lab-${paths.id}`;
}

async function prepareServer(paths: LabPaths, leg: Leg, place: ServerPlace): Promise<ServerState> {
  const { name, tree } = place;
  const home = homeOf(paths, name);
  const folders = ['root', 'upper', 'work', 'log', 'api', 'data/var/lib/docker', 'data/home', 'data/srv', 'data/opt'];
  for (const folder of folders) mkdirSync(join(home, folder), { recursive: true });
  mkdirSync(paths.shared, { recursive: true });
  const login = await ensureKeyPair(paths, tree, 'deploy');
  const hostKey = await ensureKeyPair(paths, tree, `${name}-host`);
  const upper = join(home, 'upper');
  writeEngine(paths, name, leg, upper);
  writeSshd(leg, upper, hostKey.privateKeyFile);
  writeWhole(
    join(upper, 'usr/local/sbin/lab-init'),
    readFileSync(join(import.meta.dirname, '../server/init.sh')),
    0o755,
  );
  authorize(join(home, 'data'), login.publicKey);
  const [type = '', blob = ''] = hostKey.publicKey.split(' ');
  const knownHosts = `${leg.address} ${type} ${blob}\n`;
  writeWhole(knownHostsFileOf(paths, name), knownHosts);
  return {
    name,
    index: place.index,
    engine: place.engine,
    address: leg.address,
    port: SSH_PORT,
    user: 'deploy',
    privateKeyFile: login.privateKeyFile,
    knownHosts,
    hostFingerprint: fingerprintOf(hostKey.publicKey),
    tree,
  };
}

function writeEngine(paths: LabPaths, name: string, leg: Leg, upper: string): void {
  const network = `${leg.address.split('.').slice(0, 3).join('.')}.0/24`;
  const settings = {
    'insecure-registries': [network],
    bip: '172.29.0.1/24',
    // Room for one network per test project, none of which meets the lab's own.
    'default-address-pools': [{ base: '172.30.0.0/16', size: 24 }],
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    // A name of ours, so that what a power cut leaves in the machine's cgroup tree can be found.
    'cgroup-parent': `/${cgroupOf(paths)}/${name}`,
    'log-driver': 'json-file',
  };
  writeWhole(join(upper, 'etc/docker/daemon.json'), `${JSON.stringify(settings, null, 2)}\n`);
  writeWhole(join(upper, 'etc/hosts'), `127.0.0.1 localhost\n${leg.address} server\n`);
  // Nobody answers there, and says so at once: look-ups of unknown names fail fast.
  writeWhole(
    join(upper, 'etc/resolv.conf'),
    `nameserver ${network.replace('.0/24', '.1')}\noptions timeout:1 attempts:1\n`,
  );
}

function writeSshd(leg: Leg, upper: string, hostKeyFile: string): void {
  const lines = [
    `Port ${String(SSH_PORT)}`,
    `ListenAddress ${leg.address}`,
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'AllowUsers deploy',
    'PermitRootLogin no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    // Many tests log in at the same time.
    'MaxStartups 200:30:400',
    'MaxSessions 100',
    'UseDNS no',
    'Subsystem sftp internal-sftp',
  ];
  writeWhole(join(upper, 'etc/ssh/sshd_config'), `${lines.join('\n')}\n`);
  const target = join(upper, 'etc/ssh/ssh_host_ed25519_key');
  copyFileSync(hostKeyFile, target);
  copyFileSync(`${hostKeyFile}.pub`, `${target}.pub`);
  chmodSync(target, 0o600);
}

function authorize(data: string, publicKey: string): void {
  const home = join(data, 'home/deploy');
  const keys = join(home, '.ssh');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  writeWhole(join(keys, 'authorized_keys'), `${publicKey}\n`, 0o600);
  for (const path of [home, keys, join(keys, 'authorized_keys'), join(data, 'srv')])
    chownSync(path, DEPLOY_UID, DEPLOY_UID);
}
