import { makeRow, median, type Row } from '../row.ts';
import { measureContainerTime, recordEvents } from './container-time.ts';
import { makeOurs, makeRollout, type Access, type Party } from './party.ts';
import { overheadTargetMs, peerName, TARGETS } from './rows.ts';
import { proveRunning, rolloutPeers, withEntrants, type Case, type Entrant, type Scene } from './scene.ts';
import { openSlowLine } from './slow-line.ts';
import { BOOTS, type Boot } from './stage.ts';

const THREE = ['web', 'api', 'admin'] as const;

/** One run of a party, no users. */
interface Timed {
  readonly totalMs: number;
  readonly postMs: number;
  /** What the containers needed, one after another. */
  readonly needMs: number;
  readonly commands: number | undefined;
}

async function deployTimed(scene: Scene, name: string, { party, stage, nextDigest }: Entrant): Promise<Timed> {
  const digest = nextDigest();
  const recording = await recordEvents(scene.lab);
  const { totalMs, postMs, commands, phases } = await party.deploy(stage, digest);
  const needMs = measureContainerTime(recording.stop(), stage.project);
  await proveRunning(stage, digest);
  const counted = commands === undefined ? '' : `, ${String(commands)} remote commands`;
  scene.say(
    `${name}: ${party.name}: ${text(totalMs)} s (then ${text(postMs)} s), containers ${text(needMs)} s${counted} ${phases}`,
  );
  return { totalMs, postMs, needMs, commands };
}

function text(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

async function timeParties(
  scene: Scene,
  name: string,
  parties: readonly Party[],
  boot: Boot,
  services: readonly string[],
): Promise<ReadonlyMap<Party['id'], readonly Timed[]>> {
  return withEntrants(scene, parties, { proxy: undefined, boot, services }, async (entrants) => {
    const results = new Map<Party['id'], Timed[]>(parties.map(({ id }) => [id, []]));
    for (let run = 0; run < scene.runs; run++)
      for (const entrant of entrants) results.get(entrant.party.id)?.push(await deployTimed(scene, name, entrant));
    return results;
  });
}

function medianOf(timed: readonly Timed[] | undefined, pick: (one: Timed) => number | undefined): number | null {
  return median((timed ?? []).map(pick).filter((value) => value !== undefined));
}

function makeThreeCase(boot: Boot): Case {
  const name = `three independent services, ${boot.name}`;
  return {
    name,
    isQuick: boot.bootMs === 0,
    run: async (scene) => {
      const parties = [makeOurs(scene.access), ...rolloutPeers(scene)];
      const results = await timeParties(scene, name, parties, boot, THREE);
      const seconds = (id: Party['id']): number | null => {
        const ms = medianOf(results.get(id), ({ totalMs }) => totalMs);
        return ms === null ? null : ms / 1_000;
      };
      const peer = seconds('rollout');
      const row = { case: name, ours: seconds('ours'), peer, peerName: `${peerName('rollout', peer)}, one by one` };
      const commands = medianOf(results.get('ours'), (one) => one.commands);
      return [
        makeRow({ ...row, metric: 'total_s', ...(peer === null ? {} : { target: peer }) }),
        makeRow({ metric: 'remote_commands', case: name, ours: commands, peer: null, peerName: 'none' }),
      ];
    },
  };
}

async function measureOverhead(
  scene: Scene,
  name: string,
  access: Access,
  roundTripMs: number,
): Promise<readonly Row[]> {
  const parties = [makeOurs(access), ...(scene.rolloutScript === undefined ? [] : [makeRollout(access)])];
  const results = await timeParties(scene, name, parties, BOOTS.fast, ['app']);
  const ours = results.get('ours');
  const peer = results.get('rollout');
  const pick = ({ totalMs, needMs }: Timed): number => (totalMs - needMs) / 1_000;
  const peerValue = medianOf(peer, pick);
  const row = { case: name, peerName: peerName('rollout', peerValue) };
  const seconds = (timed: readonly Timed[] | undefined, of: (one: Timed) => number): number | null =>
    medianOf(timed, (one) => of(one) / 1_000);
  return [
    makeRow({
      ...row,
      metric: 'overhead_s',
      ours: medianOf(ours, pick),
      peer: peerValue,
      target: overheadTargetMs(roundTripMs) / 1_000,
    }),
    makeRow({
      ...row,
      metric: 'total_s',
      ours: seconds(ours, (one) => one.totalMs),
      peer: seconds(peer, (one) => one.totalMs),
    }),
    makeRow({ ...row, metric: 'post_step_s', ours: seconds(ours, (one) => one.postMs), peer: null, peerName: 'none' }),
    makeRow({
      ...row,
      metric: 'containers_s',
      ours: seconds(ours, (one) => one.needMs),
      peer: seconds(peer, (one) => one.needMs),
    }),
    makeRow({
      metric: 'remote_commands',
      case: name,
      ours: medianOf(ours, (one) => one.commands),
      peer: null,
      peerName: 'none',
      target: TARGETS.commands,
    }),
  ];
}

function makeOverheadCase(roundTripMs: number): Case {
  const name = `overhead, one service, ${String(roundTripMs)} ms round trip`;
  return {
    name,
    isQuick: true,
    run: async (scene) => {
      const { access } = scene;
      if (roundTripMs === 0) return measureOverhead(scene, name, access, roundTripMs);
      await using line = await openSlowLine({ host: access.line.host, port: access.line.port }, roundTripMs);
      const slow = { ...access, line: { ...access.line, host: '127.0.0.1', port: line.port } };
      return await measureOverhead(scene, name, slow, roundTripMs);
    },
  };
}

/** Every case that is about time only. */
export const timedCases: readonly Case[] = [
  ...[0, 40].map(makeOverheadCase),
  ...[BOOTS.fast, BOOTS.slow].map(makeThreeCase),
];
