import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';

/** Before the second and the third try. */
const PAUSES_MS: readonly number[] = [5_000, 20_000];

/**
 * A download, tried three times: a network that fails once is no finding. Each failure is said; the last one is thrown.
 * @param what as in "downloading 3 packages"
 */
export async function tryDownload<T>(
  what: string,
  log: Log,
  attempt: () => Promise<T>,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<T> {
  const tries = pausesMs.length + 1;
  for (const [index, pauseMs] of pausesMs.entries()) {
    try {
      return await attempt();
    } catch (thrown) {
      const said = thrown instanceof Error ? thrown.message : String(thrown);
      log(
        `${what} failed (try ${String(index + 1)} of ${String(tries)}), again in ${String(pauseMs / 1000)} s: ${said}`,
      );
      await delay(pauseMs);
    }
  }
  return attempt();
}
