import type { Container } from '@deploy-actions/kit/compose/container';
import { lastLines } from '@deploy-actions/kit/host/host';
import { RolloutError } from '../errors.ts';
import { pointUpstreams, type Pointed } from './caddy-config.ts';
import { askNeighbours, proxyContainers } from './neighbours.ts';
import type { ServiceRoute } from './route-plan.ts';
import type { RouteWork } from './route-work.ts';

/** Asks Caddy's admin API, inside its container: \`ask /path\`. Images have at best one of these. */
const ask = `
ask() {
  if command -v curl >/dev/null 2>&1; then curl -fsS "http://\${CADDY_ADMIN:-127.0.0.1:2019}$1"
  elif command -v wget >/dev/null 2>&1; then wget -q -O - "http://\${CADDY_ADMIN:-127.0.0.1:2019}$1"
  else /bin/busybox wget -q -O - "http://\${CADDY_ADMIN:-127.0.0.1:2019}$1"; fi
}`;

/**
 * $1 project, $2 proxy service, $3 ids of its containers, empty: Docker is asked; $4 a shell text. Prints for each container
 * a line with its id and one with its configuration.
 */
const readScript = `${proxyContainers}
for proxy in \${3:-$(proxy_ids "$1" "$2")}; do
  config=$(docker exec --user 0 "$proxy" sh -c "$4") || exit 1
  printf '%s\\n%s\\n' "$proxy" "$config"
done`;

/**
 * Runs inside: $1 tenths of a second to wait for requests in flight, then the upstreams that are left; the configuration
 * on standard input. \`caddy reload\` ends when the new configuration serves. Caddy counts requests by upstream, old ones
 * too, until the last has ended.
 */
const loadInside = `${ask}
caddy reload --config /dev/stdin --address "\${CADDY_ADMIN:-127.0.0.1:2019}" || exit 1
tenths=$1 count=0; shift
while :; do
  busy=
  list=$(ask /reverse_proxy/upstreams | tr '{' '\\n')
  for dial; do
    printf '%s\\n' "$list" | grep -F "\\"address\\":\\"$dial\\"" | grep -qv '"num_requests":0[,}]' && busy=yes
  done
  [ -n "$busy" ] || exit 0
  [ "$count" -lt "$tenths" ] || { echo busy; exit 0; }
  count=$((count + 1)); sleep 0.1
done`;

const timeoutMs = 60_000;

/** Caddy gets the configuration that it runs, with the containers that stay in place of the service's name. */
export async function withdrawFromCaddy(
  work: RouteWork,
  route: ServiceRoute,
  container: Container,
  staying: readonly Container[],
): Promise<void> {
  const names = staying.map(({ name }) => name);
  const near = await askNeighbours(work, route);
  for (const { service } of route.proxies) {
    const outcome = await point(work, route, { service, ids: near.idsOf(service) }, names);
    const sentences: Record<typeof outcome, string> = {
      idle: `${service} sends to ${names.join(', ')} only: ${container.name} takes no new request, and none is in flight`,
      busy: `${service} sends to ${names.join(', ')} only: ${container.name} takes no new request; some may be in flight and finish within its grace period`,
      unused: `${service} does not name ${route.names.join(' or ')}: not told`,
      dynamic: `WARNING: ${service} asks DNS for its upstreams at run time and cannot be told: it may send requests to ${container.name} while that stops. Write \`reverse_proxy ${route.service}:<port>\` (docs/proxies.md)`,
    };
    work.log(`${route.service}: ${sentences[outcome]}`);
  }
}

/** Back to the name of the service, as the user's Caddyfile has it. */
export async function settleCaddy(work: RouteWork, route: ServiceRoute): Promise<void> {
  const near = await askNeighbours(work, route);
  for (const { service } of route.proxies) await point(work, route, { service, ids: near.idsOf(service) }, []);
}

async function point(
  { host, project }: RouteWork,
  route: ServiceRoute,
  { service: proxy, ids }: { readonly service: string; readonly ids: string },
  containers: readonly string[],
): Promise<'idle' | 'busy' | 'unused' | 'dynamic'> {
  const read = await host.script(readScript, [project, proxy, ids, `${ask}\nask /config/`], { timeoutMs });
  if (read.code !== 0) throw failed(host.name, route, proxy, 'its admin API gave no configuration', read.stderr);
  const lines = read.stdout.split('\n').filter((line) => line.trim() !== '');
  let outcome: 'idle' | 'busy' | 'unused' | 'dynamic' = 'unused';
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const pointed = parse(lines[index + 1] ?? '', () =>
      failed(host.name, route, proxy, 'its admin API answered with something else than a configuration', ''),
    )({ project, service: route.service, names: route.names }, containers);
    if (pointed.kind === 'unused' || pointed.kind === 'dynamic') {
      outcome = pointed.kind;
      continue;
    }
    outcome = 'idle';
    if (pointed.kind === 'same') continue;
    const tenths = containers.length === 0 ? 0 : Math.ceil(route.drainWaitMs / 100);
    const inside = ['sh', '-c', loadInside, 'sh', String(tenths), ...pointed.left];
    const load = await host.exec(['docker', 'exec', '-i', '--user', '0', lines[index] ?? '', ...inside], {
      stdin: pointed.text,
      timeoutMs: timeoutMs + route.drainWaitMs,
    });
    if (load.code !== 0) throw failed(host.name, route, proxy, 'it refused the configuration', load.stderr);
    if (load.stdout.includes('busy')) outcome = 'busy';
  }
  return outcome;
}

function parse(
  config: string,
  refuse: () => RolloutError,
): (upstream: Parameters<typeof pointUpstreams>[1], containers: readonly string[]) => Pointed {
  return (upstream, containers) => {
    try {
      return pointUpstreams(config, upstream, containers);
    } catch {
      throw refuse();
    }
  };
}

function failed(name: string, route: ServiceRoute, proxy: string, what: string, stderr: string): RolloutError {
  const said = lastLines(stderr, 1).join('').slice(0, 300);
  return new RolloutError({
    code: 'ROUTE_FAILED',
    message: `${name}: Caddy in service ${proxy} could not be switched to the new container of ${route.service}: ${what}${said === '' ? '' : `: ${said}`}.`,
    hint: 'Its admin API must listen on localhost:2019 in the container, as it does by default. Label deploy-actions.route: none leaves the proxy alone.',
  });
}
