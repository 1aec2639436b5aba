import type { Pause } from '../../lab/src/pause.ts';
import type { StepResult } from '../../lab/src/runner/index.ts';

/** Waits until a deploy stands at its pause. Throws with its whole log when it ends before. */
export async function standAt(pause: Pause, deploying: Promise<StepResult>): Promise<void> {
  await Promise.race([pause.reached, deploying.then(refuseEarlyEnd)]);
}

function refuseEarlyEnd(result: StepResult): never {
  throw new Error(`the deploy ended before it got there:\n${result.log}`);
}

/** A step that only prepares a test. */
export function requireSuccess(result: StepResult): void {
  if (result.exitCode !== 0) throw new Error(`a step that prepares the test failed:\n${result.log}`);
}
