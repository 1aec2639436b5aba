import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOurVersion } from './party.ts';
import { makeRow, median, type Bench, type Row } from './row.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const RUNS = 9;
/** From the start of the process to its error about a missing input. */
const START_TARGET_MS = 500;
/**
 * What a bundle costs is in start_ms; beyond this size somebody should look at what came in. Not minified, by rule; the
 * largest carries ssh2 and GitHub's client.
 */
const SIZE_TARGET_KB = 3_000;

interface Ending {
  readonly ms: number;
  readonly exitCode: number | null;
  readonly output: string;
}

function timeProcess(args: readonly string[]): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...args], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ ms: performance.now() - startedAt, exitCode, output }));
  });
}

async function measureStart(args: readonly string[], isGood: (ending: Ending) => boolean): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const ending = await timeProcess(args);
    if (!isGood(ending))
      throw new RangeError(
        `${args.join(' ')} ended with ${ending.exitCode ?? 'a signal'}: ${ending.output.slice(0, 400)}`,
      );
    // The first one only warms the file cache.
    if (run > 0) times.push(ending.ms);
  }
  return median(times) ?? 0;
}

async function benchAction(name: string, bareMs: number): Promise<readonly Row[]> {
  const bundle = join(root, name, 'dist', 'index.js');
  if (!existsSync(bundle))
    return [
      makeRow({
        metric: 'start_ms',
        case: `${name}: no dist, run npm run build`,
        ours: null,
        peer: bareMs,
        peerName: 'node -e 0',
        target: START_TARGET_MS,
      }),
    ];
  const { size } = await stat(bundle);
  // Nothing is given: a clean error about an input is the shortest whole run of an action.
  const ms = await measureStart([bundle], ({ exitCode, output }) => exitCode === 1 && output.includes('::error'));
  return [
    makeRow({ metric: 'start_ms', case: name, ours: ms, peer: bareMs, peerName: 'node -e 0', target: START_TARGET_MS }),
    makeRow({
      metric: 'bundle_kB',
      case: name,
      ours: size / 1_000,
      peer: null,
      peerName: 'none',
      target: SIZE_TARGET_KB,
    }),
  ];
}

/** How long an action takes to say that an input is missing, and how large its bundle is. */
export const startBench: Bench = {
  name: 'start',
  about: `start time (median of ${RUNS}) and bundle size of each action; peer: a Node process that does nothing`,
  run: async (say) => {
    const bareMs = await measureStart(['-e', '0'], ({ exitCode }) => exitCode === 0);
    const actions = (await readdir(root)).filter((entry) => /^action-[a-z-]+$/.test(entry)).toSorted();
    const rows: Row[] = [];
    for (const name of actions) {
      say(name);
      rows.push(...(await benchAction(name, bareMs)));
    }
    return { rows, versions: { ours: await readOurVersion(root), node: process.version } };
  },
};
