import type { Container } from '@deploy-actions/kit/compose/container';
import { programPart } from '@deploy-actions/kit/host/batch';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { addSpent } from './footprint.ts';
import { mutate, type RolloutContext } from './rollout-context.ts';
import type { WorkerPolicy } from '@deploy-actions/kit/plan/worker';

type Quiesce = Extract<WorkerPolicy, { kind: 'quiesce' }>;

const tellTimeoutMs = 60_000;
/** How long one look stays on the server. */
const holdSeconds = 10;

/**
 * $1 seconds, $2 container, $3 idle command. Exit 0: it is idle, or runs no more; 75: not yet. The command is asked
 * twice a second there, so that waiting costs no remote commands.
 */
const idleScript = `
end=$(($(date +%s) + $1))
while :; do
  [ "$(docker inspect --format '{{.State.Running}}' "$2" 2>/dev/null)" = true ] || exit 0
  ! docker exec "$2" sh -c "$3" >/dev/null 2>&1 || exit 0
  [ "$(date +%s)" -lt "$end" ] || exit 75
  sleep 0.5 2>/dev/null || sleep 1
done`;

/**
 * Tells a worker to take no new job and waits until it has none. When the time is over it is stopped all the same, with
 * its own grace period; that is said. From here on it is no way back: the journal has it as taken out of service.
 */
export async function quiesce(context: RolloutContext, policy: Quiesce, container: Container): Promise<void> {
  const { clock, footprint, host, journal, log, signal } = context;
  const { service, id, name } = container;
  addSpent(footprint, service, id);
  const tell = [
    ...(policy.signal === undefined ? [] : [['docker', 'kill', '--signal', policy.signal, id]]),
    ...(policy.command === undefined ? [] : [['docker', 'exec', id, 'sh', '-c', policy.command]]),
  ];
  await mutate(context, {
    service,
    touches: [id],
    parts: [journal.line('unrouted', { service, id }), ...tell.map((argv) => programPart('tell the worker', argv))],
    timeoutMs: tellTimeoutMs,
  });
  log(`${name}: told to take no more jobs; waiting until it has none`);
  const start = clock.now();
  for (;;) {
    signal.throwIfAborted();
    const elapsedMs = clock.now() - start;
    const leftMs = policy.timeoutMs - elapsedMs;
    if (leftMs <= 0) {
      log(`${name}: still has a job after ${formatDuration(policy.timeoutMs)}; stopping it with its grace period`);
      return;
    }
    const seconds = Math.max(1, Math.min(holdSeconds, Math.ceil(leftMs / 1000)));
    const options = { timeoutMs: seconds * 1000 + tellTimeoutMs, signal };
    const result = await host.script(idleScript, [String(seconds), id, policy.idleCommand], options);
    if (result.code === 0) {
      log(`${name}: has no job any more, after ${formatDuration(clock.now() - start)}`);
      return;
    }
    log(`  ${name}: still has a job, ${formatDuration(clock.now() - start)}`);
  }
}
