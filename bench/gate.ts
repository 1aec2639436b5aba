import { setTimeout as sleep } from 'node:timers/promises';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { curlLoop, ours, startParty, waitOn, type Party } from './gate/party.ts';
import { caseRows, type CaseResult, type Sample } from './gate/rows.ts';
import { openTarget, type Before, type Target } from './gate/target.ts';
import { readOurVersion, readVersion } from './party.ts';
import { LEAST_RUNS, type Bench, type Row } from './row.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const INTERVAL_SECONDS = 1;
/** Every party has asked several times by then. */
const READY_AFTER_MS = 3000;
const PATIENCE_MS = 20_000;

interface Case {
  readonly name: string;
  readonly before: Before;
  readonly threshold: number;
  readonly isCommitAsked: boolean;
  readonly targets: number;
}

const cases: readonly Case[] = [
  { name: 'port closed, then 1 success', before: 'refused', threshold: 1, isCommitAsked: false, targets: 1 },
  { name: '503, then 1 success', before: '503', threshold: 1, isCommitAsked: false, targets: 1 },
  { name: '503, then 3 in a row', before: '503', threshold: 3, isCommitAsked: false, targets: 1 },
  { name: 'old commit answers 200, 1 success', before: 'old commit', threshold: 1, isCommitAsked: true, targets: 1 },
  { name: '20 targets, 503, then 1 success', before: '503', threshold: 1, isCommitAsked: false, targets: 20 },
];

/** Lets one party wait for one app that becomes ready meanwhile. */
async function measure(party: Party, one: Case, readyAfterMs: number): Promise<Sample | undefined> {
  const targets = await Promise.all(Array.from({ length: one.targets }, () => openTarget(one.before)));
  const waiting = await startParty(party, {
    urls: targets.map(({ url }) => url),
    intervalSeconds: INTERVAL_SECONDS,
    threshold: one.threshold,
    isCommitAsked: one.isCommitAsked,
  });
  try {
    if (waiting === undefined) return undefined;
    await sleep(readyAfterMs);
    const readyAt = await makeAllReady(targets);
    const end = await Promise.race([waiting.ended, sleep(PATIENCE_MS, undefined, { ref: false })]);
    if (end === undefined) return { readyToGreenMs: null };
    if (end.exitCode !== 0 && party === ours)
      throw new RangeError(`${one.name}: the gate ended with ${end.exitCode ?? 'a signal'}: ${end.output.slice(-600)}`);
    return { readyToGreenMs: end.exitCode === 0 ? end.at - readyAt : null };
  } finally {
    await waiting?.stop();
    for (const target of targets) target.close();
  }
}

async function makeAllReady(targets: readonly Target[]): Promise<number> {
  const times = await Promise.all(targets.map((target) => target.makeReady()));
  return Math.max(...times);
}

async function runCase(one: Case, runs: number): Promise<readonly Row[]> {
  const parties: readonly Party[] = [ours, waitOn, curlLoop];
  const samples = new Map<Party, Sample[]>();
  for (let run = 0; run < runs; run++)
    // Turn and turn about, so that what else goes on on the machine meets everyone.
    for (const party of parties) {
      // The moment within an interval decides, so the runs are spread evenly over one.
      const sample = await measure(party, one, READY_AFTER_MS + (run / runs) * INTERVAL_SECONDS * 1000);
      if (sample !== undefined) samples.set(party, [...(samples.get(party) ?? []), sample]);
    }
  const result: CaseResult = {
    name: one.name,
    threshold: one.threshold,
    intervalMs: INTERVAL_SECONDS * 1000,
    ours: samples.get(ours) ?? [],
    peers: [waitOn, curlLoop].flatMap((party) => {
      const own = samples.get(party);
      return own === undefined ? [] : [{ name: party.name, samples: own }];
    }),
  };
  return caseRows(result);
}

/** How soon after an app is truly ready a gate says so, and whether it ever says so before. */
export const gateBench: Bench = {
  name: 'gate',
  about: 'from "the new commit serves" to green, at an interval of 1 s; peers: wait-on, a curl loop',
  run: async (say, options) => {
    const runs = options.runs ?? (options.isQuick ? 1 : LEAST_RUNS);
    const wanted = new RegExp(options.only ?? '');
    const load = loadavg()[0] ?? 0;
    const rows: Row[] = [];
    for (const one of cases.filter(({ name }) => wanted.test(name))) {
      say(one.name);
      rows.push(...(await runCase(one, runs)));
    }
    const curl = (await readVersion('curl', ['--version']))?.split(' ').slice(0, 2).join(' ');
    const waitOnVersion = await readVersion(process.execPath, [
      '-p',
      `require(${JSON.stringify(`${root}node_modules/wait-on/package.json`)}).version`,
    ]);
    return {
      rows,
      versions: {
        ours: await readOurVersion(root),
        node: process.version,
        'wait-on': waitOnVersion ?? 'not installed',
        curl: curl ?? 'not installed',
        'load average at the start': load.toFixed(1),
      },
    };
  },
};
