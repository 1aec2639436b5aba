import type { Container } from '@deploy-actions/kit/compose/container';
import type { Host } from '@deploy-actions/kit/host/host';
import type { ServiceRoute } from './route-plan.ts';

/** What the parts of a route work with. */
export interface RouteWork {
  readonly host: Host;
  /** Name of the Compose project. */
  readonly project: string;
  readonly log: (line: string) => void;
}

/** Takes one container out of the proxies of its service; resolves when that is proved. */
export type Withdraw = (
  work: RouteWork,
  route: ServiceRoute,
  container: Container,
  staying: readonly Container[],
) => Promise<void>;

/** The running containers of a proxy, as a shell word list: shared by the scripts below. $1 project, $2 service. */
export const proxyContainers = `
proxy_ids() {
  docker ps -q --no-trunc --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" --filter status=running
}`;

/**
 * Addresses at which the containers $2… can be reached from container $1, one a line: those on networks they share.
 * Networks are compared by id, a name may exist twice.
 */
export const sharedAddresses = `
addresses_from() {
  from=$1; shift
  nets=" $(docker inspect -f '{{range .NetworkSettings.Networks}}{{.NetworkID}} {{end}}' "$from") "
  docker inspect -f '{{range .NetworkSettings.Networks}}{{.NetworkID}} {{.IPAddress}}{{println}}{{end}}' "$@" |
    while read -r net ip; do
      case $nets in *" $net "*) [ -z "$ip" ] || printf '%s\\n' "$ip" ;; esac
    done
}`;
