import { askAttachments, askRunningIds, type Attached } from '@deploy-actions/kit/compose/engine-api';
import { askEngine } from '@deploy-actions/kit/host/engine-door';
import type { ServiceRoute } from './route-plan.ts';
import type { RouteWork } from './route-work.ts';

/** The running containers of a proxy, as a shell word list: shared by the scripts of the routes. $1 project, $2 service. */
export const proxyContainers = `
proxy_ids() {
  docker ps -q --no-trunc --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" --filter status=running
}`;

/**
 * `look PAIRS IDS…`: the networks of the containers, one a line: `id network=address …`, as PAIRS has them or as Docker says.
 * `reached FROM IDS…`: addresses of the latter on networks of the former, each with a space before it. Networks are compared
 * by id, a name may exist twice.
 */
export const reachable = `
look() {
  pairs=$1; shift
  [ -n "$pairs" ] || pairs=$(docker inspect -f '{{.ID}}{{range .NetworkSettings.Networks}} {{.NetworkID}}={{.IPAddress}}{{end}}' "$@")
}
networks_of() {
  while read -r id nets; do [ "$id" != "$1" ] || printf '%s' "$nets"; done <<LIST
$pairs
LIST
}
reached() {
  own=$(networks_of "$1"); shift
  for id; do
    for pair in $(networks_of "$id"); do
      case " $own " in *" \${pair%%=*}="*) [ -z "\${pair#*=}" ] || printf ' %s' "\${pair#*=}" ;; esac
    done
  done
}`;

/** What the scripts need of Docker, as the engine itself says it; all empty where only the CLI can tell. */
export interface Neighbours {
  /** Ids of the running containers of a proxy, as a shell word list. */
  readonly idsOf: (proxy: string) => string;
  /** Those of the service itself. */
  readonly alive: string;
  /** PAIRS of {@link reachable}: of the proxies, the service's containers, and those that were asked for by id. */
  readonly pairs: string;
  /** What the shell's `reached` prints; undefined where only the CLI can tell. */
  readonly reached: ((from: string, ids: readonly string[]) => string) | undefined;
}

/** Ids as {@link Neighbours} has them for scripts, one by one. */
export function splitIds(ids: string): readonly string[] {
  return ids.split(' ').filter(Boolean);
}

const unknown: Neighbours = { idsOf: () => '', alive: '', pairs: '', reached: undefined };

/** Asks once for all proxies of a service. Never rejects. */
export async function askNeighbours(
  { host, project }: Pick<RouteWork, 'host' | 'project'>,
  { service, proxies }: Pick<ServiceRoute, 'service' | 'proxies'>,
  more: readonly string[] = [],
): Promise<Neighbours> {
  const found = await askEngine(host, async (engine, signal) => {
    const running = async (name: string): Promise<readonly [string, readonly string[]]> => [
      name,
      await askRunningIds(engine, project, name, signal),
    ];
    const look = async (id: string): Promise<readonly [string, readonly Attached[]]> => [
      id,
      await askAttachments(engine, id, signal),
    ];
    const asked = new Map(await Promise.all([service, ...proxies.map((proxy) => proxy.service)].map(running)));
    const ids = new Set([...[...asked.values()].flat(), ...more]);
    const seen = new Map(await Promise.all([...ids].map(look)));
    const pairs = [...seen].map(([id, attached]) =>
      [id, ...attached.map(({ networkId, address }) => `${networkId}=${address}`)].join(' '),
    );
    const idsOf = (name: string): string => asked.get(name)?.join(' ') ?? '';
    const reached = (from: string, to: readonly string[]): string => {
      const own = new Set(seen.get(from)?.map(({ networkId }) => networkId));
      const there = to.flatMap((id) => seen.get(id) ?? []).filter(({ networkId }) => own.has(networkId));
      return there.map(({ address }) => (address === '' ? '' : ` ${address}`)).join('');
    };
    return { idsOf, alive: idsOf(service), pairs: pairs.join('\n'), reached };
  });
  return found ?? unknown;
}
