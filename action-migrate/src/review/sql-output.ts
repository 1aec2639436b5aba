import { MigrateError } from '../error.ts';
import { adviseOnExitCode, describeExit } from '../exit-code.ts';
import { removeOneOffs } from '../one-off.ts';
import { startOneOff } from '../one-off-start.ts';
import { watchOneOff } from '../one-off-watch.ts';
import type { RunDoor } from '../run-door.ts';
import type { OneOffStep } from '../run-plan.ts';
import { largestText, type SqlFile } from './finding.ts';
import { refuseUnsafe, reportReview, reviewOutput, type Review, type Reviewed } from './review-step.ts';

/**
 * Runs the commands of `lint-command` in the new image, and adds what they printed to the review.
 * @throws MigrateError COMMAND_FAILED, LINT_FAILED: no command of the migration was run
 */
export async function reviewCommands(door: RunDoor, reviewed: Reviewed): Promise<Review> {
  const texts: SqlFile[] = [];
  for (const step of door.plan.lintCommands) texts.push(await readSqlOutput(door, step));
  if (texts.length === 0) return reviewed.review;
  const review = await reviewOutput(reviewed, reviewed.review, texts);
  reportReview(reviewed, review);
  refuseUnsafe(review, 'No command was run: nothing was changed, and the version that served before still serves.');
  return review;
}

/** What a command of `lint-command` printed on its standard output, as a text to review. */
async function readSqlOutput(door: RunDoor, step: OneOffStep): Promise<SqlFile> {
  const { text } = step.command;
  return door
    .group(`SQL to review: ${text}`, () => runToEnd(door, step))
    .finally(() => removeOneOffs(door.host, [step.containerName]).catch(() => undefined));
}

async function runToEnd(door: RunDoor, step: OneOffStep): Promise<SqlFile> {
  const { text } = step.command;
  const fail = (why: string, code: number, isOutOfMemory: boolean, evidence: readonly string[]): MigrateError =>
    new MigrateError({
      code: 'COMMAND_FAILED',
      message: `${door.host.name}: the SQL to review could not be had from ${JSON.stringify(text)}: ${why}. No command was run.`,
      hint: adviseOnExitCode(code, isOutOfMemory),
      evidence,
    });
  const start = await startOneOff(door, step);
  if (start.kind === 'refused')
    throw fail(`${describeExit(start.exitCode, false)}: ${start.said.at(-1) ?? ''}`, start.exitCode, false, start.said);
  const end = await watchOneOff(door, step.containerName, false);
  if (end.exitCode !== 0 || end.isTimedOut)
    throw fail(
      end.isTimedOut ? 'it ran too long and was stopped' : describeExit(end.exitCode, end.isOutOfMemory),
      end.exitCode,
      end.isOutOfMemory,
      end.tail,
    );
  // Its standard error is the tool's talk.
  const output = await door.host.exec(['docker', 'logs', step.containerName], { maxCaptureBytes: largestText + 1 });
  const sql = output.isTruncated ? ' '.repeat(largestText + 1) : output.stdout;
  return { path: text, text: sql, runs: 'generated' };
}
