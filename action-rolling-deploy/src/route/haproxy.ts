import type { Container } from '@deploy-actions/kit/compose/container';
import type { RoutePart } from './route.ts';
import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { PartResult } from '@deploy-actions/kit/host/batch';
import { RolloutError } from '../errors.ts';
import { drainInside, settleInside } from './haproxy-inside.ts';
import { noWay, type HaproxySessions, type Order } from './haproxy-sessions.ts';
import { askNeighbours, proxyContainers, reachable, splitIds, type Neighbours } from './neighbours.ts';
import { withdrawTimeoutMs, type ServiceRoute } from './route-plan.ts';
import { lastWords, type RouteWork, type Withdraw } from './route-work.ts';

/**
 * $1 project, $2 proxy service, $3 ids of its containers, $4 networks of all, both empty: Docker is asked; $5 tenths of a
 * second, $6 the text above, $7 the container that goes, then those that stay. One command inside each proxy, whatever it
 * waits for. Prints `unused` when HAProxy sends nothing to it.
 */
const drainScript = `${proxyContainers}${reachable}
project=$1 service=$2 proxies=$3 pairs=$4 tenths=$5 inside=$6 old=$7; shift 7
[ -n "$proxies" ] || proxies=$(proxy_ids "$project" "$service")
look "$pairs" $proxies "$old" "$@"
known=
for proxy in $proxies; do
  gone=$(reached "$proxy" "$old")
  stay=$(reached "$proxy" "$@")
  said=$(docker exec --user 0 "$proxy" sh -c "$inside" sh "$tenths" "$gone" "$stay")
  code=$?
  printf '%s\\n' "$said"
  case $code in 0) ;; 6) exit 6 ;; *) exit 7 ;; esac
  case $said in *deaf*) exit 0 ;; *drained*) known=yes ;; esac
done
[ -n "$known" ] || echo unused`;

/**
 * $1 project, $2 proxy service, $3 ids of its containers, $4 those of the service, $5 networks of all, as above; $6 the text
 * above, $7 service, $8 its names.
 */
const settleScript = `${proxyContainers}${reachable}
project=$1 service=$2 proxies=$3 alive=$4 pairs=$5 inside=$6 names=$8
if [ -z "$pairs" ]; then
  proxies=$(proxy_ids "$project" "$service")
  alive=$(proxy_ids "$project" "$7")
fi
look "$pairs" $proxies $alive
for proxy in $proxies; do
  here=$(reached "$proxy" $alive)
  docker exec --user 0 "$proxy" sh -c "$inside" sh "$here" "$names" || exit 7
done`;

/** HAProxy is told by its runtime API to send nothing new to the server that has the old container's address. */
export const withdrawFromHaproxy: Withdraw = async (work, route, container, staying) => {
  const ids = [container.id, ...staying.map(({ id }) => id)];
  const near = await askNeighbours(work, route, ids);
  return route.proxies.map(({ service }) => {
    // Its shell starts while the journal is written: a start changes nothing.
    if (near.reached !== undefined)
      for (const proxy of splitIds(near.idsOf(service))) work.haproxy.prepare(route.service, proxy);
    return drainPart(work, route, service, near, container, staying);
  });
};

function drainPart(
  work: RouteWork,
  route: ServiceRoute,
  proxy: string,
  near: Neighbours,
  container: Container,
  staying: readonly Container[],
): RoutePart {
  const { host, project } = work;
  const { reached } = near;
  const tenths = String(Math.ceil(route.drainWaitMs / 100));
  const ids = staying.map(({ id }) => id);
  return {
    purpose: `drain ${container.name} in HAProxy`,
    source: drainScript,
    args: [project, proxy, near.idsOf(proxy), near.pairs, tenths, drainInside, container.id, ...ids],
    ...(reached === undefined
      ? {}
      : {
          act: (_engine, signal) =>
            drainOver(
              work.haproxy,
              route.service,
              splitIds(near.idsOf(proxy)).map((id) => ({
                id,
                order: ['drain', tenths, reached(id, [container.id]), reached(id, ids)],
              })),
              signal,
            ),
        }),
    fail: (result) => failed(host.name, route, proxy, result),
    onDone: ({ stdout }) => {
      sayDrained(work, route, proxy, container, stdout);
    },
  };
}

