import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActJob, ActResult } from '../../lab/src/act/index.ts';
import { DJANGO_RELEASES, ensureImages, type FullImages, type Lab } from '../../lab/src/index.ts';
import { askContainer } from './django.ts';
import { testPath } from './path-row.ts';
import { openTeam, type RunChanges, type Team } from './team.ts';

const example = 'promote-by-sha';
const workflow = '.github/workflows/deploy-api.yml';
const { v1, v2, v3 } = DJANGO_RELEASES;
const apiFile = 'infra/docker/compose/services/api.yaml';
const NEVER_BUILT = 'f'.repeat(40);
const names = new Map<string, string>([v1, v2, v3].map((release, index) => [release.sha, `v${String(index + 1)}`]));

let lab: Lab;
let team: Team;
let goodApi: string;

beforeAll(async () => {
  lab = await ensureImages('full');
  team = await openTeam(lab, {
    example,
    name: 'act-promote',
    envFile: envFile(),
    vars: {
      APP_ENV_FILE: '.env',
      IMAGE_REPOSITORY: `${lab.registry.bearer.address}/${releases().repository}`,
    },
    secrets: {},
  });
  // The lab's registries have no TLS. A team's has, so the example does not say this; everything else runs as written.
  const marker = '          expect-revision:';
  team.repository.replace(workflow, marker, `          insecure-registries: ${lab.registry.bearer.address}\n${marker}`);
  goodApi = team.repository.readText(apiFile);
  for (const [index, { sha }] of [v1, v2, v3].entries()) {
    if (index > 0) {
      const comment = `# of v${String(index + 1)}\nservices:`;
      team.repository.replace(apiFile, /(# of v\d\n)?services:/, comment);
    }
    team.repository.commit(sha);
  }
  team.repository.commit(NEVER_BUILT);
});

afterAll(async () => {
  await team[Symbol.asyncDispose]();
});

function strangerPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

function envFile(): readonly string[] {
  const postgres = lab.images.full?.postgres;
  const password = randomBytes(12).toString('hex');
  return [
    `POSTGRES_IMAGE=${postgres === undefined ? '' : lab.reference('anonymous', postgres.repository, postgres.digest)}`,
    `POSTGRES_PASSWORD=${password}`,
    `DATABASE_URL=postgres://api:${password}@postgres:5432/api`,
    `DJANGO_SECRET_KEY=${randomBytes(16).toString('hex')}`,
  ];
}

function deploy(imageTag: string, changes?: RunChanges): Promise<ActResult> {
  return team.dispatch('deploy-api.yml', { environment: 'staging', image_tag: imageTag }, changes);
}

function jobOf(run: ActResult): ActJob {
  const { deploy: job } = run.jobs;
  if (job === undefined) throw new Error(`no job ran:\n${run.lines.slice(-20).join('\n')}`);
  return job;
}

/** `success: v1 serves`, or `failure at verify (TAG_MISSING): v2 serves`. */
async function tell(run: ActResult): Promise<string> {
  const job = jobOf(run);
  const [id, step] = Object.entries(job.steps).find(([, one]) => one.outcome === 'failure') ?? [];
  const at = id === undefined ? '' : ` at ${id} (${step?.outputs['error-code'] ?? 'no code'})`;
  const serving = (await readServed()).map((sha) => names.get(sha) ?? sha).join(' and ');
  return `${job.outcome}${at}: ${serving === '' ? 'nothing' : serving} serves`;
}

/** The commit that each of the project's api containers says it runs. */
async function readServed(): Promise<readonly string[]> {
  return Promise.all((await team.project.listContainers('api')).map((one) => askContainer(lab, one)));
}

function releases(): FullImages['django'] {
  const django = lab.images.full?.django;
  if (django === undefined) throw new Error('the lab has no full images');
  return django;
}

async function readFiles(): Promise<string> {
  return (await team.readServerFile('services/api.yaml')) ?? '';
}

/** Commits v1 once more: with a health check that asks for no page of the app, and gives up soon; or as it should be. */
function commitFirst(isHealthy: boolean): void {
  const { repository } = team;
  const text = isHealthy
    ? goodApi
    : goodApi.replace('/healthz', '/no-such-page').replace('start_period: 60s', 'start_period: 1s');
  repository.replace(apiFile, repository.readText(apiFile), text);
  repository.commit(v1.sha);
}

describe('one commit after another on the same server', () => {
  const unhealthy = 'failure at rollout (CONTAINER_UNHEALTHY): nothing serves';
  testPath(example, 'first deploy, whose app never gets healthy', unhealthy, async () => {
    commitFirst(false);
    const run = await deploy(v1.sha);
    commitFirst(true);
    expect(jobOf(run).steps['rollout']?.outputs['outcome'], run.lines.join('\n')).toBe('rolled_back');
    // What the migration has filled stays; nothing but this deploy's own container went.
    expect(await team.project.listContainers('postgres')).toHaveLength(1);
    return tell(run);
  });

  testPath(example, 'first deploy on an empty server', 'success: v1 serves', async () => {
    const run = await deploy(v1.sha);
    const seen = await tell(run);
    expect(seen, run.lines.join('\n')).toMatch(/^success/);
    const { steps } = jobOf(run);
    expect(steps['rollout']?.outputs['outcome']).toBe('deployed');
    expect(steps['gate']?.outputs['result']).toBe('healthy');
    const ledger = await team.readLedger();
    // The database that the migration started is nobody's stack: no release 0 to go back to.
    expect(ledger.map(({ result }) => result)).toEqual(['rolled_back', 'ok']);
    expect(ledger.at(-1)?.text).toContain(releases().v1.digest);
    expect(team.chat.requests.at(-1)?.body).toContain(v1.sha.slice(0, 7));
    return seen;
  });

  testPath(example, 'the same commit again changes nothing', 'success: v1 serves', async () => {
    const before = await team.project.listContainers();
    const run = await deploy(v1.sha);
    expect(jobOf(run).steps['rollout']?.outputs['outcome']).toBe('noop');
    expect(await team.project.listContainers()).toEqual(before);
    return tell(run);
  });

  testPath(example, 'a second commit with a migration', 'success: v2 serves', async () => {
    const run = await deploy(v2.sha);
    const { steps } = jobOf(run);
    expect(steps['migrate']?.outputs['applied']).toBe('true');
    expect(steps['rollout']?.outputs['digests']).toContain(releases().v2.digest);
    expect(steps['rollout']?.outputs['previous-digests']).toContain(releases().v1.digest);
    expect(await readFiles()).toContain('# of v2');
    expect((await team.readLedger()).at(-1)?.text).toContain(releases().v2.digest);
    return tell(run);
  });

  testPath(example, 'a migration that fails', 'failure at migrate (COMMAND_FAILED): v2 serves', async () => {
    const before = await team.project.listContainers();
    const [ledger, notes] = [await team.readLedger(), team.chat.requests.length];
    const run = await deploy(v3.sha);
    expect(jobOf(run).steps['rollout']?.outcome).toBe('skipped');
    expect(await team.project.listContainers()).toEqual(before);
    expect(await readFiles()).toContain('# of v2');
    expect(await team.readLedger()).toEqual(ledger);
    expect(team.chat.requests.length).toBe(notes + 1);
    return tell(run);
  });

  testPath(example, 'two deploys at the same time', 'success and success: the last release serves', async () => {
    const runs = await Promise.all([deploy(v1.sha), deploy(v2.sha)]);
    const [served = '', ...others] = await readServed();
    expect(others).toEqual([]);
    const last = (await team.readLedger()).at(-1)?.text ?? '';
    const isLast = last.includes(served === v1.sha ? releases().v1.digest : releases().v2.digest);
    return `${runs.map((run) => jobOf(run).outcome).join(' and ')}: ${isLast ? 'the last release' : served} serves`;
  });

  testPath(example, 'rollback: the older commit again', 'success: v1 serves', async () => {
    const run = await deploy(v1.sha);
    expect(await readFiles()).not.toContain('# of');
    return tell(run);
  });
});

describe('what a person on call must be able to tell apart', () => {
  const path = (name: string, expected: string, change: () => readonly [string, RunChanges]): void => {
    testPath(example, name, expected, async () => {
      const before = await team.project.listContainers();
      const ledger = await team.readLedger();
      const run = await deploy(...change());
      expect(jobOf(run).steps['rollout']?.outcome).toBe('skipped');
      expect(await team.project.listContainers()).toEqual(before);
      expect(await team.readLedger()).toEqual(ledger);
      return tell(run);
    });
  };
  const stranger = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO8Z1h0c9Uo2bVQjhm6JYBu0FJvVsMFxM7wN0z2P2nQx';
  const strangerKey = (): string => `${lab.server.address} ${stranger}`;

  path('a tag that is not in the registry', 'failure at verify (TAG_MISSING): v1 serves', () => [NEVER_BUILT, {}]);
  path('a registry that refuses the token', 'failure at verify (DENIED_OR_MISSING): v1 serves', () => [
    v2.sha,
    { secrets: { GHCR_TOKEN: 'expired-token-of-somebody' } },
  ]);
  path('a key that the server does not know', 'failure at sync (SSH_AUTH_REJECTED): v1 serves', () => [
    v2.sha,
    { secrets: { DEPLOY_SSH_PRIVATE_KEY: strangerPrivateKey() } },
  ]);
  path('a server with another host key', 'failure at sync (HOST_KEY_MISMATCH): v1 serves', () => [
    v2.sha,
    { vars: { DEPLOY_KNOWN_HOSTS: strangerKey() } },
  ]);
  path('an env file that nobody wrote', 'failure at sync (ENV_FILE_MISSING): v1 serves', () => [
    v2.sha,
    { vars: { APP_ENV_FILE: 'no-such.env' } },
  ]);
});

/** The one line that must hold a secret: the runner is told to mask it. */
function isMaskCommand(line: string): boolean {
  return line.includes('"command":"add-mask"');
}

test('no secret is in anything that these runs printed, unmasked as they are', () => {
  const keyLine = lab.server.privateKey.split('\n')[1] ?? '';
  const secrets = [keyLine, lab.registry.bearer.readOnlyPassword ?? '', 'expired-token-of-somebody'];
  expect(secrets.every((secret) => secret.length > 10)).toBe(true);
  const said = team.runs.flatMap(({ lines }) => lines.filter((line) => !isMaskCommand(line))).join('\n');
  expect(said.length).toBeGreaterThan(10_000);
  expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
});
