import { HostError } from '@deploy-actions/kit/host/host';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { MigrateError } from './error.ts';
import { interruptionOf } from './interruption.ts';
import { openLog, type OneOffLog } from './one-off-log.ts';
import { findOneOff, type OneOff } from './one-off.ts';
import { isConnectionLoss } from './reconnecting-host.ts';
import type { RunDoor } from './run-door.ts';

/** How a container ended, by the server's own record. */
export interface OneOffEnd {
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
  readonly durationMs: number;
  /** It was stopped because it ran longer than `run-timeout`. */
  readonly isTimedOut: boolean;
  /** The last lines of its log. */
  readonly tail: readonly string[];
}

/** The connection may break this often under one command before we say that we do not know. */
const mostLosses = 3;
/** `docker wait` also ends when dockerd restarts; then we look and wait again, a minute in all while it is away. */
const mostWaits = 20;
const dockerAwayMs = 3_000;
const stopGraceSeconds = 10;
const quietMs = 30_000;
const logDrainMs = 5_000;

interface Watch {
  readonly door: RunDoor;
  readonly name: string;
  readonly log: OneOffLog;
}

/**
 * Follows a container's log until it ends, and stops it when it runs longer than `run-timeout`, counted from its start
 * by the server's clock. A broken connection is made again and the watch goes on where it was.
 * @throws MigrateError SSH_LOST, ONE_OFF_GONE, CANCELLED, LEASE_LOST: in all of them the container was not touched
 */
export async function watchOneOff(door: RunDoor, name: string, isReattached: boolean): Promise<OneOffEnd> {
  let startedAtMs = NaN;
  const log = openLog({
    containerName: name,
    isReattached,
    startedAtMs: () => startedAtMs,
    print: door.say,
    warn: door.warn,
  });
  const watch: Watch = { door, name, log };
  try {
    return await watchToEnd(watch, (ms) => {
      startedAtMs = ms;
    });
  } catch (thrown) {
    throw explain(watch, thrown);
  }
}

async function watchToEnd(watch: Watch, onStart: (startedAtMs: number) => void): Promise<OneOffEnd> {
  const { door } = watch;
  let losses = 0;
  let isTimedOut = false;
  for (let waits = 0; waits < mostWaits; waits++) {
    try {
      const seen = await look(watch);
      onStart(seen.startedAtMs);
      if (seen.state === 'ended') return await finish(watch, seen, isTimedOut);
      const remainingMs = door.runTimeout - (seen.seenAtMs - seen.startedAtMs);
      if (remainingMs > 0 && (await attend(watch, remainingMs)) === 'ended') continue;
      isTimedOut = true;
      await stop(watch);
    } catch (thrown) {
      if (isDockerAway(thrown) && waits + 1 < mostWaits) {
        await door.clock.sleep(dockerAwayMs, door.signal);
        continue;
      }
      if (!isConnectionLoss(thrown) || ++losses > mostLosses) throw thrown;
      door.warn(`The connection to ${door.host.name} broke; the command goes on there. Connecting again.`);
    }
  }
  throw unknownEnd(watch, `Docker did not say how it ended in ${mostWaits} looks`);
}

/** The look itself failed on the server: dockerd restarts, or hangs. */
function isDockerAway(thrown: unknown): boolean {
  return thrown instanceof HostError && (thrown.code === 'COMMAND_FAILED' || thrown.code === 'COMMAND_TIMEOUT');
}

async function look({ door, name }: Watch): Promise<OneOff> {
  const seen = await findOneOff(door.host, name);
  if (seen !== undefined) return seen;
  throw new MigrateError({
    code: 'ONE_OFF_GONE',
    message: `${door.host.name}: the container ${name} was removed while this step watched it; how its command ended is unknown.`,
    hint: 'Somebody removed it by hand or by a clean-up. Look at the database before you run the job again.',
  });
}

/** Log and wait side by side; the wait decides. */
async function attend(watch: Watch, remainingMs: number): Promise<'ended' | 'late'> {
  const { door, name, log } = watch;
  const stopFollowing = new AbortController();
  const signal = AbortSignal.any([door.signal, stopFollowing.signal]);
  const start = door.clock.now();
  const quiet = setInterval(() => {
    door.say(`         | … still running, ${formatDuration(door.clock.now() - start)} in this watch`);
  }, quietMs);
  const following = log.follow(door.host, { timeoutMs: remainingMs + 2 * logDrainMs, signal });
  try {
    await door.host.exec(['docker', 'wait', name], { timeoutMs: remainingMs, signal: door.signal });
    await Promise.race([following, door.clock.sleep(logDrainMs, door.signal)]);
    return 'ended';
  } catch (thrown) {
    if (thrown instanceof HostError && thrown.code === 'COMMAND_TIMEOUT') return 'late';
    throw thrown;
  } finally {
    clearInterval(quiet);
    stopFollowing.abort();
    await following;
  }
}

/** SIGTERM first, so that the command can roll its transaction back. */
async function stop({ door, name }: Watch): Promise<void> {
  door.warn(`Stopping ${name}: it ran longer than \`run-timeout\` (${formatDuration(door.runTimeout)}).`);
  await door.host.exec(['docker', 'stop', '-t', String(stopGraceSeconds), name], { signal: door.signal });
}

async function finish(watch: Watch, seen: OneOff, isTimedOut: boolean): Promise<OneOffEnd> {
  await watch.log.read(watch.door.host, { timeoutMs: 20_000, signal: watch.door.signal });
  return {
    exitCode: seen.exitCode,
    isOutOfMemory: seen.isOutOfMemory,
    durationMs: Math.max(0, seen.finishedAtMs - seen.startedAtMs),
    isTimedOut,
    tail: watch.log.tail(),
  };
}

/** What ended the watch, in words that say what became of the container. */
function explain(watch: Watch, thrown: unknown): unknown {
  const { door, name, log } = watch;
  if (thrown instanceof MigrateError) return thrown;
  const interruption = interruptionOf(door.signal, thrown);
  if (interruption !== undefined)
    return new MigrateError({
      code: interruption.code,
      message: `${interruption.what}; the container ${name} goes on on ${door.host.name}, because half a migration is worse than a whole one.`,
      hint: `${interruption.advice}Run the job again to attach to it, or stop it on the server: docker stop ${name}`,
      evidence: log.tail(),
      cause: thrown,
    });
  return thrown instanceof HostError ? unknownEnd(watch, thrown.message, thrown) : thrown;
}

function unknownEnd({ door, name, log }: Watch, why: string, cause?: unknown): MigrateError {
  return new MigrateError({
    code: 'SSH_LOST',
    message: `${door.host.name}: contact was lost while ${name} ran, and whether its command finished is unknown (${why}).`,
    hint: `It goes on without us. Run the job again: it attaches to that container, or reports how it ended. By hand: docker logs ${name}`,
    evidence: log.tail(),
    cause,
  });
}
