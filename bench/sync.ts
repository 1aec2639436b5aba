import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { upLab, type Lab } from '../lab/src/index.ts';
import { readOurVersion, readVersion } from './party.ts';
import { LEAST_RUNS, type Bench, type BenchOptions, type Row } from './row.ts';
import { syncCases, type SyncCase, type SyncScene } from './sync/cases.ts';
import { findRsync } from './sync/party.ts';
import { makeBig, makeTree } from './sync/source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const ACTION = 'action-sync-remote';

function chooseCases({ isQuick, only }: BenchOptions): readonly SyncCase[] {
  const wanted = only === undefined ? undefined : new RegExp(only);
  const chosen = syncCases.filter(({ name, isQuick: isInQuick }) => wanted?.test(name) ?? (isInQuick || !isQuick));
  if (chosen.length === 0)
    throw new RangeError(`--only ${only ?? ''} names none of:\n  ${syncCases.map(({ name }) => name).join('\n  ')}`);
  return chosen;
}

function describeLoad(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
}

async function readVersions(lab: Lab): Promise<Readonly<Record<string, string>>> {
  const [program, ...args] = findRsync(lab) ?? [];
  return {
    ours: await readOurVersion(root),
    node: process.version,
    ssh: (await readVersion('ssh', ['-V'])) ?? 'not installed',
    sshd:
      (await lab.server.exec(['dpkg-query', '--version'], { allowFailure: true })).exitCode === 0
        ? 'see the lab'
        : 'the lab’s',
    rsync:
      program === undefined
        ? 'not installed'
        : ((await readVersion(program, [...args, '--version'])) ?? 'not installed'),
    tar: (await readVersion('tar', ['--version'])) ?? 'not installed',
    'node-ssh': 'of package-lock.json',
    'scp, node-ssh': 'many small files: once, on loopback only, and not with --quick: three round trips a file',
  };
}

/** The bundle as it is now: a build that goes on meanwhile changes nothing of what is measured. */
async function prepareFolder(lab: Lab, folder: string): Promise<void> {
  for (const part of ['action.yml', 'dist'])
    await cp(join(root, ACTION, part), join(folder, 'actions', ACTION, part), { recursive: true });
  await writeFile(join(folder, 'key'), lab.server.privateKey, { mode: 0o600 });
  await writeFile(join(folder, 'known_hosts'), lab.server.knownHosts);
  await mkdir(join(folder, 'tree'));
}

/** action-sync-remote next to what people use instead. */
export const syncBench: Bench = {
  name: 'sync',
  about: `5,000 small files and one of 300 MB to a server, on loopback and at 40 ms (median of ${String(LEAST_RUNS)} unless --quick or --runs)`,
  run: async (say, options) => {
    const chosen = chooseCases(options);
    const lab = await upLab();
    const folder = await mkdtemp(join(tmpdir(), 'bench-sync-'));
    const forget = (): void => rmSync(folder, { recursive: true, force: true });
    const stop = (): void => process.exit(130);
    // The key is in it: away with it however this process ends, a signal included.
    process.once('exit', forget).once('SIGINT', stop).once('SIGTERM', stop);
    const loadBefore = describeLoad();
    try {
      await prepareFolder(lab, folder);
      const runs = options.runs ?? (options.isQuick ? 1 : LEAST_RUNS);
      const scene: SyncScene = {
        access: { lab, folder },
        runs,
        isQuick: options.isQuick,
        files: 5_000,
        bigMebibytes: 300,
        say,
      };
      await makeTree(join(folder, 'tree'), scene.files);
      if (chosen.some(({ name }) => /big|resume/.test(name)))
        await makeBig(join(folder, 'big', 'disk.img'), scene.bigMebibytes);
      const rows: Row[] = [];
      for (const { run } of chosen) rows.push(...(await run(scene)));
      const load = `${loadBefore} before, ${describeLoad()} after (this bench's own load in it)`;
      return { rows, versions: { ...(await readVersions(lab)), runs: String(runs), 'load average': load } };
    } finally {
      forget();
      process.off('exit', forget).off('SIGINT', stop).off('SIGTERM', stop);
    }
  },
};
