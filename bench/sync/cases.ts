import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeRow, median, type Row } from '../row.ts';
import { openCountedLine, type CountedLine } from './line.ts';
import {
  makeNodeSsh,
  makeOurs,
  makeRsync,
  makeScp,
  makeTar,
  type Sent,
  type SyncAccess,
  type SyncParty,
} from './party.ts';
import { changeTen, freshen, makeBig } from './source.ts';

const run = promisify(execFile);

/** What every case is given. */
export interface SyncScene {
  readonly access: SyncAccess;
  readonly runs: number;
  readonly isQuick: boolean;
  readonly files: number;
  readonly bigMebibytes: number;
  readonly say: (text: string) => void;
}

export interface SyncCase {
  readonly name: string;
  readonly isQuick: boolean;
  readonly run: (scene: SyncScene) => Promise<readonly Row[]>;
}

interface Kind {
  readonly name: string;
  readonly isBig: boolean;
  /** The server has the set before each run. */
  readonly isThere: boolean;
  readonly change?: (scene: SyncScene, folder: string, round: string) => Promise<void>;
  /** Largest good ratio to the best peer: on loopback, at 40 ms. */
  readonly targets: readonly [near: number, far: number];
}

const kinds: readonly Kind[] = [
  { name: 'cold', isBig: false, isThere: false, targets: [1.3, 0.8] },
  { name: 'unchanged', isBig: false, isThere: true, targets: [1.3, 0.6] },
  {
    name: 'ten changed',
    isBig: false,
    isThere: true,
    change: ({ files }, folder, round) => changeTen(folder, files, round),
    targets: [1.3, 0.8],
  },
  { name: 'one big file', isBig: true, isThere: false, targets: [1.15, 0.75] },
];

/** Three round trips a file: minutes for what the others do in seconds. Never the best; measured where it is short. */
function isSlow(party: SyncParty, isBig: boolean): boolean {
  return !isBig && /^(scp|node-ssh)/.test(party.name);
}

function peersOf(access: SyncAccess): readonly SyncParty[] {
  return [
    makeRsync(access, '-az'),
    makeRsync(access, '-azc'),
    makeRsync(access, '-a'),
    makeTar(access, false),
    makeTar(access, true),
    makeScp(access),
    makeNodeSsh(access),
  ].filter((party) => party !== undefined);
}

/**
 * A file system of its own in memory, new for each send. On ext4 a folder that was emptied a moment ago costs the next 5,000
 * files ten times as much: it passes over every inode that was freed within the last minutes.
 */
async function emptyFolder(scene: SyncScene, path: string): Promise<void> {
  const { lab } = scene.access;
  await removeFolder(scene, path);
  const script = 'mkdir "$1"; mount -t tmpfs -o size=3g none "$1"; chown "$2:" "$1"; chmod 0755 "$1"';
  await lab.server.exec(['sh', '-ec', script, 'sh', path, lab.server.user]);
}

async function removeFolder({ access }: SyncScene, path: string): Promise<void> {
  const script = 'if [ -d "$1" ]; then umount "$1" 2>/dev/null || true; rm -rf "$1"; fi';
  await access.lab.server.exec(['sh', '-ec', script, 'sh', path]);
}

function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

interface Measured {
  readonly party: SyncParty;
  readonly sent: readonly Sent[];
  readonly turns: readonly number[];
}

/** Each party in turn, so that what else the machine does hits all of them. */
async function measure(
  scene: SyncScene,
  kind: Kind,
  roundTripMs: number,
  line: CountedLine,
): Promise<readonly Measured[]> {
  const { access, runs, say } = scene;
  const source = join(access.folder, kind.isBig ? 'big' : 'tree');
  const way = { host: '127.0.0.1', port: line.port };
  const direct = { host: access.lab.server.host, port: access.lab.server.port };
  const parties = [
    makeOurs(access),
    ...peersOf(access).filter((party) => !isSlow(party, kind.isBig) || (roundTripMs === 0 && !scene.isQuick)),
  ];
  const results = parties.map((party, at) => ({
    party,
    to: `/srv/bench-sync-${String(at)}`,
    sent: [] as Sent[],
    turns: [] as number[],
  }));
  for (const { party, to } of results) {
    await emptyFolder(scene, to);
    if (!kind.isThere) continue;
    const first =
      party.name === 'action-sync-remote' ? makeOurs(access, { activate: 'now' }) : (makeRsync(access, '-a') ?? party);
    await first.send({ way: direct, from: source, to });
  }
  for (let round = 0; round < runs; round++) {
    await kind.change?.(scene, source, `${String(roundTripMs)} ${String(round)}`);
    await freshen(source);
    // What that left to be written would be in the way of whoever comes first; and nobody comes first each time.
    await run('sync', ['-f', source]);
    for (const { party, to, sent, turns } of rotate(results, round)) {
      // Once tells enough.
      if (round > 0 && isSlow(party, kind.isBig)) continue;
      if (!kind.isThere) await emptyFolder(scene, to);
      line.reset();
      let count = 0;
      const onSent = (): void => {
        count = line.turns();
      };
      const one = await party.send({ way, from: source, to, onSent });
      sent.push(one);
      turns.push(count);
      say(
        `${kind.name}, ${String(roundTripMs)} ms, ${party.name}: ${(one.ms / 1000).toFixed(2)} s, ${String(count)} turns`,
      );
    }
  }
  for (const { to } of results) await removeFolder(scene, to);
  return results;
}

