import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { upLab } from '../lab/src/index.ts';
import { readOurVersion } from './party.ts';
import { LEAST_RUNS, makeRow, median, type Bench, type Row } from './row.ts';
import { fetchBuildx } from './verify/buildx.ts';
import { openCountingProxy, type CountingProxy } from './verify/counting-proxy.ts';
import { pushImages, REPOSITORY, tagsOf } from './verify/images.ts';
import { findPeers, MANIFEST_INSPECT, ourselves, timeParty, type Party } from './verify/party.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a request to a registry in the same part of the world takes at least. */
const ROUND_TRIP_MS = 20;

interface Case {
  readonly name: string;
  readonly proxy: CountingProxy;
  readonly tags: readonly string[];
  /** Most requests that we may need. */
  readonly requests: number;
  /** What we may take more than the best of the others: one for an index, of which we prove the platform too. */
  readonly more?: number;
}

/** Of one party in one case. Null: not installed. */
interface Measured {
  readonly requests: number | null;
  readonly ms: number | null;
}

/** Requests and time for one image and for twenty, next to what people use today. */
export const verifyBench: Bench = {
  name: 'verify',
  about: 'requests and time of verify-image next to skopeo, docker manifest inspect and buildx imagetools',
  run: async (say, options) => {
    const runs = options.isQuick ? 1 : (options.runs ?? LEAST_RUNS);
    const lab = await upLab();
    const folder = await mkdtemp(join(tmpdir(), 'bench-verify-'));
    await using open = await openCountingProxy(lab.registry.anonymous.address);
    await using bearer = await openCountingProxy(lab.registry.bearer.address);
    await using distant = await openCountingProxy(lab.registry.anonymous.address, ROUND_TRIP_MS);
    try {
      await pushImages(lab.registry.anonymous.address);
      const ours = ourselves(root, await readOurVersion(root));
      const peers = await findPeers(await fetchBuildx(join(root, '.cache', 'bench'), say));
      const cases = listCases(open, bearer, distant).filter(({ name }) => new RegExp(options.only ?? '').test(name));
      const rows: Row[] = [];
      const ourMs = new Map<string, number>();
      for (const one of cases) {
        say(one.name);
        const measured = await measureCase(one, [ours, ...peers], runs, folder);
        rows.push(...rowsOf(one, measured, peers));
        ourMs.set(one.name, measured.get(ours.name)?.ms ?? 0);
      }
      rows.push(...rowsOfMany(ourMs), await rowOfStart(runs, folder));
      const versions = Object.fromEntries(
        [ours, ...peers].map(({ name, version }) => [name, version ?? 'not installed']),
      );
      return { rows, versions: { ...versions, node: process.version } };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function listCases(open: CountingProxy, bearer: CountingProxy, distant: CountingProxy): readonly Case[] {
  return [
    { name: '1 image, no auth', proxy: open, tags: tagsOf(1), requests: 2 },
    { name: '1 index, no auth', proxy: open, tags: ['index'], requests: 3, more: 1 },
    { name: '1 image, bearer', proxy: bearer, tags: tagsOf(1), requests: 4 },
    { name: '1 index, bearer', proxy: bearer, tags: ['index'], requests: 5, more: 1 },
    { name: '3 images, no auth', proxy: open, tags: tagsOf(3), requests: 6 },
    { name: `1 image, no auth, ${ROUND_TRIP_MS} ms away`, proxy: distant, tags: tagsOf(1), requests: 2 },
    { name: `3 images, no auth, ${ROUND_TRIP_MS} ms away`, proxy: distant, tags: tagsOf(3), requests: 6 },
    { name: `20 images, no auth, ${ROUND_TRIP_MS} ms away`, proxy: distant, tags: tagsOf(20), requests: 40 },
    { name: '4 images, no auth', proxy: open, tags: tagsOf(4), requests: 8 },
    { name: '5 images, no auth', proxy: open, tags: tagsOf(5), requests: 10 },
    { name: '20 images, no auth', proxy: open, tags: tagsOf(20), requests: 40 },
    // One challenge and one token for all; each further registry would cost two more.
    { name: '20 images, bearer', proxy: bearer, tags: tagsOf(20), requests: 42 },
  ];
}

/** All parties in turn, so that what else the machine does meets them alike. The first run only warms up. */
async function measureCase(
  { proxy, tags }: Case,
  parties: readonly Party[],
  runs: number,
  folder: string,
): Promise<ReadonlyMap<string, Measured>> {
  const images = tags.map((tag) => `${proxy.host}/${REPOSITORY}:${tag}`);
  const times = new Map<string, number[]>();
  const requests = new Map<string, number>();
  for (let run = 0; run <= runs; run++) {
    for (const party of parties.filter(({ version }) => version !== undefined)) {
      // docker manifest inspect keeps what it has seen below HOME: each run gets a home of its own.
      const home = await mkdtemp(join(folder, 'home-'));
      proxy.take();
      const ms = await timeParty(party.processes(images), home);
      requests.set(party.name, proxy.take());
      if (run > 0 || runs === 1) times.set(party.name, [...(times.get(party.name) ?? []), ms]);
    }
  }
  return new Map(
    parties.map(({ name }) => [name, { requests: requests.get(name) ?? null, ms: median(times.get(name) ?? []) }]),
  );
}

function rowsOf(one: Case, measured: ReadonlyMap<string, Measured>, peers: readonly Party[]): readonly Row[] {
  const [ours] = measured.values();
  const asked = peers.map(({ name }) => measured.get(name)?.requests ?? Infinity);
  const best = Math.min(Math.min(...asked) + (one.more ?? 0), one.requests);
  return peers.flatMap(({ name }) => {
    const peer = measured.get(name);
    const common = { case: one.name, peerName: name };
    const isTimed = name === MANIFEST_INSPECT && one.tags.length >= 3 && (peer?.ms ?? null) !== null;
    return [
      makeRow({
        ...common,
        metric: 'requests',
        ours: ours?.requests ?? null,
        peer: peer?.requests ?? null,
        target: best,
      }),
      makeRow({
        ...common,
        metric: 'process_ms',
        ours: ours?.ms ?? null,
        peer: peer?.ms ?? null,
        ...(isTimed ? { target: peer?.ms ?? 0 } : {}),
      }),
    ];
  });
}

/** Twenty images next to one: at most twice the time. */
function rowsOfMany(ourMs: ReadonlyMap<string, number>): readonly Row[] {
  return ['no auth', `no auth, ${ROUND_TRIP_MS} ms away`, 'bearer'].flatMap((auth) => {
    const [one, twenty] = [ourMs.get(`1 image, ${auth}`), ourMs.get(`20 images, ${auth}`)];
    if (one === undefined || twenty === undefined) return [];
    const peerName = 'action-verify-image, 1 image';
    return [
      makeRow({
        metric: 'process_ms',
        case: `20 images, ${auth}`,
        ours: twenty,
        peer: one,
        peerName,
        target: 2 * one,
      }),
    ];
  });
}

/** What of our time is the start of a Node process that does nothing. */
async function rowOfStart(runs: number, folder: string): Promise<Row> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await timeParty([{ argv: [process.execPath, '-e', '0'] }], folder));
  return makeRow({ metric: 'node_start_ms', case: 'node -e 0', ours: median(times), peer: null, peerName: 'none' });
}
