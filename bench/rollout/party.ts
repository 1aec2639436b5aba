import { spawn } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/src/index.ts';
import { createJob, type Job, type StepResult } from '../../lab/src/runner/index.ts';
import type { BenchStage } from './stage.ts';

/** Where sshd is reached: the lab's server, or a slow line in front of it. */
export interface Line {
  readonly host: string;
  readonly port: number;
  /** Name of the server in known_hosts. */
  readonly alias: string;
}

/** What a party needs to log in. `folder` is private to the bench, with `key` and `known_hosts` in it. */
export interface Access {
  readonly lab: Lab;
  readonly folder: string;
  readonly line: Line;
}

/** How one deploy ended. */
export interface Deployed {
  /** From the start of the first process until it says that the deploy is done. */
  readonly totalMs: number;
  /** What the job does after that, at its end: the action's post step. 0 for a peer. */
  readonly postMs: number;
  /** `outcome` of the action; empty for a peer. */
  readonly outcome: string;
  /** Remote commands, where the party says them. */
  readonly commands: number | undefined;
  /** Where the time went, as the party says it; empty for a peer. */
  readonly phases: string;
}

/** A way of bringing an image to the services of a stage. Rejects when it did not end as it should. */
export interface Party {
  readonly id: 'ours' | 'up' | 'rollout';
  readonly name: string;
  readonly deploy: (stage: BenchStage, digest: string) => Promise<Deployed>;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
const ACTION = 'action-rolling-deploy';

/**
 * Writes the private key and the known hosts that `ssh` needs, and a copy of the bundle: a build that goes on meanwhile
 * changes nothing of what is measured.
 */
export async function writeAccess(lab: Lab, folder: string): Promise<Access> {
  for (const part of ['action.yml', 'dist'])
    await cp(join(repository, ACTION, part), join(folder, 'actions', ACTION, part), { recursive: true });
  await writeFile(join(folder, 'key'), lab.server.privateKey, { mode: 0o600 });
  await writeFile(join(folder, 'known_hosts'), lab.server.knownHosts);
  return { lab, folder, line: { host: lab.server.host, port: lab.server.port, alias: lab.server.host } };
}

export function appReference(lab: Lab, digest: string): string {
  return lab.reference('anonymous', lab.images.app.repository, digest);
}

/** known_hosts lines of the server as the action reads them: by the name that it dials. */
function knownHostsOf({ lab, line }: Access): string {
  if (line.host === line.alias) return lab.server.knownHosts;
  return lab.server.knownHosts.replaceAll(line.alias, `[${line.host}]:${String(line.port)}`);
}

/** A job of a runner that may deploy to this stage. */
export function newJob(access: Access, stage: BenchStage): Promise<Job> {
  const { lab, line, folder } = access;
  return createJob({
    workspace: join(folder, 'workspace'),
    root: join(folder, 'actions'),
    env: {
      DEPLOY_HOST: line.host,
      DEPLOY_PORT: String(line.port),
      DEPLOY_USER: lab.server.user,
      DEPLOY_KNOWN_HOSTS: knownHostsOf(access),
      DEPLOY_PATH: stage.path,
    },
    secrets: { DEPLOY_SSH_PRIVATE_KEY: lab.server.privateKey },
    github: { repository: 'acme/bench' },
  });
}

/** One rollout step of a job. */
export function runStep({ lab }: Access, job: Job, stage: BenchStage, digest: string): Promise<StepResult> {
  return job.step({
    uses: ACTION,
    with: {
      'ssh-private-key': lab.server.privateKey,
      images: `APP_IMAGE=${appReference(lab, digest)}`,
      ...stage.recipe?.inputs,
    },
  });
}

/** How many commands a rollout ran on the server: its own count, in its timings or in its log; undefined where it says none. */
export function readCommandCount({ outputs, log }: Pick<StepResult, 'outputs' | 'log'>): number | undefined {
  const inTimings = /"(?:remoteCommands|remote-commands|commands)":\s*(\d+)/.exec(outputs['timings'] ?? '');
  const found = inTimings ?? [...log.matchAll(/\b(\d+) remote commands?\b/g)].at(-1);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

/** The bundled action in a job of its own, its post step included. */
export function makeOurs(access: Access, wanted: 'deployed' | 'rolled_back' = 'deployed'): Party {
  return {
    id: 'ours',
    name: 'action-rolling-deploy',
    deploy: async (stage, digest) => {
      const job = await newJob(access, stage);
      const startedAt = performance.now();
      const step = await runStep(access, job, stage, digest);
      const totalMs = performance.now() - startedAt;
      await job.finish();
      const postMs = performance.now() - startedAt - totalMs;
      await job.dispose();
      const outcome = step.outputs['outcome'] ?? '';
      if (outcome !== wanted)
        throw new RangeError(`the action's outcome is ${outcome}, not ${wanted}: ${step.log.slice(-1_500)}`);
      return { totalMs, postMs, outcome, commands: readCommandCount(step), phases: step.outputs['timings'] ?? '' };
    },
  };
}

function runSsh({ lab, folder, line }: Access, script: string, args: readonly string[]): Promise<void> {
  const options = {
    HostKeyAlias: line.alias,
    UserKnownHostsFile: join(folder, 'known_hosts'),
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const target = ['-i', join(folder, 'key'), '-p', String(line.port), `${lab.server.user}@${line.host}`];
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', ['-F', 'none', ...flags, ...target, 'sh', '-s', ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir() },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new RangeError(`ssh ended with ${String(code ?? 'a signal')}: ${stderr.slice(-400)}`)),
    );
    child.stdin.end(script);
  });
}

/** $1 folder, $2 reference, $3 … services: the image is written into .env and pulled, as people do by hand. */
const setImage = `set -eu
cd "$1"; reference=$2; shift 2
grep -v '^APP_IMAGE=' .env > .env.new || true
echo "APP_IMAGE=$reference" >> .env.new
mv .env.new .env
docker compose pull --quiet "$@" 2>/dev/null
`;

function makePeer(id: 'up' | 'rollout', name: string, access: Access, script: string): Party {
  return {
    id,
    name,
    deploy: async (stage, digest) => {
      const startedAt = performance.now();
      await runSsh(access, setImage + script, [stage.path, appReference(access.lab, digest), ...stage.services]);
      return { totalMs: performance.now() - startedAt, postMs: 0, outcome: '', commands: undefined, phases: '' };
    },
  };
}

/** Plain `docker compose up -d` over one ssh connection. */
export function makeUp(access: Access): Party {
  return makePeer('up', 'docker compose up -d', access, 'docker compose up -d\n');
}

/** A script that bears docker-rollout's interface, from a file of the caller, one service after another. */
export function makeRollout(access: Access): Party {
  const script = 'for service in "$@"; do sh ./docker-rollout rollout "$service"; done\n';
  return makePeer('rollout', 'docker-rollout', access, script);
}
