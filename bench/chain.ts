import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deploy } from '../demo/deploy.ts';
import { appFolder, clearStage, prepareStage, type Stage } from '../demo/stage.ts';
import { openWebhookCatcher, upLab, type Lab } from '../lab/src/index.ts';
import { startLoad } from '../lab/src/load/index.ts';
import { readOurVersion, readVersion } from './party.ts';
import { LEAST_RUNS, makeRow, median, type Bench } from './row.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const OURS = { project: 'bench-ours', port: 18_090 } as const;
const PEER = { project: 'bench-by-hand', port: 18_091 } as const;
const PEER_NAME = 'bench/by-hand.sh (ssh, rsync or tar, pull, up -d, curl loop)';
const LOAD_RATE = 100;

/** One way of bringing a commit to a server. Rejects when the commit does not serve at its end. */
type Deployer = (sha: string) => Promise<void>;

function runByHand(environment: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, 'bench', 'by-hand.sh'), {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new RangeError(`by-hand.sh ended with ${code ?? 'a signal'}: ${stderr.slice(-400)}`)),
    );
  });
}

function byHand(lab: Lab, stage: Stage, folder: string): Deployer {
  const { bearer } = lab.registry;
  return (sha) =>
    runByHand({
      DEPLOY_HOST: lab.server.host,
      DEPLOY_PORT: String(lab.server.port),
      DEPLOY_USER: lab.server.user,
      KEY_FILE: join(folder, 'key'),
      KNOWN_HOSTS_FILE: join(folder, 'known_hosts'),
      DEPLOY_PATH: stage.path,
      IMAGE: `${bearer.address}/${lab.images.app.repository}:${sha}`,
      EXPECT_SHA: sha,
      HEALTH_URL: `${stage.url}healthz`,
      SOURCE: appFolder,
      REGISTRY: bearer.address,
      REGISTRY_USERNAME: bearer.readOnlyUsername ?? '',
      REGISTRY_PASSWORD: bearer.readOnlyPassword ?? '',
    });
}

function byActions(lab: Lab, stage: Stage, slackWebhook: string): Deployer {
  return async (sha) => {
    const job = await deploy({ lab, stage, slackWebhook, signal: new AbortController().signal, isQuiet: true }, sha);
    if (job.conclusion === 'success') return;
    const failed = job.steps.find((step) => step.outcome === 'failure');
    throw new RangeError(
      `the chain ended ${job.conclusion} at ${failed?.name ?? 'no step'}: ${failed?.commands.errors.join(' ') ?? ''}`,
    );
  };
}

/** One party of the bench: a way to deploy, its own project, what was measured of it so far. */
interface Party {
  readonly stage: Stage;
  readonly run: Deployer;
  readonly seconds: number[];
  readonly failed: number[];
}

async function measureOnce(
  { stage, run, seconds, failed }: Party,
  sha: string,
  say: (text: string) => void,
): Promise<void> {
  const load = await startLoad({ url: stage.url, rate: LOAD_RATE, seconds: 300 });
  try {
    const startedAt = performance.now();
    await run(sha);
    seconds.push((performance.now() - startedAt) / 1_000);
    const report = await load.stop();
    failed.push(report.failed);
    say(`${stage.project}: ${seconds.at(-1)?.toFixed(1) ?? ''} s, ${report.failed} of ${report.sent} requests failed`);
  } finally {
    load.kill();
  }
}

/** Deploys v1 and v2 in turn under load, every run a real change; the parties take turns, so that both feel the same machine. */
async function measure(lab: Lab, parties: readonly Party[], say: (text: string) => void): Promise<void> {
  const { v1, v2 } = lab.images.app;
  // The first deploy, from nothing, is not counted.
  for (const party of parties) await party.run(v1.sha);
  for (let number = 1; number <= LEAST_RUNS; number++)
    for (const party of parties) await measureOnce(party, number % 2 === 1 ? v2.sha : v1.sha, say);
}

async function measureBoth(lab: Lab, say: (text: string) => void): Promise<readonly [Party, Party]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-chain-'));
  await using catcher = await openWebhookCatcher();
  try {
    await writeFile(join(folder, 'key'), lab.server.privateKey, { mode: 0o600 });
    await writeFile(join(folder, 'known_hosts'), lab.server.knownHosts);
    const ourStage = await prepareStage(lab, OURS.project, OURS.port);
    const peerStage = await prepareStage(lab, PEER.project, PEER.port);
    const ours: Party = {
      stage: ourStage,
      run: byActions(lab, ourStage, `${catcher.url}/services/bench`),
      seconds: [],
      failed: [],
    };
    const peer: Party = { stage: peerStage, run: byHand(lab, peerStage, folder), seconds: [], failed: [] };
    await measure(lab, [ours, peer], say);
    return [ours, peer];
  } finally {
    for (const { project } of [OURS, PEER]) await clearStage(lab, project);
    await rm(folder, { recursive: true, force: true });
  }
}

async function readVersions(lab: Lab): Promise<Readonly<Record<string, string>>> {
  const onServer = async (args: readonly string[]): Promise<string> =>
    (await lab.server.docker([...args])).stdout.trim();
  return {
    ours: await readOurVersion(root),
    node: process.version,
    engine: await onServer(['version', '--format', '{{.Server.Version}}']),
    compose: await onServer(['compose', 'version', '--short']),
    ssh: (await readVersion('ssh', ['-V'])) ?? 'not installed',
    rsync: (await readVersion('rsync', ['--version'])) ?? 'not installed: by-hand.sh uses tar over ssh',
    curl: (await readVersion('curl', ['--version'])) ?? 'not installed',
  };
}

/** The whole chain, next to the shell script that it replaces. */
export const chainBench: Bench = {
  name: 'chain',
  about: `one deploy of a new commit under ${LOAD_RATE} requests/s, whole chain (median of ${LEAST_RUNS}); peer: by-hand.sh`,
  run: async (say) => {
    const lab = await upLab();
    const [ours, peer] = await measureBoth(lab, say);
    const row = { case: 'v1 to v2 and back, one replica behind HAProxy', peerName: PEER_NAME };
    return {
      rows: [
        makeRow({ ...row, metric: 'deploy_s', ours: median(ours.seconds), peer: median(peer.seconds), target: 30 }),
        makeRow({ ...row, metric: 'failed_requests', ours: median(ours.failed), peer: median(peer.failed), target: 0 }),
        makeRow({
          ...row,
          metric: 'worst_failed_requests',
          ours: Math.max(...ours.failed),
          peer: Math.max(...peer.failed),
          target: 0,
        }),
      ],
      versions: await readVersions(lab),
    };
  },
};
