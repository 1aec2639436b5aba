import { setTimeout as pause } from 'node:timers/promises';
import { watchSteadily, type Sighting } from './measure.ts';
import { appReference } from './party.ts';
import type { BenchStage } from './stage.ts';

/** $1 reference, $2 milliseconds of boot. The same image with the same health check, in nobody's way. */
const besideScript = `
id=$(docker run -d --env "BOOT_MS=$2" --env BOOT_OPEN=1 "$1") || exit 1
until [ "$(docker inspect -f '{{.State.Health.Status}}' "$id")" = healthy ]; do sleep 1; done
docker stop "$id" && docker rm "$id"`;

/**
 * What users see when a container of the app is started beside those that serve, gets healthy, and is stopped: no deploy,
 * nothing replaced, no proxy told. What any start-first deploy costs them at least.
 * @param windowMs how long it is watched: as long as the deploy that it is compared with
 */
export async function watchStartBeside(
  stage: BenchStage,
  digest: string,
  windowMs: number,
  say: (text: string) => void,
): Promise<Sighting> {
  const { lab, boot } = stage;
  const args = [appReference(lab, digest), String(boot.bootMs)];
  const start = async (): Promise<void> => {
    await lab.server.exec(['sh', '-c', besideScript, 'sh', ...args]);
  };
  const { seen } = await watchSteadily(stage, () => Promise.all([start(), pause(windowMs)]), say);
  return seen;
}