function rowsOf(name: string, factor: number, [ours, ...peers]: readonly Measured[]): readonly Row[] {
  if (ours === undefined) return [];
  const seconds = ({ sent }: Measured): number => (median(sent.map(({ ms }) => ms)) ?? NaN) / 1000;
  const best = peers.toSorted((a, b) => seconds(a) - seconds(b))[0];
  const row = { metric: 'total_s', case: name, ours: seconds(ours) };
  return [
    ...peers.map((peer) =>
      makeRow({
        ...row,
        peer: seconds(peer),
        peerName: peer === best ? `${peer.party.name} (the best)` : peer.party.name,
        ...(peer === best ? { target: factor * seconds(peer) } : {}),
      }),
    ),
    makeRow({
      metric: 'remote_commands',
      case: name,
      ours: median(ours.sent.flatMap(({ commands }) => commands ?? [])),
      peer: null,
      peerName: 'none counts them',
    }),
    makeRow({
      metric: 'turns',
      case: name,
      ours: median(ours.turns),
      peer: best === undefined ? null : median(best.turns),
      peerName: best?.party.name ?? '',
    }),
  ];
}

function timedCase(kind: Kind, roundTripMs: number): SyncCase {
  const name = `${kind.name}, ${roundTripMs === 0 ? 'loopback' : `${String(roundTripMs)} ms`}`;
  return {
    name,
    isQuick: !kind.isBig,
    run: async (scene) => {
      const { host, port } = scene.access.lab.server;
      await using line = await openCountedLine({ host, port }, roundTripMs);
      return rowsOf(name, kind.targets[roundTripMs === 0 ? 0 : 1], await measure(scene, kind, roundTripMs, line));
    },
  };
}

/** The line breaks when 60 % of the file are over; what the next run needs, next to a whole one. */
const resumeCase: SyncCase = {
  name: 'resume at 60 %, 40 ms',
  isQuick: false,
  run: async (scene) => {
    const { access, bigMebibytes, runs, say } = scene;
    const { host, port } = access.lab.server;
    await using line = await openCountedLine({ host, port }, 40);
    const transfer = {
      way: { host: '127.0.0.1', port: line.port },
      from: join(access.folder, 'big'),
      to: '/srv/bench-sync-resume',
    };
    const ours = makeOurs(access);
    const whole: number[] = [];
    const resumed: number[] = [];
    for (let round = 0; round < runs; round++) {
      await emptyFolder(scene, transfer.to);
      line.reset();
      whole.push((await ours.send(transfer)).ms / 1000);
      const bytes = line.sentBytes();
      await emptyFolder(scene, transfer.to);
      line.reset(bytes * 0.6);
      const isCut = await ours.send(transfer).then(
        () => false,
        () => true,
      );
      if (!isCut) throw new RangeError('the cut came too late');
      await access.lab.server.exec(['rm', '-f', `${transfer.to}/.deploy/lease.json`]);
      line.reset();
      resumed.push((await ours.send(transfer)).ms / 1000);
      say(
        `resume: ${String(resumed.at(-1))} s after a cut, ${String(whole.at(-1))} s whole (${String(bigMebibytes)} MiB)`,
      );
    }
    await removeFolder(scene, transfer.to);
    const peer = median(whole);
    return [
      makeRow({
        metric: 'total_s',
        case: 'resume at 60 %, 40 ms',
        ours: median(resumed),
        peer,
        peerName: 'a whole send of our own',
        ...(peer === null ? {} : { target: peer }),
      }),
    ];
  },
};

const memoryCase: SyncCase = {
  name: 'memory, 2 GB file',
  isQuick: false,
  run: async (scene) => {
    const { access } = scene;
    const { host, port } = access.lab.server;
    const from = join(access.folder, 'huge');
    await makeBig(join(from, 'disk.img'), 2_000);
    await emptyFolder(scene, '/srv/bench-sync-huge');
    const { peakMiB } = await makeOurs(access).send({
      way: { host, port },
      from,
      to: '/srv/bench-sync-huge',
      isWatched: true,
    });
    await removeFolder(scene, '/srv/bench-sync-huge');
    return [
      makeRow({
        metric: 'peak_mib',
        case: 'memory, 2 GB file',
        ours: peakMiB ?? null,
        peer: null,
        peerName: 'none',
        target: 200,
      }),
    ];
  },
};

export const syncCases: readonly SyncCase[] = [
  ...[0, 40].flatMap((roundTripMs) => kinds.map((kind) => timedCase(kind, roundTripMs))),
  resumeCase,
  memoryCase,
];
