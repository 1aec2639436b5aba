import { readLogs } from '@deploy-actions/kit/compose/docker-cli';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { MigrateError } from './error.ts';
import { describeExit } from './exit-code.ts';
import { sortLeftovers, type Leftovers } from './leftover.ts';
import type { Beginning } from './migration.ts';
import { findOneOffs, removeOneOffs, type OneOff } from './one-off.ts';
import type { RunDoor } from './run-door.ts';

/**
 * Looks for what earlier runs left on the server. Waits for another run's command that still goes on, reports and removes
 * what ended, and tells where this run begins: at this plan's own container, if an earlier attempt left one.
 * @throws MigrateError ONE_OFF_RUNNING when another run's command does not end within `run-timeout`
 */
export async function settleEarlierRuns(door: RunDoor): Promise<Beginning> {
  const start = door.clock.now();
  let hasSaid = false;
  for (;;) {
    const leftovers = sortLeftovers(await findOneOffs(door.host, door.plan.deployPath), door.plan);
    const { foreign } = leftovers;
    if (foreign === undefined) return settleEnded(door, leftovers);
    if (!hasSaid) door.warn(`${describe(foreign)} of another run still goes on; waiting for its end.`);
    hasSaid = true;
    if (door.clock.now() - start >= door.runTimeout) throw stillRunning(door, foreign);
    await door.clock.sleep(2000, door.signal);
  }
}

async function settleEnded(door: RunDoor, { own, stale }: Leftovers): Promise<Beginning> {
  for (const oneOff of stale) await reportEnd(door, oneOff, own);
  // Earlier containers of this plan stay until its end: they are what a re-run counts from.
  const useless = stale.filter((oneOff) => own === undefined || oneOff.planHash !== own.planHash);
  await removeOneOffs(
    door.host,
    useless.map(({ name }) => name),
  );
  if (own === undefined) return { number: 1, containerName: undefined };
  const state = own.state === 'running' ? 'still runs: attaching to it' : 'ended while nobody watched';
  door.warn(`${describe(own)} of an earlier attempt ${state}. It is not started a second time.`);
  return { number: own.number, containerName: own.name };
}

async function reportEnd(door: RunDoor, oneOff: OneOff, own: OneOff | undefined): Promise<void> {
  if (oneOff.number === 0 || oneOff.state === 'created' || oneOff.planHash === own?.planHash) return;
  const time = formatDuration(Math.max(0, oneOff.finishedAtMs - oneOff.startedAtMs));
  door.warn(
    `${describe(oneOff)} of an earlier run ended with ${describeExit(oneOff.exitCode, oneOff.isOutOfMemory)} after ${time}, and nobody watched.`,
  );
  if (oneOff.exitCode === 0) return;
  for (const line of await readLogs(door.host, oneOff.name, 20)) door.say(`         | ${line}`);
}

function describe(oneOff: OneOff): string {
  return `The container ${oneOff.name} (command ${oneOff.number})`;
}

function stillRunning(door: RunDoor, foreign: OneOff): MigrateError {
  const age = formatDuration(Math.max(0, foreign.seenAtMs - foreign.startedAtMs));
  return new MigrateError({
    code: 'ONE_OFF_RUNNING',
    message: `${door.host.name}: ${describe(foreign)} of another run has been running for ${age} and did not end within ${formatDuration(door.runTimeout)}. No command of this run was started.`,
    hint: `Look at it: docker logs ${foreign.name}. If it hangs, stop it (docker stop ${foreign.name}), and run the job again.`,
  });
}
