import { findDaemon } from './daemon.ts';
import type { LabPaths } from './paths.ts';
import { daemonOf, isRegistryReady, REGISTRY_KINDS } from './registry.ts';
import type { PublishedImages } from './release.ts';
import { findInit, isServerReady, knownHostsFileOf } from './server.ts';
import { readState } from './state.ts';
import type { LabState } from './state.ts';
import { readTreeVersions } from './tree.ts';

type Row = readonly [component: string, state: string, where: string, pid: string];

/** One table of the lab's parts, and how to use them. */
export async function describeStatus(paths: LabPaths): Promise<string> {
  const state = readState(paths);
  if (state === undefined) return `lab in ${paths.root}: down (npm run lab -- up)`;
  const rows: Row[] = [['component', 'state', 'address', 'pid'], await describeServer(paths, state)];
  for (const kind of REGISTRY_KINDS) {
    const record = findDaemon(paths, daemonOf(kind));
    const isReady = record !== undefined && (await isRegistryReady(state.registries[kind]));
    rows.push([daemonOf(kind), isReady ? 'up' : 'down', state.registries[kind].address, String(record?.pid ?? '')]);
  }
  const sets = state.images === undefined ? 'none' : listSets(state.images).join(', ');
  rows.push(['images', sets, 'lab/* in every registry', '']);
  return [`lab in ${paths.root}`, ...formatTable(rows), '', ...describeUse(paths, state)].join('\n');
}

/** The sets of images that were published. */
function listSets({ full, nginx }: PublishedImages): readonly string[] {
  return ['small', ...(full === undefined ? [] : ['full']), ...(nginx === undefined ? [] : ['proxies'])];
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

async function describeServer(paths: LabPaths, state: LabState): Promise<Row> {
  const server = state.server;
  if (server === undefined || findDaemon(paths, server.name) === undefined)
    return ['server', 'down', server?.address ?? '', ''];
  const isReady = await isServerReady(paths, server).catch(() => false);
  return [
    'server',
    isReady ? 'up' : 'starting',
    `${server.user}@${server.address}:${String(server.port)}`,
    String(findInit(paths, server.name) ?? ''),
  ];
}

function describeUse(paths: LabPaths, { server, trees }: LabState): readonly string[] {
  if (server === undefined || trees === undefined) return [];
  const versions = readTreeVersions(trees.server);
  return [
    `engine ${versions['docker.io'] ?? '?'}, sshd ${versions['openssh-server'] ?? '?'}`,
    `ssh -i ${server.privateKeyFile} -o UserKnownHostsFile=${knownHostsFileOf(paths)} ${server.user}@${server.address}`,
  ];
}