/** What {@link drainScript} does, told to shells in the proxy's containers. */
async function drainOver(
  sessions: HaproxySessions,
  service: string,
  orders: readonly { readonly id: string; readonly order: Order }[],
  signal: AbortSignal,
): Promise<PartResult> {
  const said: string[] = [];
  const result = (code: number): PartResult => ({ code, stdout: said.join('\n'), stderr: '' });
  for (const { id, order } of orders) {
    const answer = await sessions.ask(service, id, order, signal);
    said.push(answer.stdout);
    if (answer.code !== 0) return result(answer.code === 6 ? 6 : 7);
    if (answer.stdout.includes('deaf')) return result(0);
  }
  if (!said.some((words) => words.includes('drained'))) said.push('unused');
  return result(0);
}

function sayDrained(
  { log }: RouteWork,
  route: ServiceRoute,
  proxy: string,
  container: Container,
  stdout: string,
): void {
  const drained = `${proxy} has drained ${container.name}: it takes no new request`;
  if (stdout.includes('unused')) log(`${route.service}: ${proxy} sends nothing to ${container.name}: not told`);
  else if (stdout.includes('deaf'))
    log(
      `WARNING: ${route.service}: ${proxy} has no stats socket that its image can talk to (stats socket ipv4@127.0.0.1:9999 level admin; docs/proxies.md); it is not told that ${container.name} goes`,
    );
  else if (stdout.includes('busy'))
    log(`${route.service}: ${drained}; some are in flight and finish within its grace period`);
  else log(`${route.service}: ${drained}, and none is in flight`);
}

/**
 * Drained servers are put back in use, so that the next container that gets one of them is not drained from its start. It
 * goes on to its end on the server, whoever still listens. Never rejects.
 */
export async function settleHaproxy(work: RouteWork, route: ServiceRoute): Promise<void> {
  const near = await askNeighbours(work, route);
  for (const { service } of route.proxies) {
    const said = await settleOver(work, route, service, near).catch(() => settleByCommand(work, route, service, near));
    if (said !== undefined) work.log(`WARNING: ${route.service}: a server of ${service} may still be drained: ${said}`);
  }
}

/** Told to the shells that have drained; rejects where there is no way to them. */
async function settleOver(
  { haproxy }: RouteWork,
  { service, names, ...route }: ServiceRoute,
  proxy: string,
  near: Neighbours,
): Promise<string | undefined> {
  const { alive, reached } = near;
  if (reached === undefined) throw noWay('the engine cannot be asked');
  const signal = AbortSignal.timeout(withdrawTimeoutMs({ service, names, ...route }));
  for (const id of splitIds(near.idsOf(proxy))) {
    const here = reached(id, splitIds(alive));
    const answer = await haproxy.ask(service, id, ['settle', here, names.join(' '), ''], signal);
    haproxy.end(service, id);
    if (answer.code !== 0) return lastWords(answer);
  }
  return undefined;
}

async function settleByCommand(
  { host, project }: RouteWork,
  route: ServiceRoute,
  proxy: string,
  near: Neighbours,
): Promise<string | undefined> {
  const seen = [near.idsOf(proxy), near.alive, near.pairs];
  const args = [project, proxy, ...seen, settleInside, route.service, route.names.join(' ')];
  return host
    .script(settleScript, args, { timeoutMs: withdrawTimeoutMs(route) })
    .then((result) => (result.code === 0 ? undefined : lastWords(result)), describeThrown);
}

function failed(name: string, route: ServiceRoute, proxy: string, result: PartResult): RolloutError {
  const what =
    result.code === 6
      ? `sees no new container of ${route.service} up after 10 s`
      : `could not be told to drain the old container of ${route.service}`;
  return new RolloutError({
    code: 'ROUTE_FAILED',
    message: `${name}: HAProxy in service ${proxy} ${what} (${lastWords(result)}). The old container still serves.`,
    hint: 'Does its `server-template` follow Docker’s DNS, and is the stats socket of level admin? docs/proxies.md has a configuration that works.',
  });
}
