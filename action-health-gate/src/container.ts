import { describeCommand, HostError, lastLines, type Host } from '@deploy-actions/kit/host/host';

/** One container of a service, as the server's Docker sees it now. */
export interface Container {
  /** First twelve digits, as `docker ps` shows them. */
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly exitCode: number;
  readonly restartCount: number;
  /** Where the server reaches it; undefined when it has no network of its own. */
  readonly address: string | undefined;
}

/** $1 project, $2 service. One JSON object a line; environment and mounts are left out on purpose. */
const listScript = `
ids=$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" --filter "label=com.docker.compose.oneoff=False") || exit
[ -n "$ids" ] || exit 0
docker inspect --type container --format '{"id":{{json .Id}},"name":{{json .Name}},"status":{{json .State.Status}},"exitCode":{{json .State.ExitCode}},"restartCount":{{json .RestartCount}},"networkMode":{{json .HostConfig.NetworkMode}},"networks":{{json .NetworkSettings.Networks}}}' $ids`;

/**
 * The containers of a Compose service, stopped ones included; looked up anew before each attempt, because a container that
 * restarts may get another address.
 * @throws HostError COMMAND_FAILED, COMMAND_TIMEOUT, or a broken connection
 */
export async function listContainers(
  host: Host,
  project: string,
  service: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly Container[]> {
  const result = await host.script(listScript, [project, service], options);
  if (result.code !== 0) {
    throw new HostError({
      code: 'COMMAND_FAILED',
      message: `${host.name}: ${describeCommand(['docker', 'ps'])} ended with exit code ${result.code}: ${lastLines(result.stderr, 1)[0] ?? ''}`,
    });
  }
  return parseContainers(result.stdout);
}

/** Pure part of {@link listContainers}: the lines of the script above. */
export function parseContainers(text: string): readonly Container[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => readContainer(JSON.parse(line) as Readonly<Record<string, unknown>>));
}

function readContainer(json: Readonly<Record<string, unknown>>): Container {
  return {
    id: asText(json['id']).slice(0, 12),
    name: asText(json['name']).replace(/^\//, ''),
    status: asText(json['status']),
    exitCode: Number(json['exitCode'] ?? 0),
    restartCount: Number(json['restartCount'] ?? 0),
    address: readAddress(asText(json['networkMode']), json['networks']),
  };
}

/** Host networking answers on the server's loopback; otherwise the first network with an address, IPv4 before IPv6. */
function readAddress(networkMode: string, networks: unknown): string | undefined {
  if (networkMode === 'host') return '127.0.0.1';
  const all = Object.values((networks ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  const found = [...all.map((network) => network['IPAddress']), ...all.map((network) => network['GlobalIPv6Address'])];
  return found.map(asText).find((address) => address !== '');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Whom to ask among a service's containers, or why nobody can be asked yet. */
export type Roll =
  | { readonly kind: 'ask'; readonly containers: readonly (Container & { readonly address: string })[] }
  | { readonly kind: 'nobody'; readonly problem: string };

/**
 * Every running container is asked. One that is restarting makes the whole service "not yet": it is behind the name, and a
 * crash loop is only silent between two crashes. Stopped ones are no part of the service any more.
 */
export function callRoll(service: string, containers: readonly Container[]): Roll {
  const restarting = containers.find((container) => container.status === 'restarting');
  if (restarting !== undefined)
    return { kind: 'nobody', problem: `container ${restarting.name} is restarting${describeEnd(restarting)}` };
  const running = containers.filter((container) => container.status === 'running');
  if (running.length === 0) {
    const stopped = containers[0];
    const seen = stopped === undefined ? '' : `: ${stopped.name} is ${stopped.status}${describeEnd(stopped)}`;
    return { kind: 'nobody', problem: `service ${service} has no running container${seen}` };
  }
  const reachable = running.flatMap(({ address, ...rest }) => (address === undefined ? [] : [{ ...rest, address }]));
  const hidden = running.find((container) => container.address === undefined);
  if (hidden !== undefined) {
    return { kind: 'nobody', problem: `container ${hidden.name} has no network address the server could reach` };
  }
  return { kind: 'ask', containers: reachable };
}

function describeEnd(container: Container): string {
  const restarts = container.restartCount === 0 ? '' : `, ${container.restartCount} restarts`;
  return ` (last exit code ${container.exitCode}${restarts})`;
}
