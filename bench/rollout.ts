import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureImages, type Lab } from '../lab/src/index.ts';
import { lowerPriority } from '../lab/src/load/index.ts';
import { readOurVersion, readVersion } from './party.ts';
import { loadedCases } from './rollout/loaded-cases.ts';
import { LOAD } from './rollout/measure.ts';
import { writeAccess } from './rollout/party.ts';
import { findProxyVersion, PROXIES, proxyImage } from './rollout/recipe.ts';
import { clearStages, readRolloutScript, readRolloutVersion, type Case } from './rollout/scene.ts';
import { timedCases } from './rollout/timed-cases.ts';
import { LEAST_RUNS, type Bench, type BenchOptions, type Row } from './row.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const cases: readonly Case[] = [...timedCases, ...loadedCases];

function chooseCases({ isQuick, only }: BenchOptions): readonly Case[] {
  const wanted = only === undefined ? undefined : new RegExp(only);
  const chosen = cases.filter(({ name, isQuick: isInQuick }) => wanted?.test(name) ?? (isInQuick || !isQuick));
  if (chosen.length === 0)
    throw new RangeError(`--only ${only ?? ''} names none of:\n  ${cases.map(({ name }) => name).join('\n  ')}`);
  return chosen;
}

function describeLoad(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
}

async function readVersions(lab: Lab, script: string | undefined): Promise<Readonly<Record<string, string>>> {
  const onServer = async (args: readonly string[]): Promise<string> =>
    (await lab.server.docker([...args])).stdout.trim();
  const proxies: Record<string, string> = {};
  const commands = { haproxy: ['haproxy', '-v'], nginx: ['nginx', '-v'], caddy: ['caddy', 'version'] } as const;
  for (const proxy of PROXIES) {
    const { stdout, stderr } = await lab.server.docker(['run', '--rm', proxyImage(lab, proxy), ...commands[proxy]]);
    proxies[proxy] = findProxyVersion(`${stdout}\n${stderr}`);
  }
  return {
    ours: await readOurVersion(root),
    node: process.version,
    engine: await onServer(['version', '--format', '{{.Server.Version}}']),
    compose: await onServer(['compose', 'version', '--short']),
    ssh: (await readVersion('ssh', ['-V'])) ?? 'not installed',
    'docker-rollout': readRolloutVersion(script),
    ...proxies,
  };
}

/** The rollout action next to what people use instead, users watching. */
export const rolloutBench: Bench = {
  name: 'rollout',
  about:
    `one service replaced under ${String(LOAD.rate + LOAD.slowRate)} requests/s (median of ${String(LEAST_RUNS)} unless --quick or --runs); ` +
    'peers: docker compose up -d, docker-rollout (--docker-rollout PATH)',
  run: async (say, options) => {
    const chosen = chooseCases(options);
    const script = await readRolloutScript(options.dockerRollout);
    const lab = await ensureImages('proxies');
    const folder = await mkdtemp(join(tmpdir(), 'bench-rollout-'));
    // The key is in it: away with it however this process ends, a signal included.
    const forget = (): void => rmSync(folder, { recursive: true, force: true });
    const stop = (): void => void clearStages(lab).finally(() => process.exit(130));
    process.once('exit', forget).once('SIGINT', stop).once('SIGTERM', stop);
    const loadBefore = describeLoad();
    const restore = lowerPriority();
    try {
      await clearStages(lab);
      const access = await writeAccess(lab, folder);
      const runs = options.runs ?? (options.isQuick ? 1 : LEAST_RUNS);
      const rows: Row[] = [];
      for (const { run } of chosen) rows.push(...(await run({ lab, access, rolloutScript: script, runs, say })));
      const versions = await readVersions(lab, script);
      const generator = process.getuid?.() === 0 ? 'goes before other processes' : 'as any other process';
      const load = `${loadBefore} before, ${describeLoad()} after (this bench's own load in it)`;
      return { rows, versions: { ...versions, runs: String(runs), 'load average': load, 'load generator': generator } };
    } finally {
      restore();
      forget();
      process.off('exit', forget).off('SIGINT', stop).off('SIGTERM', stop);
    }
  },
};
