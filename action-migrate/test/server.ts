import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import type { Lab } from '../../lab/src/index.ts';
import { createJob, type Job, type StepResult } from '../../lab/src/runner/index.ts';

// What is awaited comes by itself; these only end a test for which it never comes, on however slow a machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

/** One project of its own on the lab's server. */
export interface Target {
  readonly lab: Lab;
  readonly path: string;
  readonly project: string;
  readonly workspace: string;
  /** `repository@sha256:…` of the new version. */
  readonly image: string;
}

/** No stall of the machine makes the stand-in unhealthy. */
const patientCheck = '{ interval: 1s, timeout: 60s, retries: 1000 }';

/** A stand-in for a database: the lab's app, asked by its baked health check. */
const compose = (env: Readonly<Record<string, string>>, healthcheck: string): string => `
services:
  db:
    image: \${DB_IMAGE}
    environment: ${JSON.stringify(env)}
    healthcheck: ${healthcheck}
  migrate:
    image: \${API_IMAGE:?set by images}
    profiles: [tools]
    depends_on: { db: { condition: service_healthy } }
    environment: { SECRET_KEY: "\${SECRET_KEY}" }
    volumes: ["./data:/data"]
    command: ["sh", "-c", "echo own command >> /data/ran"]
    stop_grace_period: 1s
  # The home of the README's commands: what they call is in ./data/bin.
  app:
    image: \${API_IMAGE}
    profiles: [tools]
    working_dir: /data
    environment: { PATH: "/data/bin:/usr/bin:/bin" }
    volumes: ["./data:/data"]
`;

/** A folder on the server with a Compose file, a stand-in for a database, and nothing that runs. */
export function makeTarget(
  lab: Lab,
  workspace: string,
  dbEnv: Readonly<Record<string, string>> = {},
  healthcheck = patientCheck,
): Promise<Target> {
  const { app } = lab.images;
  const database = lab.reference('anonymous', app.repository, app.v1.digest);
  const image = lab.reference('htpasswd', app.repository, app.v2.digest);
  return layOut({ lab, workspace, image, database, composeFile: compose(dbEnv, healthcheck) });
}

interface Layout {
  readonly lab: Lab;
  readonly workspace: string;
  readonly image: string;
  readonly database: string;
  readonly composeFile: string;
}

/** Makes the folder; its `.env` holds a secret that no test may find in what a step writes. */
export async function layOut({ lab, workspace, image, database, composeFile }: Layout): Promise<Target> {
  const project = `mig${randomBytes(3).toString('hex')}`;
  const path = `/srv/${project}`;
  await lab.server.exec(['install', '-d', '-o', 'deploy', path]);
  await lab.server.exec(['install', '-d', '-m', '0777', `${path}/data`]);
  const write = (file: string, stdin: string) =>
    lab.server.exec(['sh', '-c', 'cat > "$1"', 'sh', `${path}/${file}`], { stdin });
  await write('compose.yaml', composeFile);
  await write('.env', `DB_IMAGE=${database}\nSECRET_KEY=topsecret-${project}\n`);
  return { lab, path, project, workspace, image };
}

/** Removes the project with all that it started. */
export async function removeTarget({ lab, path, project }: Target): Promise<void> {
  const source = `
ids=$(docker ps -aq --filter "label=com.docker.compose.project=$1"); [ -z "$ids" ] || docker rm -fv $ids
docker network rm "$1_default"; docker volume rm "$1_data"; rm -rf "$2"; true`;
  await lab.server.exec(['sh', '-c', source, 'sh', project, path], { allowFailure: true });
}

/** Which run and attempt a job is. */
export interface RunFacts {
  readonly runId?: string;
  readonly runAttempt?: string;
}

let runs = 5000;

/** A job with the secrets and variables of a real one. */
export function openJob({ lab, path, workspace }: Target, facts: RunFacts = {}): Promise<Job> {
  const { server, registry } = lab;
  return createJob({
    workspace,
    github: { runId: String(++runs), ...facts },
    // A runner would give a cancelled step 7.5 s and 2.5 s; how fast this machine is today is not what is tested.
    cancelTimes: { interruptMs: 60_000, terminateMs: 10_000 },
    secrets: { KEY: server.privateKey, TOKEN: registry.htpasswd.readOnlyPassword ?? '' },
    env: {
      DEPLOY_HOST: server.host,
      DEPLOY_PORT: String(server.port),
      DEPLOY_USER: server.user,
      DEPLOY_SSH_PRIVATE_KEY: server.privateKey,
      DEPLOY_KNOWN_HOSTS: server.knownHosts,
      DEPLOY_PATH: path,
      DEPLOY_REGISTRY_USERNAME: registry.htpasswd.readOnlyUsername ?? '',
      DEPLOY_REGISTRY_PASSWORD: registry.htpasswd.readOnlyPassword ?? '',
    },
  });
}

type With = Readonly<Record<string, string>>;

