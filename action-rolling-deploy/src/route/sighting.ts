import type { Container } from '@deploy-actions/kit/compose/container';
import { proxyContainers, reachable } from './neighbours.ts';
import type { ServiceRoute } from './route-plan.ts';
import type { RouteWork } from './route-work.ts';
import type { RoutePart } from './route.ts';

/**
 * $1 project, $2 proxy service, $3 seconds, then containers. Waits until each proxy has had a connection to each
 * container, a check's or a user's: in its own table of connections, or in theirs where its image has no `cat`. Then one
 * second more, for the check to be judged.
 */
const sightScript = `${proxyContainers}${reachable}
project=$1 service=$2 end=$(($(date +%s) + $3)); shift 3
hex() { (IFS=.; set -- $1; printf '%02X%02X%02X%02X' "$4" "$3" "$2" "$1"); }
meets() {
  for ip in $(reached "$2" "$1"); do
    docker exec --user 0 "$1" cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -Eq " [0-9A-F]*$(hex "$ip"):[0-9A-F]{4} 0[16] " && return 0
  done
  return 1
}
late=
for proxy in $(proxy_ids "$project" "$service"); do
  for id; do
    look '' "$proxy" "$id"
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

/**
 * A proxy that finds its servers by DNS needs a moment to see one that joined late. Where the old container's own check
 * takes it out (drain file, hook), nobody would be left until then; so the proxy must have met the new one first.
 */
export function awaitSighting(
  { project, log }: RouteWork,
  route: ServiceRoute,
  containers: readonly Container[],
): readonly RoutePart[] {
  const isOutByCheck = route.withdrawal === 'drain-file' || (route.withdrawal === 'none' && route.hooks.length > 0);
  if (!isOutByCheck || route.lateNetworks.length === 0 || containers.length === 0) return [];
  return route.proxies.map(({ service: proxy }) => ({
    purpose: `wait until ${proxy} has met the new container`,
    source: sightScript,
    args: [project, proxy, String(sightSeconds), ...containers.map(({ id }) => id)],
    mayFail: true,
    onDone: ({ stdout, code }) => {
      const isSeen = code === 0 && !stdout.includes('late');
      log(
        isSeen
          ? `${route.service}: ${proxy} has met the new container`
          : `WARNING: ${route.service}: ${proxy} was not seen to connect to the new container within ${sightSeconds} s; going on`,
      );
    },
  }));
}
