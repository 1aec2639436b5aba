import { runExec } from '@deploy-actions/kit/compose/engine-exec';
import { runBatch, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import { RolloutError } from '../errors.ts';
import { askNeighbours, proxyContainers, reachable, splitIds, type Neighbours } from './neighbours.ts';
import { withdrawTimeoutMs, type ServiceRoute } from './route-plan.ts';
import { lastWords, type RouteWork, type Withdraw } from './route-work.ts';
import type { RoutePart } from './route.ts';

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
config=$(nginx -T 2>/dev/null) || { nginx -t 2>&1; exit 5; }
config=$(printf '%s\\n' "$config" | sed 's/#.*//')
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

/**
 * $1 project, $2 proxy service, $3 ids of its containers, $4 networks of all, both empty: Docker is asked; $5 tenths, $6
 * names, $7 the text above, then the containers that stay (or none).
 */
const reloadScript = `${proxyContainers}${reachable}
project=$1 service=$2 proxies=$3 pairs=$4 tenths=$5 names=$6 inside=$7; shift 7
[ -n "$proxies" ] || proxies=$(proxy_ids "$project" "$service") || exit 1
[ -n "$proxies" ] || echo absent
[ $# -eq 0 ] || [ -z "$proxies" ] || look "$pairs" $proxies "$@"
for proxy in $proxies; do
  addresses=
  if [ $# -gt 0 ]; then
    addresses=$(reached "$proxy" "$@")
    [ -n "$addresses" ] || exit 8
  fi
  docker exec --user 0 "$proxy" sh -c "$inside" sh "$tenths" "$names" "$addresses"
  code=$?
  case $code in
    0) ;;
    3) echo unused ;;
    4) echo dynamic ;;
    *) exit "$code" ;;
  esac
done`;

/** nginx is reloaded onto the containers that stay: from its new workers on, nothing is sent to the old one. */
export const withdrawFromNginx: Withdraw = (work, route, container, staying) =>
  reloadParts(
    work,
    route,
    staying.map(({ id }) => id),
    ({ stdout }, proxy) => {
      const switched = `${proxy} was reloaded onto ${staying.map(({ name }) => name).join(', ')}: ${container.name} takes no new request`;
      if (stdout.includes('absent')) return `${proxy} does not run: not told`;
      if (stdout.includes('unused')) return `${proxy} does not name ${route.names.join(' or ')}: not told`;
      if (stdout.includes('dynamic'))
        return `WARNING: ${proxy} asks a resolver for this service at run time and cannot be told: it may send requests to ${container.name} while that stops. Write proxy_pass without variable and resolver (docs/proxies.md)`;
      return stdout.includes('busy')
        ? `${switched}; some are in flight and finish within its grace period`
        : `${switched}, and none is in flight`;
    },
  );

/** nginx looks its upstreams up anew: for containers that came without one leaving. */
export async function refreshNginx(work: RouteWork, route: ServiceRoute): Promise<void> {
  const refreshed = ({ stdout }: PartResult, proxy: string): string =>
    /unused|dynamic|absent/.test(stdout) ? '' : `${proxy} was reloaded and has looked its addresses up anew`;
  const parts = await reloadParts(work, route, [], refreshed);
  const results = await runBatch(work.host, parts, { timeoutMs: withdrawTimeoutMs(route) });
  parts.forEach((part, index) => {
    const result = results[index];
    if (result !== undefined) part.onDone?.(result);
  });
}

async function reloadParts(
  work: RouteWork,
  route: ServiceRoute,
  staying: readonly string[],
  describe: (result: PartResult, proxy: string) => string,
): Promise<readonly RoutePart[]> {
  const { host, project, log } = work;
  const near = await askNeighbours(work, route, staying);
  // Reloaded for containers that came, nobody waits for what is in flight.
  const tenths = staying.length === 0 ? 0 : Math.ceil(route.drainWaitMs / 100);
  return route.proxies.map(({ service: proxy }) => ({
    purpose: `reload nginx in ${proxy}`,
    source: reloadScript,
    args: [
      project,
      proxy,
      near.idsOf(proxy),
      near.pairs,
      String(tenths),
      route.names.join(' '),
      reloadInside,
      ...staying,
    ],
    ...reloadAct(near, proxy, [String(tenths), route.names.join(' ')], staying),
    fail: (result) => failed(host.name, route, proxy, result),
    onDone: (result) => {
      const said = describe(result, proxy);
      if (said !== '') log(`${route.service}: ${said}`);
    },
  }));
}

/** What {@link reloadScript} does, asked of the engine; nothing where that cannot be. */
function reloadAct(
  { idsOf, reached }: Neighbours,
  proxy: string,
  args: readonly string[],
  staying: readonly string[],
): Pick<BatchPart, 'act'> {
  if (reached === undefined) return {};
  const act: BatchPart['act'] = async (engine, signal) => {
    const ids = splitIds(idsOf(proxy));
    const said = ids.length === 0 ? ['absent'] : [];
    for (const id of ids) {
      const addresses = reached(id, staying);
      if (staying.length > 0 && addresses === '') return { code: 8, stdout: said.join('\n'), stderr: '' };
      const argv = ['sh', '-c', reloadInside, 'sh', ...args, addresses];
      const { code, stdout, stderr } = await runExec(engine, id, argv, signal);
      said.push(stdout, ...(code === 3 ? ['unused'] : code === 4 ? ['dynamic'] : []));
      if (![0, 3, 4].includes(code)) return { code, stdout: said.join('\n'), stderr };
    }
    return { code: 0, stdout: said.join('\n'), stderr: '' };
  };
  return { act };
}

function failed(name: string, route: ServiceRoute, proxy: string, result: PartResult): RolloutError {
  const said = lastWords(result);
  return new RolloutError({
    code: 'ROUTE_FAILED',
    message: `${name}: nginx in service ${proxy} could not be switched to the new container of ${route.service}: ${reasons[result.code] ?? `exit code ${result.code}`}${said === '' ? '' : `: ${said}`}. The old container still serves.`,
    hint: 'Try `nginx -t` in the proxy’s container; docs/proxies.md has a configuration that works. Label deploy-actions.route: none leaves the proxy alone.',
  });
}

const reasons: Readonly<Record<number, string>> = {
  5: 'its configuration does not load',
  6: 'its workers were not replaced within 10 s',
  7: 'its hosts file cannot be written, or it does not look there',
  8: 'it shares no network with the containers that stay',
};