/** The step's inputs, with the new image. */
export function stepOptions(target: Target, inputs: With) {
  return {
    uses: 'action-migrate',
    with: { images: `API_IMAGE=${target.image}`, service: 'migrate', ...inputs },
  };
}

/** What a test does when the step's log first holds some words. */
export interface Moment {
  readonly words: string;
  readonly act: (job: Job) => Promise<unknown>;
}

/** Runs the step, and does at each moment, in their order, what is to be done. A moment that never comes fails the test. */
export async function stepThrough(
  job: Job,
  target: Target,
  inputs: With,
  moments: readonly Moment[],
): Promise<StepResult> {
  const lines: string[] = [];
  const heard: (() => void)[] = [];
  const onLine = ({ text }: { readonly text: string }): void => {
    lines.push(text);
    for (const tell of heard) tell();
  };
  const running = job.step({ ...stepOptions(target, inputs), onLine });
  const isOver = running.then(() => true);
  for (const { words, act } of moments) {
    const isHeard = (): boolean => lines.some((line) => line.includes(words));
    const said = new Promise<boolean>((resolve) => {
      const tell = (): void => {
        if (isHeard()) resolve(false);
      };
      heard.push(tell);
      tell();
    });
    if (await Promise.race([said, isOver])) expect.fail(`the step never said "${words}":\n${lines.join('\n')}`);
    await act(job);
  }
  return running;
}

/** One whole job of this one step, its post included. No secret may show in anything it writes. */
export async function migrate(
  target: Target,
  inputs: With,
  facts: RunFacts = {},
  moments: readonly Moment[] = [],
): Promise<StepResult> {
  await using job = await openJob(target, facts);
  const result = await stepThrough(job, target, inputs, moments);
  const { posts } = await job.finish();
  expect(posts.map(({ outcome, log }) => (outcome === 'success' ? outcome : log))).toEqual(['success']);
  const written = [result, ...posts].flatMap((r) => [r.rawLog, r.summary, JSON.stringify(r.outputs)]).join('\n');
  const { readOnlyPassword = 'none' } = target.lab.registry.htpasswd;
  const keyLine = target.lab.server.privateKey.split('\n')[1] ?? 'none';
  for (const secret of [readOnlyPassword, keyLine, `topsecret-${target.project}`])
    expect(written).not.toContain(secret);
  return result;
}

/** Takes away what a test's run left, so that the next one begins anew: all but the stand-in for a database. */
export async function resetTarget({ lab, path }: Target): Promise<void> {
  const source = `
ids=$(docker ps -aq --filter "label=deploy-actions.deploy-path=$1"); [ -z "$ids" ] || docker rm -fv $ids
rm -rf "$1"/data/* "$1/.deploy/lease.json" "$1/.deploy/migration.json"`;
  await lab.server.exec(['sh', '-c', source, 'sh', path]);
}

/** Puts a file where the containers see it as `/data/…`. */
export async function putData({ lab, path }: Target, file: string, text: string): Promise<void> {
  const source = 'mkdir -p "${1%/*}" && cat > "$1" && chmod 755 "$1"';
  await lab.server.exec(['sh', '-c', source, 'sh', `${path}/data/${file}`], { stdin: text });
}

/** What the commands wrote on the server, line by line. */
export async function ran({ lab, path }: Target): Promise<readonly string[]> {
  const { stdout } = await lab.server.exec(['sh', '-c', 'cat "$1/data/ran" 2>/dev/null || true', 'sh', path]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Names of the one-off containers that are on the server. */
export async function oneOffs({ lab, path }: Target): Promise<readonly string[]> {
  const filter = `label=deploy-actions.deploy-path=${path}`;
  const { stdout } = await lab.server.docker(['ps', '-a', '--filter', filter, '--format', '{{.Names}} {{.State}}']);
  return stdout.split('\n').filter((line) => line !== '');
}

/** A file below `.deploy`, or undefined. */
export async function stateFile({ lab, path }: Target, file: string): Promise<string | undefined> {
  const result = await lab.server.exec(['cat', `${path}/.deploy/${file}`], { allowFailure: true });
  return result.exitCode === 0 ? result.stdout : undefined;
}

/**
 * Ends the SSH session under which a command runs, and no other: the lab is shared.
 * @param pattern of pgrep, such that it does not match itself: `docker wai[t] name`
 */
export async function cutConnection(lab: Lab, pattern: string): Promise<void> {
  const source = `
for pid in $(pgrep -f "$1"); do
  while [ -n "$pid" ] && [ "$pid" -gt 1 ]; do
    if [ "$(cat "/proc/$pid/comm")" = sshd ]; then kill -KILL "$pid"; exit 0; fi
    pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
  done
done
exit 1`;
  for (let tries = 0; ; tries++) {
    const cut = await lab.server.exec(['sh', '-c', source, 'sh', pattern], { allowFailure: true });
    if (cut.exitCode === 0) return;
    // It runs as soon as the step has come there; the test's own time limit is what ends a wait that is for nothing.
    if (tries > 1000) expect.fail(`no SSH session runs ${pattern}`);
    await sleep(100);
  }
}
