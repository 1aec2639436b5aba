import type { Lab } from '../lab/src/index.ts';
import { startLoad, type LoadReport } from '../lab/src/load/index.ts';
import { loadTerms } from './claims.ts';
import { say } from './screen.ts';
import { clearStage, copyAppByHand, prepareStage, waitUntilServes, type Stage } from './stage.ts';

const PROJECT = 'demo-control';
const HTTP_PORT = 18_081;
const BEFORE_MS = 5_000;
const LEAST_MS = loadTerms.leastSeconds * 1_000;

async function composeUp(lab: Lab, stage: Stage, image: string): Promise<void> {
  const compose = ['compose', '--project-directory', stage.path, '-f', `${stage.path}/compose.yaml`];
  await lab.server.exec(['env', `APP_IMAGE=${image}`, 'docker', ...compose, 'pull', '--quiet']);
  say(`  $ APP_IMAGE=${image.slice(0, 60)}… docker compose up -d`);
  await lab.server.exec(['env', `APP_IMAGE=${image}`, 'docker', ...compose, 'up', '-d']);
}

/**
 * The control: the same app behind the same proxy under the same load, brought from v1 to v2 by plain `docker compose up -d`. If no
 * request failed here, the demo's measuring would be worth nothing.
 */
export async function runControl(lab: Lab, signal: AbortSignal): Promise<LoadReport> {
  const stage = await prepareStage(lab, PROJECT, HTTP_PORT);
  await copyAppByHand(lab, stage);
  const { app } = lab.images;
  const image = (digest: string): string => `${lab.registry.anonymous.address}/${app.repository}@${digest}`;
  await composeUp(lab, stage, image(app.v1.digest));
  await waitUntilServes(stage, AbortSignal.any([signal, AbortSignal.timeout(60_000)]));
  const load = await startLoad({ url: stage.url, rate: loadTerms.rate, post: loadTerms.post, phase: 'control before' });
  const startedAt = performance.now();
  try {
    await pause(BEFORE_MS, signal);
    load.mark('control deploy');
    await composeUp(lab, stage, image(app.v2.digest));
    load.mark('control after');
    await pause(Math.max(3_000, LEAST_MS - (performance.now() - startedAt)), signal);
    return await load.stop();
  } finally {
    load.kill();
    await clearStage(lab, PROJECT);
  }
}

/** Waits while the load runs on. Rejects at once when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new DOMException('stopped', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
