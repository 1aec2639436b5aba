import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '../../lab/src/index.ts';
import type { Row } from '../row.ts';
import { appReference, makeRollout, makeUp, type Access, type Party } from './party.ts';
import { readRecipe, type Proxy } from './recipe.ts';
import { clearStage, prepareBenchStage, readRunning, waitForUsers, type BenchStage, type Boot } from './stage.ts';

/** What every case of the bench is given. */
export interface Scene {
  readonly lab: Lab;
  readonly access: Access;
  /** Text of docker-rollout's script; undefined: that peer is not there. */
  readonly rolloutScript: string | undefined;
  readonly runs: number;
  readonly say: (text: string) => void;
}

/** One case: a name, and rows when it is run. */
export interface Case {
  readonly name: string;
  /** Part of a quick run. */
  readonly isQuick: boolean;
  readonly run: (scene: Scene) => Promise<readonly Row[]>;
}

/** What the projects of a case look like. */
export interface StageWish {
  /** undefined: no proxy. */
  readonly proxy: Proxy | undefined;
  readonly boot: Boot;
  readonly services: readonly string[];
}

/** A party with a project of its own on the server. */
export interface Entrant {
  readonly party: Party;
  readonly stage: BenchStage;
  /** The image that it deploys next: v2, v1, v2 … so that every deploy changes something. */
  readonly nextDigest: () => string;
}

const FIRST_PORT = 18_300;

const nameOf = ({ id }: Pick<Party, 'id'>): string => `bench-rollout-${id}`;

/** Removes the projects of all parties, whoever left them: a bench that was killed clears nothing up. */
export async function clearStages(lab: Lab): Promise<void> {
  for (const id of ['ours', 'up', 'rollout'] as const) await clearStage(lab, nameOf({ id }));
}

/** Gives each party a project with v1 running, lets them compete, and clears up. */
export async function withEntrants<T>(
  scene: Scene,
  parties: readonly Party[],
  wish: StageWish,
  compete: (entrants: readonly Entrant[]) => Promise<T>,
): Promise<T> {
  const { lab } = scene;
  try {
    const entrants: Entrant[] = [];
    for (const [index, party] of parties.entries()) {
      const { proxy, boot, services } = wish;
      const recipe = proxy === undefined ? undefined : await readRecipe(proxy, party.id === 'ours' ? 'ours' : 'peer');
      const request = { project: nameOf(party), port: FIRST_PORT + index, boot, services, recipe };
      const stage = await prepareBenchStage(lab, request);
      if (party.id === 'rollout' && scene.rolloutScript !== undefined)
        await lab.server.exec(['tee', `${stage.path}/docker-rollout`], { stdin: scene.rolloutScript });
      // The peers have no way of their own to bring a whole project up.
      const first = party.id === 'ours' ? party : makeUp(scene.access);
      await first.deploy({ ...stage, services: [] }, lab.images.app.v1.digest);
      await waitForUsers(stage);
      let turn = 0;
      entrants.push({
        party,
        stage,
        nextDigest: () => (turn++ % 2 === 0 ? lab.images.app.v2 : lab.images.app.v1).digest,
      });
    }
    return await compete(entrants);
  } finally {
    for (const party of parties) {
      await standStill(lab, nameOf(party), []);
      await clearStage(lab, nameOf(party));
    }
  }
}

/** For a proxy that stood still to have looked at its servers again. */
const SETTLE_MS = 4_000;

/** $1 project that goes on, then those that stop where they are. */
const stillScript = `
of_project() { docker ps -q --filter "label=com.docker.compose.project=$1" --filter "status=$2"; }
ids=$(of_project "$1" paused); [ -z "$ids" ] || docker unpause $ids
shift
for project; do ids=$(of_project "$project" running); [ -z "$ids" ] || docker pause $ids; done`;

async function standStill(lab: Lab, project: string, others: readonly string[]): Promise<void> {
  await lab.server.exec(['sh', '-ec', stillScript, 'sh', project, ...others]);
}

/**
 * While users of one are watched, the projects of the others stand still: a server has one of them, and the health checks of
 * each, once a second, are a start of a program on the processors that serve.
 */
export async function letOnlyRun({ lab }: Scene, one: Entrant, entrants: readonly Entrant[]): Promise<void> {
  const others = entrants.filter((entrant) => entrant !== one).map(({ stage }) => stage.project);
  await standStill(lab, one.stage.project, others);
  await pause(SETTLE_MS);
  await waitForUsers(one.stage);
}

/** The peer that needs a script of the caller, where it was given. */
export function rolloutPeers({ access, rolloutScript }: Scene): readonly Party[] {
  return rolloutScript === undefined ? [] : [makeRollout(access)];
}

/** Throws unless exactly one container of each service runs, of this image. */
export async function proveRunning(stage: BenchStage, digest: string): Promise<void> {
  const running = await readRunning(stage);
  const wanted = appReference(stage.lab, digest);
  if (running.length === stage.services.length && running.every((image) => image === wanted)) return;
  throw new RangeError(`${stage.project}: ${running.join(', ')} run where ${wanted} should`);
}

/** Reads the script that the caller names, as it is. */
export async function readRolloutScript(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, 'utf8');
}

export function readRolloutVersion(script: string | undefined): string {
  return script === undefined
    ? 'not given: --docker-rollout PATH'
    : (/"Version": "([^"]+)"/.exec(script)?.[1] ?? 'of unknown version');
}
