import { lastLines } from '@deploy-actions/kit/host/host';
import { RolloutError } from '../errors.ts';
import type { ServiceRoute } from './route-plan.ts';
import { proxyContainers, sharedAddresses, type RouteWork, type Withdraw } from './route-work.ts';

/**
 * Runs inside an nginx container as root: $1 tenths of a second to wait for old workers, $2 names of the upstream, $3
 * addresses to send to (may be empty: those of DNS). nginx looks names up when it loads its configuration, by the C
 * library, hosts file first: so the names stand there while it reloads, and no file of the user's is touched. What is on
 * disk afterwards says what it said before; a container that dies half-way gets a fresh hosts file from Docker.
 * Exit 3: no name of ours in its configuration. 4: it asks a resolver at run time. 5: the configuration does not load.
 * 6: no new workers. 7: the hosts file cannot be written, or is not looked at.
 */
const reloadInside = `
tenths=$1 names=$2 addresses=$3 master=
word() { tr '\\0' ' ' < "/proc/$1/cmdline" 2>/dev/null; }
for p in /proc/[0-9]*; do
  p=\${p#/proc/}
  case $(word "$p") in "nginx: master process"*) master=$p; break ;; esac
done
[ -n "$master" ] || { echo "no nginx master process"; exit 5; }
workers() {
  for p in /proc/[0-9]*; do
    p=\${p#/proc/}
    case $(word "$p") in "nginx: worker process is shutting down"*) [ "$1" = all ] && echo "$p" ;; "nginx: worker process"*) echo "$p" ;; esac
  done
}
said=$(nginx -t 2>&1) || { printf '%s\\n' "$said"; exit 5; }
config=$(nginx -T 2>/dev/null | sed 's/#.*//')
found= dynamic=
for name in $names; do
  escaped=$(printf '%s' "$name" | sed 's/\\./\\\\./g')
  uses=$(printf '%s\\n' "$config" | grep -E "(^|[^[:alnum:]._-])$escaped([^[:alnum:]._-]|\\$)" | grep -E '(_pass|server|set|upstream)[[:space:]]')
  [ -z "$uses" ] && continue
  if printf '%s\\n' "$uses" | grep -Eq '^[[:space:]]*set[[:space:]]|[[:space:]]resolve[;[:space:]]'; then dynamic=$name; fi
  printf '%s\\n' "$uses" | grep -Eq '_pass[[:space:]]|^[[:space:]]*server[[:space:]]' && found="$found $name"
done
[ -z "$dynamic" ] || { echo "$dynamic"; exit 4; }
[ -n "$found" ] || exit 3
strip() { kept=$(grep -v '# deploy-actions$' /etc/hosts); printf '%s\\n' "$kept" > /etc/hosts; }
if [ -n "$addresses" ]; then
  trap strip EXIT
  trap 'exit 7' HUP INT TERM PIPE
  for name in $found; do
    for address in $addresses; do printf '%s %s # deploy-actions\\n' "$address" "$name" >> /etc/hosts || exit 7; done
    seen=$(getent ahosts "$name" 2>/dev/null | cut -d' ' -f1 | sort -u)
    for address in $seen; do
      case " $addresses " in *" $address "*) ;; *) echo "$name is $address"; exit 7 ;; esac
    done
  done
fi
said=$(nginx -t 2>&1) || { printf '%s\\n' "$said"; exit 5; }
before=" $(workers all | tr '\\n' ' ') "
kill -HUP "$master" || exit 6
count=0
while :; do
  fresh= stale=
  for p in $(workers); do case $before in *" $p "*) stale=$p ;; *) fresh=$p ;; esac; done
  [ -n "$fresh" ] && [ -z "$stale" ] && break
  count=$((count + 1)); [ "$count" -lt 200 ] || exit 6
  sleep 0.05
done
[ -z "$addresses" ] || { trap - EXIT; strip; }
count=0
while [ "$count" -lt "$tenths" ]; do
  rest=
  for p in $(workers all); do case $before in *" $p "*) rest=$p ;; esac; done
  [ -n "$rest" ] || exit 0
  count=$((count + 1)); sleep 0.1
done
echo busy`;

