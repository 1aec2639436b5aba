import { isDeployError } from '@deploy-actions/kit/action/errors';
import { MigrateError } from './error.ts';
import type { RecordBook } from './record.ts';
import type { Progress } from './refusal.ts';
import { hasApplied, skippedOf, withBackupFact, type MigrationResult, type RecordedBackup } from './result.ts';
import type { ReviewFacts } from './review/review-step.ts';
import type { RunDoor } from './run-door.ts';

/** What a recorded run needs beside its work. */
export interface ActRun {
  readonly door: RunDoor;
  readonly book: RecordBook;
  readonly progress: Progress;
}

const staleRecord = 'The record for the rollout still says "applied"';

/** Recorded before the first command: should contact be lost, the record errs on the side of "applied". */
export async function act(
  { door, book, progress }: ActRun,
  facts: ((skipped: readonly string[]) => ReviewFacts) | undefined,
  backup: RecordedBackup | undefined,
  work: () => Promise<MigrationResult>,
): Promise<MigrationResult> {
  const kept = backup === undefined ? {} : { backup };
  if (backup !== undefined) progress.backup = backup;
  door.signal.throwIfAborted();
  await door.requireLease();
  await book.write({ applied: true, ...facts?.([]), ...kept });
  progress.stage = 'acting';
  const begin = (): Promise<MigrationResult> =>
    work().catch(async (thrown: unknown) => {
      // What began and broke is a result. An error of ours in its place: nothing began.
      if (!(thrown instanceof MigrateError)) throw thrown;
      progress.stage = 'preparing';
      await sayOnly(door, staleRecord, () => book.write({ applied: false }));
      throw thrown;
    });
  const result = withBackupFact(await begin(), backup);
  // Who lost the lease writes nothing any more: the record is another's now.
  if (result.status === 'unknown' || result.error?.code === 'LEASE_LOST') return result;
  await sayOnly(door, staleRecord, () =>
    book.write({
      applied: hasApplied(result),
      ...(result.error === undefined ? {} : { hasFailed: true }),
      ...facts?.(skippedOf(result)),
      ...kept,
    }),
  );
  return result;
}

/** After the end of the commands nothing may hide how they ended: a server that does not answer is only told of. */
export async function sayOnly(door: RunDoor, what: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (thrown) {
    if (!isDeployError(thrown)) throw thrown;
    door.warn(`${what}: ${thrown.message}`);
  }
}
