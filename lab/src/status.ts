import { findDaemon } from './daemon.ts';
import { describeLeg, describeNetwork } from './network.ts';
import type { LabPaths } from './paths.ts';
import { daemonOf, isRegistryReady, REGISTRY_KINDS } from './registry.ts';
import type { PublishedImages } from './release.ts';
import { execInServer, findInit, isServerReady, knownHostsFileOf, SSH_PORT } from './server.ts';
import type { ServerState } from './server.ts';
import { readState } from './state.ts';
import type { LabState } from './state.ts';
import { readTreeVersions } from './tree.ts';

type Row = readonly [component: string, state: string, where: string, pid: string];

/** One table of the lab's parts, and how to use them. */
export async function describeStatus(paths: LabPaths): Promise<string> {
  const state = readState(paths);
  if (state === undefined) return `lab in ${paths.root}: down (npm run lab -- up)`;
  const rows: Row[] = [['component', 'state', 'address', 'pid'], ...(await describeServers(paths, state))];
  for (const kind of REGISTRY_KINDS) {
    const record = findDaemon(paths, daemonOf(kind));
    const isReady = record !== undefined && (await isRegistryReady(state.registries[kind]));
    rows.push([daemonOf(kind), isReady ? 'up' : 'down', state.registries[kind].address, String(record?.pid ?? '')]);
  }
  const sets = state.images === undefined ? 'none' : listSets(state.images).join(', ');
  rows.push(['images', sets, 'lab/* in every registry', '']);
  return [`lab in ${paths.root}`, ...formatTable(rows), '', ...(await describeUse(paths, state))].join('\n');
}

/** The sets of images that were published. */
function listSets({ full, nginx, mariadb }: PublishedImages): readonly string[] {
  const isThere = {
    small: true,
    full: full !== undefined,
    proxies: nginx !== undefined,
    databases: mariadb !== undefined,
  };
  return Object.entries(isThere).flatMap(([name, there]) => (there ? [name] : []));
}

/** Columns as wide as their widest cell. */
export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

async function describeServers(paths: LabPaths, state: LabState): Promise<readonly Row[]> {
  const extras = Object.values(state.extraServers ?? {});
  return [
    await describeServer(paths, 'server', state.server ?? { name: 'server1', address: '' }),
    ...(await Promise.all(
      extras.map((place) => {
        const { address } = describeLeg(paths.id, describeNetwork(paths.id, state.prefix), place.index);
        return describeServer(paths, `server ${place.name}`, { name: place.name, address });
      }),
    )),
  ];
}

async function describeServer(
  paths: LabPaths,
  component: string,
  server: Pick<ServerState, 'name' | 'address'>,
): Promise<Row> {
  const { name, address } = server;
  if (findDaemon(paths, name) === undefined) return [component, 'down', address, ''];
  const isReady = await isServerReady(paths, { name, address, port: SSH_PORT }).catch(() => false);
  const where = `deploy@${address}:${String(SSH_PORT)}`;
  return [component, isReady ? 'up' : 'starting', where, String(findInit(paths, name) ?? '')];
}

async function describeUse(paths: LabPaths, state: LabState): Promise<readonly string[]> {
  const { server, extraServers = {} } = state;
  if (server === undefined) return [];
  const network = describeNetwork(paths.id, state.prefix);
  const extras = Object.values(extraServers).map(({ name, index, tree }) => ({
    name,
    tree,
    address: describeLeg(paths.id, network, index).address,
  }));
  const running = [server, ...extras].filter(({ name }) => findDaemon(paths, name) !== undefined);
  const lines = await Promise.all(
    running.map(async ({ name, tree, address }) => {
      const [engine, compose] = await Promise.all([
        askVersion(paths, name, ['version', '-f', '{{.Server.Version}}']),
        askVersion(paths, name, ['compose', 'version', '--short']),
      ]);
      const knownHosts = knownHostsFileOf(paths, name);
      return [
        `${name}: engine ${engine}, compose ${compose}, sshd ${readTreeVersions(tree)['openssh-server'] ?? '?'}`,
        `  ssh -i ${server.privateKeyFile} -o UserKnownHostsFile=${knownHosts} deploy@${address}`,
      ];
    }),
  );
  return lines.flat();
}

/** What the server's own `docker` says, `?` where it does not answer: also where the server went down just now. */
async function askVersion(paths: LabPaths, name: string, argv: readonly string[]): Promise<string> {
  if (findInit(paths, name) === undefined) return '?';
  const said = await execInServer(paths, name, ['docker', ...argv], { allowFailure: true, timeoutMs: 3000 });
  return said.exitCode === 0 ? said.stdout.trim() : '?';
}
