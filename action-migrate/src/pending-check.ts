import { formatDuration } from '@deploy-actions/kit/time/duration';
import { MigrateError } from './error.ts';
import { adviseOnExitCode, describeExit } from './exit-code.ts';
import { removeOneOffs } from './one-off.ts';
import { startOneOff } from './one-off-start.ts';
import { watchOneOff } from './one-off-watch.ts';
import type { RunDoor } from './run-door.ts';
import type { OneOffStep } from './run-plan.ts';

/** Exit codes that say that the check itself did not run to its end. */
const noAnswer: ReadonlySet<number> = new Set([125, 126, 127, 137, 139, 143]);

/**
 * Asks the app whether there is something to migrate: exit code 0 = nothing to do, any other of its own = run.
 * @throws MigrateError COMMAND_FAILED, COMMAND_TIMEOUT when the check gave no answer
 */
export async function isNothingPending(door: RunDoor, step: OneOffStep): Promise<boolean> {
  const { text } = step.command;
  const where = `${door.host.name}: the pending check ${JSON.stringify(text)}`;
  const isNothing = await door
    .group(`Pending check: ${text}`, async () => {
      const start = await startOneOff(door, step);
      if (start.kind === 'refused')
        throw new MigrateError({
          code: 'COMMAND_FAILED',
          message: `${where} was not started: ${describeExit(start.exitCode, false)}: ${start.said.at(-1) ?? ''}. No command was run.`,
          hint: adviseOnExitCode(start.exitCode, false),
          evidence: start.said,
        });
      const end = await watchOneOff(door, step.containerName, false);
      if (end.isTimedOut)
        throw new MigrateError({
          code: 'COMMAND_TIMEOUT',
          message: `${where} ran longer than ${formatDuration(door.runTimeout)} and was stopped. No command was run.`,
          evidence: end.tail,
        });
      if (noAnswer.has(end.exitCode) || end.isOutOfMemory)
        throw new MigrateError({
          code: 'COMMAND_FAILED',
          message: `${where} gave no answer: ${describeExit(end.exitCode, end.isOutOfMemory)}. No command was run.`,
          hint: adviseOnExitCode(end.exitCode, end.isOutOfMemory),
          evidence: end.tail,
        });
      return end.exitCode === 0;
    })
    .finally(() => removeOneOffs(door.host, [step.containerName]).catch(() => undefined));
  door.say(`Pending check: ${isNothing ? 'nothing to do, no command is run.' : 'there is something to run.'}`);
  return isNothing;
}
