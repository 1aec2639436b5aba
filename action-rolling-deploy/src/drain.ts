import type { Container } from '@deploy-actions/kit/compose/container';
import { askExitCode, keepDown, stopContainer } from '@deploy-actions/kit/compose/engine-changes';
import { programPart, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import { removePart } from './container-moves.ts';
import { RolloutError } from './errors.ts';
import { addSpent } from './footprint.ts';
import { mutate, type RolloutContext } from './rollout-context.ts';
import { hookParts, hookTimeoutMs } from './route/hooks.ts';
import { withdrawTimeoutMs } from './route/route-plan.ts';
import type { RoutePart } from './route/route.ts';

const slackMs = 60_000;

/**
 * Takes a container out of service for good, while those that it `needs` run: proxy and pre-stop hooks first, SIGTERM with its own grace, then it is
 * removed. Not cut short by a cancel between SIGTERM and removal: the journal has promised it.
 */
export function retire(
  context: RolloutContext,
  container: Container,
  staying: readonly Container[],
  needs: readonly string[] = [],
): Promise<readonly Container[]> {
  context.log(`${container.service}: draining and stopping ${container.name}`);
  const { service, id } = container;
  const removal = [removePart(context, [id]), context.journal.line('removed', { service, ids: [id] })];
  return takeOut(context, container, { staying, needs }, removal);
}

/** The same without the removal: Compose recreates the container in place. */
export function drainAndStop(context: RolloutContext, container: Container): Promise<readonly Container[]> {
  return takeOut(context, container, { staying: [], needs: [] }, []);
}

/**
 * In order: the proxy sends nothing new to it, its hooks run (those of the NEW model), drain-wait, SIGTERM. One remote
 * command where nothing is waited for here.
 */
async function takeOut(
  context: RolloutContext,
  container: Container,
  { staying, needs }: { readonly staying: readonly Container[]; readonly needs: readonly string[] },
  then: readonly BatchPart[],
): Promise<readonly Container[]> {
  const { journal, footprint } = context;
  const { service, id } = container;
  const route = context.route.of(service);
  const wasTouched = footprint.touched.has(service);
  addSpent(footprint, service, id);
  try {
    const isTold = route !== undefined && route.withdrawal !== 'none';
    const hooks = hookParts(container, route?.hooks ?? [], context.log);
    let parts: readonly RoutePart[] = isTold || hooks.length > 0 ? [journal.line('unrouted', { service, id })] : [];
    if (route?.withdrawal === 'caddy') {
      await run(context, container, needs, parts, slackMs);
      parts = [];
    }
    const told = await context.route.withdraw(service, container, staying);
    parts = [...parts, ...told, ...hooks];
    const toldMs = route === undefined ? 0 : withdrawTimeoutMs(route) + hookTimeoutMs(route.hooks);
    const timeoutMs = toldMs + container.stopGraceSeconds * 1000 + slackMs;
    // nginx, HAProxy and Caddy have waited for what is in flight; a file or a hook needs its time to be seen by a check.
    const waitMs = !isTold || route.withdrawal === 'drain-file' || hooks.length > 0 ? (route?.drainWaitMs ?? 0) : 0;
    if (waitMs > 0) {
      if (parts.length > 0) await run(context, container, needs, parts, timeoutMs);
      await context.clock.sleep(waitMs, context.signal);
      parts = [];
    }
    parts = [...parts, journal.line('stopping', { service, id }), ...stopParts(context, container), ...then];
    return await run(context, container, needs, parts, timeoutMs);
  } catch (thrown) {
    // A proxy that could not be switched still sends to the container: that one is the way back. Of several proxies, some
    // may have been switched: then it is none.
    if (thrown instanceof RolloutError && thrown.code === 'ROUTE_FAILED' && route?.proxies.length === 1) {
      footprint.spent.delete(id);
      if (!wasTouched) footprint.touched.delete(service);
    }
    throw thrown;
  }
}

const stopPurpose = 'docker stop';

/**
 * $1 id, $2 its grace period in seconds. Prints the exit code where the stop took as long: Docker kills nothing before, and
 * asking each time would be one more start of its CLI.
 */
const stopScript = `
begun=$(date +%s)
docker stop "$1" >/dev/null || exit
[ "$(($(date +%s) - begun))" -lt "$2" ] || docker inspect --type container --format '{{.State.ExitCode}}' "$1"
exit 0`;

function stopParts({ clock }: RolloutContext, container: Container): readonly BatchPart[] {
  const { id, restartPolicy, stopGraceSeconds } = container;
  // The other policies would bring a stopped old container back when dockerd restarts; these two do not.
  const staysDown = restartPolicy === 'no' || restartPolicy === 'unless-stopped';
  const update: BatchPart = {
    ...programPart('docker update', ['docker', 'update', '--restart=no', id], { mayFail: true }),
    act: (engine, signal) => keepDown(engine, id, signal),
  };
  const stop: BatchPart = {
    purpose: stopPurpose,
    source: stopScript,
    args: [id, String(stopGraceSeconds)],
    act: async (engine, signal) => {
      const begun = clock.now();
      const stopped = await stopContainer(engine, id, signal);
      if (clock.now() - begun < stopGraceSeconds * 1000) return stopped;
      return { ...stopped, stdout: await askExitCode(engine, id, signal) };
    },
  };
  return [...(staysDown ? [] : [update]), stop];
}

async function run(
  context: RolloutContext,
  container: Container,
  needs: readonly string[],
  parts: readonly RoutePart[],
  timeoutMs: number,
): Promise<readonly Container[]> {
  const { service, id, name, stopGraceSeconds } = container;
  const { results, own } = await mutate(context, { service, touches: [id], needs, parts, timeoutMs });
  const resultOf = (purpose: string): PartResult | undefined =>
    results[parts.findIndex((part) => part.purpose === purpose)];
  parts.forEach((part, index) => {
    const result = results[index];
    if (result !== undefined) part.onDone?.(result);
  });
  const exitCode = resultOf(stopPurpose)?.stdout.trim();
  if (exitCode === '137')
    context.log(
      `${name}: did not end within its grace period of ${stopGraceSeconds}s and was killed (137); raise stop_grace_period or handle SIGTERM`,
    );
  else if (exitCode !== undefined) context.log(`${name}: stopped`);
  return own;
}
