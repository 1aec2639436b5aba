import { setTimeout as pause } from 'node:timers/promises';
import type { Row } from '../row.ts';
import { watchStartBeside } from './floor.ts';
import { describeSlowest, watchSteadily, type Sighting } from './measure.ts';
import { makeOurs, makeUp, newJob, runStep, type Deployed, type Party } from './party.ts';
import { PROXIES, type Proxy } from './recipe.ts';
import { FLOOR_NAME, rowsOfDeploys, rowsOfFloor, rowsOfSightings, type Loaded } from './rows.ts';
import { letOnlyRun, proveRunning, rolloutPeers, withEntrants, type Case, type Entrant, type Scene } from './scene.ts';
import { BOOTS, readRunning, waitForUsers, type Boot } from './stage.ts';

/** How long after the new container is there the red button is pressed. */
const CANCEL_AFTER_MS = 500;

function sayRun({ say }: Scene, name: string, party: Party, seen: Sighting, deployed: Deployed | undefined): void {
  const seconds = deployed === undefined ? '' : ` ${(deployed.totalMs / 1_000).toFixed(1)} s,`;
  const kinds = Object.entries(seen.kinds).map(([kind, count]) => `${kind} ×${String(count)}`);
  say(
    `${name}: ${party.name}:${seconds} ${String(seen.failed)} of ${String(seen.sent)} failed, ${String(seen.resets)} resets, ` +
      `p99 ${String(seen.p99BeforeMs)} → ${String(seen.p99DuringMs)} ms, lag ${String(seen.lagMs)} ms, ` +
      `slowest at ${describeSlowest(seen.slowest)} s` +
      (deployed?.commands === undefined ? '' : `, ${String(deployed.commands)} remote commands`) +
      (deployed === undefined || deployed.phases === '' ? '' : ` ${deployed.phases}`) +
      (kinds.length === 0 ? '' : ` (${kinds.slice(0, 6).join(', ')})`),
  );
}

async function deployUnderLoad(scene: Scene, name: string, entrant: Entrant): Promise<Loaded> {
  const { party, stage, nextDigest } = entrant;
  let digest = '';
  const change = (): Promise<Deployed> => party.deploy(stage, (digest = nextDigest()));
  const { seen, result } = await watchSteadily(stage, change, scene.say);
  // Not while users are watched: that would be the bench's own start of Docker's CLI.
  await proveRunning(stage, digest);
  await waitForUsers(stage);
  sayRun(scene, name, party, seen, result);
  return { seen, deployed: result };
}

async function startBeside(scene: Scene, name: string, { stage }: Entrant, windowMs: number): Promise<Sighting> {
  const seen = await watchStartBeside(stage, scene.lab.images.app.v1.digest, windowMs, scene.say);
  const p99 = `p99 ${String(seen.p99BeforeMs)} → ${String(seen.p99DuringMs)} ms, lag ${String(seen.lagMs)} ms`;
  scene.say(`${name}: ${FLOOR_NAME}: ${String(seen.failed)} of ${String(seen.sent)} failed, ${p99}`);
  return seen;
}

function makeDeployCase(proxy: Proxy, boot: Boot): Case {
  const name = `deploy, ${proxy}, ${boot.name}`;
  return {
    name,
    isQuick: boot.bootMs === 0,
    run: async (scene) => {
      const parties = [makeOurs(scene.access), makeUp(scene.access), ...rolloutPeers(scene)];
      return withEntrants(scene, parties, { proxy, boot, services: ['app'] }, async (entrants) => {
        const results = new Map<Party, Loaded[]>(parties.map((party) => [party, []]));
        const beside: Sighting[] = [];
        for (let run = 0; run < scene.runs; run++)
          for (const entrant of entrants) {
            await letOnlyRun(scene, entrant, entrants);
            const loaded = await deployUnderLoad(scene, name, entrant);
            results.get(entrant.party)?.push(loaded);
            if (entrant.party.id === 'ours' && boot.bootMs === 0)
              beside.push(await startBeside(scene, name, entrant, loaded.deployed.totalMs));
          }
        return [...rowsOfDeploys(name, proxy, [...results.entries()]), ...rowsOfFloor(name, beside)];
      });
    },
  };
}

/** A change that must leave v1 serving, several times over. */
async function repeatUnderLoad(
  scene: Scene,
  name: string,
  proxy: Proxy,
  boot: Boot,
  party: Party,
): Promise<readonly Row[]> {
  return withEntrants(scene, [makeOurs(scene.access)], { proxy, boot, services: ['app'] }, async ([entrant]) => {
    const seen: Sighting[] = [];
    for (let run = 0; run < scene.runs; run++) {
      if (entrant === undefined) break;
      const change = (): Promise<Deployed> => party.deploy(entrant.stage, scene.lab.images.app.v3.digest);
      const watched = await watchSteadily(entrant.stage, change, scene.say);
      await proveRunning(entrant.stage, scene.lab.images.app.v1.digest);
      sayRun(scene, name, party, watched.seen, watched.result);
      seen.push(watched.seen);
    }
    return rowsOfSightings(name, proxy, seen);
  });
}

function makeRollbackCase(proxy: Proxy): Case {
  const name = `rollback of a never-healthy image, ${proxy}`;
  return {
    name,
    isQuick: proxy === 'haproxy',
    run: (scene) => repeatUnderLoad(scene, name, proxy, BOOTS.fast, makeOurs(scene.access, 'rolled_back')),
  };
}

/** Presses the red button while the new container boots; the post step settles what is left. */
function makeCanceller(scene: Scene): Party {
  return {
    id: 'ours',
    name: 'action-rolling-deploy, cancelled',
    deploy: async (stage) => {
      const startedAt = performance.now();
      const job = await newJob(scene.access, stage);
      const stepping = runStep(scene.access, job, stage, scene.lab.images.app.v2.digest);
      const isOver = stepping.then(() => true);
      while ((await readRunning(stage)).length < 2)
        if (await Promise.race([isOver, pause(50, false)])) throw new RangeError(`it ended before its cancel`);
      await pause(CANCEL_AFTER_MS);
      await job.cancel();
      const step = await stepping;
      const totalMs = performance.now() - startedAt;
      await job.finish();
      await job.dispose();
      const postMs = performance.now() - startedAt - totalMs;
      return { totalMs, postMs, outcome: step.outputs['outcome'] ?? '', commands: undefined, phases: '' };
    },
  };
}

function makeCancelCase(proxy: Proxy): Case {
  const name = `cancel in the middle, ${proxy}`;
  return {
    name,
    isQuick: proxy === 'haproxy',
    run: (scene) => repeatUnderLoad(scene, name, proxy, BOOTS.slow, makeCanceller(scene)),
  };
}

/** Every case with users in it. */
export const loadedCases: readonly Case[] = [
  ...PROXIES.flatMap((proxy) => [BOOTS.fast, BOOTS.slow].map((boot) => makeDeployCase(proxy, boot))),
  ...PROXIES.map(makeRollbackCase),
  ...PROXIES.map(makeCancelCase),
];
