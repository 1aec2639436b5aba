import type { Container } from '@deploy-actions/kit/compose/container';
import { runBatch } from '@deploy-actions/kit/host/batch';
import { askNeighbours, proxyContainers, reachable } from './neighbours.ts';
import type { ServiceRoute } from './route-plan.ts';
import type { RouteWork } from './route-work.ts';

/**
 * $1 project, $2 proxy service, $3 ids of its containers, $4 networks of all, both empty: Docker is asked; $5 seconds, then
 * containers. Waits until each proxy has had a connection to each container, a check's or a user's: in its own table of
 * connections, or in theirs where its image has no `cat`. Then one second more, for the check to be judged.
 */
export const sightScript = `${proxyContainers}${reachable}
project=$1 service=$2 proxies=$3 known=$4 end=$(($(date +%s) + $5)); shift 5
[ -n "$known" ] || proxies=$(proxy_ids "$project" "$service")
hex() { (IFS=.; set -- $1; printf '%02X%02X%02X%02X' "$4" "$3" "$2" "$1"); }
meets() {
  for ip in $(reached "$1" "$2"); do
    docker exec --user 0 "$1" cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -Eq " [0-9A-F]*$(hex "$ip"):[0-9A-F]{4} 0[16] " && return 0
  done
  return 1
}
late=
for proxy in $proxies; do
  for id; do
    look "$known" "$proxy" "$id"
    until meets "$id" "$proxy" || { for ip in $(reached "$proxy" "$id"); do
      docker exec --user 0 "$proxy" cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -Eq ":[0-9A-F]{4} [0-9A-F]*$(hex "$ip"):[0-9A-F]{4} 0[16] " && break
    done; }; do
      [ "$(date +%s)" -lt "$end" ] || { late=yes; break; }
      sleep 0.3
    done
  done
done
[ -z "$late" ] || echo late
sleep 1`;

const sightSeconds = 10;
const sightTimeoutMs = 120_000;

/**
 * A proxy that finds its servers by DNS needs a moment to see one that joined late. Where the old container's own check
 * takes it out (drain file, hook), nobody would be left until then; so the proxy must have met the new one first.
 * @param containers that have joined
 */
export async function awaitSighting(
  work: RouteWork,
  route: ServiceRoute | undefined,
  containers: readonly Container[],
): Promise<void> {
  if (route === undefined) return;
  const isOutByCheck = route.withdrawal === 'drain-file' || (route.withdrawal === 'none' && route.hooks.length > 0);
  if (!isOutByCheck || route.lateNetworks.length === 0 || containers.length === 0 || route.proxies.length === 0) return;
  const { host, project, log } = work;
  const ids = containers.map(({ id }) => id);
  // Asked once they have joined: their addresses are what is looked for.
  const near = await askNeighbours(work, route, ids);
  const parts = route.proxies.map(({ service: proxy }) => ({
    purpose: `wait until ${proxy} has met the new container`,
    source: sightScript,
    args: [project, proxy, near.idsOf(proxy), near.pairs, String(sightSeconds), ...ids],
    mayFail: true,
  }));
  const results = await runBatch(host, parts, { timeoutMs: sightTimeoutMs });
  for (const [index, { service: proxy }] of route.proxies.entries()) {
    const { code, stdout } = results[index] ?? { code: 1, stdout: '' };
    const isSeen = code === 0 && !stdout.includes('late');
    log(
      isSeen
        ? `${route.service}: ${proxy} has met the new container`
        : `WARNING: ${route.service}: ${proxy} was not seen to connect to the new container within ${sightSeconds} s; going on`,
    );
  }
}
