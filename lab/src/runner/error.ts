/** A mistake in how the harness was used, or in a file it was asked to run: never the outcome of a step. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
}

/** Throws HarnessError with `message` unless `condition` holds. */
export function assertUsage(condition: boolean, message: string): asserts condition {
  if (!condition) throw new HarnessError(message);
}
