import { describeCommand, HostError, lastLines, type Host } from '@deploy-actions/kit/host/host';
import { asObject, textOf, type Json } from '@deploy-actions/kit/json/json';

/** One container of a service, as the server's Docker sees it now. */
export interface Container {
  /** First twelve digits, as `docker ps` shows them. */
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly status: string;
  readonly exitCode: number;
  readonly isOomKilled: boolean;
  readonly restartCount: number;
  /** Docker itself starts it again when it ends (`always`, `unless-stopped`), so one that stays down was stopped by somebody. */
  readonly isKeptRunning: boolean;
  /** RFC 3339, by the server's clock. */
  readonly startedAt: string;
  /** undefined without a health check. */
  readonly health: Health | undefined;
  /** Where the server reaches it; undefined when it has no network of its own. */
  readonly address: string | undefined;
}

export interface Health {
  /**
   * `starting` also when what Docker says is older than the container's start: the word survives a restart until the first
   * new probe.
   */
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  /** Exit code and output of the newest probe since the start, in one line. */
  readonly lastProbe: string | undefined;
  /** The probes since the start that Docker remembers, five at most, the newest last. */
  readonly probes: readonly HealthProbe[];
}

/** One run of a container's own health check. */
export interface HealthProbe {
  /** When it began, RFC 3339, by the server's clock. */
  readonly at: string;
  /** 0 is healthy. */
  readonly exitCode: number;
  /** In one line, cut. */
  readonly output: string;
}

/**
 * $1 project, then services. One JSON object a line; environment and mounts are left out on purpose. `.ID` is the name of the
 * field: with the `.Id` of the JSON, templates fall back on raw maps, in which a container without a health check has no key
 * for one, and fail.
 */
const listScript = `
project=$1; shift
ids=$(for service; do
  docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" --filter "label=com.docker.compose.oneoff=False" || exit
done) || exit
[ -n "$ids" ] || exit 0
docker inspect --type container --format '{"id":{{json .ID}},"name":{{json .Name}},"service":{{json (index .Config.Labels "com.docker.compose.service")}},"status":{{json .State.Status}},"exitCode":{{json .State.ExitCode}},"oomKilled":{{json .State.OOMKilled}},"restartCount":{{json .RestartCount}},"restartPolicy":{{json .HostConfig.RestartPolicy.Name}},"startedAt":{{json .State.StartedAt}},"health":{{json .State.Health}},"networkMode":{{json .HostConfig.NetworkMode}},"networks":{{json .NetworkSettings.Networks}}}' $ids`;

/**
 * The containers of Compose services, stopped ones included; looked up anew before each attempt, because a container that
 * restarts may get another address.
 * @throws HostError COMMAND_FAILED, COMMAND_TIMEOUT, or a broken connection
 */
export async function listContainers(
  host: Host,
  project: string,
  services: readonly string[],
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly Container[]> {
  const result = await host.script(listScript, [project, ...services], options);
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
    .map((line) => readContainer(JSON.parse(line) as Json));
}

function readContainer(json: Json): Container {
  const startedAt = textOf(json['startedAt']);
  return {
    id: textOf(json['id']).slice(0, 12),
    name: textOf(json['name']).replace(/^\//, ''),
    service: textOf(json['service']),
    status: textOf(json['status']),
    exitCode: Number(json['exitCode'] ?? 0),
    isOomKilled: json['oomKilled'] === true,
    restartCount: Number(json['restartCount'] ?? 0),
    isKeptRunning: ['always', 'unless-stopped'].includes(textOf(json['restartPolicy'])),
    startedAt,
    health: readHealth(json['health'], startedAt),
    address: readAddress(textOf(json['networkMode']), json['networks']),
  };
}

function readHealth(value: unknown, startedAt: string): Health | undefined {
  const health = asObject(value);
  const status = textOf(health['Status']);
  if (status === '' || status === 'none') return undefined;
  const log = Array.isArray(health['Log']) ? health['Log'].map(asObject) : [];
  const probes = log.map(readProbe).filter(({ at }) => Date.parse(at) >= Date.parse(startedAt));
  const last = probes.at(-1);
  const isKnown = probes.length > 0 && (status === 'healthy' || status === 'unhealthy');
  return { status: isKnown ? status : 'starting', lastProbe: last && describeProbe(last), probes };
}

function readProbe(probe: Json): HealthProbe {
  const output = textOf(probe['Output']).trim().replaceAll(/\s+/g, ' ').slice(0, 300);
  return { at: textOf(probe['Start']), exitCode: Number(probe['ExitCode'] ?? -1), output };
}

/** `exit 1: connection refused` */
export function describeProbe({ exitCode, output }: HealthProbe): string {
  return `exit ${exitCode}${output === '' ? '' : `: ${output}`}`;
}

/** Host networking answers on the server's loopback; otherwise the first network with an address, IPv4 before IPv6. */
function readAddress(networkMode: string, networks: unknown): string | undefined {
  if (networkMode === 'host') return '127.0.0.1';
  const all = Object.values(asObject(networks)).map(asObject);
  const found = [...all.map((network) => network['IPAddress']), ...all.map((network) => network['GlobalIPv6Address'])];
  return found.map(textOf).find((address) => address !== '');
}