/** $1 project, $2 proxy service, $3 tenths, $4 names, $5 the text above, then the containers that stay (or none). */
const reloadScript = `${proxyContainers}${sharedAddresses}
project=$1 service=$2 tenths=$3 names=$4 inside=$5; shift 5
worst=0
for proxy in $(proxy_ids "$project" "$service"); do
  addresses=
  if [ $# -gt 0 ]; then
    addresses=$(addresses_from "$proxy" "$@" | tr '\\n' ' ')
    [ -n "$addresses" ] || exit 8
  fi
  docker exec --user 0 "$proxy" sh -c "$inside" sh "$tenths" "$names" "$addresses"
  code=$?
  case $code in 0|3) ;; *) exit "$code" ;; esac
  [ "$worst" -ge "$code" ] || worst=$code
done
exit "$worst"`;

const reloadTimeoutMs = 90_000;

/** `dynamic`: it asks a resolver at run time, so a reload says nothing. `unused`: it does not name the service. */
type ReloadState = 'idle' | 'busy' | 'unused' | 'dynamic';

/** nginx is reloaded onto the containers that stay: from its new workers on, nothing is sent to the old one. */
export const withdrawFromNginx: Withdraw = async (work, route, container, staying) => {
  for (const { service } of route.proxies) {
    const ids = staying.map(({ id }) => id);
    const state = await reload(work, route, service, ids, Math.ceil(route.drainWaitMs / 100));
    const rest = `${container.name} takes no new request`;
    const sentences: Record<ReloadState, string> = {
      idle: `${service} was reloaded onto ${staying.map(({ name }) => name).join(', ')}: ${rest}, and none is in flight`,
      busy: `${service} was reloaded onto ${staying.map(({ name }) => name).join(', ')}: ${rest}; some are in flight and finish within its grace period`,
      unused: `${service} does not name ${route.names.join(' or ')}: not told`,
      dynamic: `WARNING: ${service} asks a resolver for this service at run time and cannot be told: it may send requests to ${container.name} while that stops. Write proxy_pass without variable and resolver (docs/proxies.md)`,
    };
    work.log(`${route.service}: ${sentences[state]}`);
  }
};

/** nginx looks its upstreams up anew: for containers that came without one leaving. */
export async function refreshNginx(work: RouteWork, route: ServiceRoute): Promise<void> {
  for (const { service } of route.proxies) {
    const state = await reload(work, route, service, [], 0);
    if (state === 'idle' || state === 'busy')
      work.log(`${route.service}: ${service} was reloaded and has looked its addresses up anew`);
  }
}

async function reload(
  { host, project }: RouteWork,
  route: ServiceRoute,
  proxy: string,
  staying: readonly string[],
  tenths: number,
): Promise<ReloadState> {
  const args = [project, proxy, String(tenths), route.names.join(' '), reloadInside, ...staying];
  const result = await host.script(reloadScript, args, { timeoutMs: reloadTimeoutMs + route.drainWaitMs });
  if (result.code === 0) return result.stdout.includes('busy') ? 'busy' : 'idle';
  if (result.code === 3) return 'unused';
  if (result.code === 4) return 'dynamic';
  const said = lastLines(result.stdout.trim() === '' ? result.stderr : result.stdout, 2)
    .join(' ')
    .trim();
  throw new RolloutError({
    code: 'ROUTE_FAILED',
    message: `${host.name}: nginx in service ${proxy} could not be switched to the new container of ${route.service}: ${reasons[result.code] ?? `exit code ${result.code}`}${said === '' ? '' : `: ${said.slice(0, 300)}`}. The old container still serves.`,
    hint: 'Try `nginx -t` in the proxy’s container; docs/proxies.md has a configuration that works. Label deploy-actions.route: none leaves the proxy alone.',
  });
}

const reasons: Readonly<Record<number, string>> = {
  5: 'its configuration does not load',
  6: 'its workers were not replaced within 10 s',
  7: 'its hosts file cannot be written, or it does not look there',
  8: 'it shares no network with the containers that stay',
};
