import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { ActJob, ActResult } from '../../lab/src/act/index.ts';
import { APP_RELEASES, ensureImages, type Lab } from '../../lab/src/index.ts';
import { testPath } from './path-row.ts';
import { openTeam, type Team } from './team.ts';

/** A team that has nothing but a compose file, and the workflow of docs/deploy-compose.md as its own. */
const name = 'deploy-compose.yml';
const { v1, v2, v3 } = APP_RELEASES;
const composeFile = `services:
  app:
    image: \${APP_IMAGE:?}
`;

let lab: Lab;
let team: Team;

beforeAll(async () => {
  lab = await ensureImages('full');
  const { address, readOnlyUsername = '', readOnlyPassword = '' } = lab.registry.bearer;
  team = await openTeam(lab, {
    example: 'guarded-manual-deploy',
    name: 'act-called',
    envFile: [],
    vars: {},
    secrets: { REGISTRY_USERNAME: readOnlyUsername, REGISTRY_PASSWORD: readOnlyPassword },
  });
  const { repository } = team;
  mkdirSync(join(repository.folder, 'infra'));
  writeFileSync(join(repository.folder, 'infra/compose.yaml'), composeFile);
  writeFileSync(join(repository.folder, '.github/workflows/called.yml'), readDocumentedCaller());
  const image = 'APP_IMAGE=ghcr.io/your-org/api:';
  const labImage = `APP_IMAGE=${address}/${lab.images.app.repository}:`;
  repository.replace('.github/workflows/called.yml', image, labImage);
  const marker = '      source: infra';
  repository.replace('.github/workflows/called.yml', marker, `      insecure-registries: ${address}\n${marker}`);
  for (const { sha } of [v1, v2, v3]) repository.commit(sha);
});

afterAll(async () => {
  await team[Symbol.asyncDispose]();
});

function readDocumentedCaller(): string {
  const page = readFileSync(join(import.meta.dirname, '../../docs/deploy-compose.md'), 'utf8');
  return /<!-- caller -->\n\n```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
}

function deploy(tag: string, mode = 'deploy'): Promise<ActResult> {
  return team.dispatch('called.yml', { environment: 'staging', image_tag: tag, mode });
}

/** The job that ran. act calls those of a called workflow by their own names. */
function jobOf(run: ActResult): ActJob | undefined {
  return Object.values(run.jobs).find(({ steps }) => Object.keys(steps).length > 0);
}

async function tell(run: ActResult, step = 'deploy'): Promise<string> {
  const job = jobOf(run);
  const { outcome = '' } = job?.steps[step]?.outputs ?? {};
  const ids = await team.project.listContainers('app');
  const { stdout } = await lab.server.docker(['inspect', '--format', '{{.Config.Image}}', ...ids]);
  const { app } = lab.images;
  const served = stdout.includes(app.v1.digest) ? 'v1' : stdout.includes(app.v2.digest) ? 'v2' : stdout;
  return `${run.exitCode === 0 ? 'success' : 'failure'}: ${outcome}, ${served.trim()} serves`;
}

testPath(name, 'called as the document shows it', 'success: deployed, v1 serves', async () => {
  const run = await deploy(v1.sha);
  const seen = await tell(run);
  expect(seen, run.lines.join('\n')).toMatch(/^success/);
  expect(jobOf(run)?.steps['deploy']?.outputs).toMatchObject({ result: 'healthy', release: '1' });
  expect(team.chat.requests.at(-1)?.body).toContain('staging');
  return seen;
});

testPath(name, 'an image that never gets healthy', 'failure: rolled_back, v1 serves', async () => {
  const run = await deploy(v3.sha);
  expect(team.chat.requests.at(-1)?.body).toContain('rolled back');
  return tell(run);
});

testPath(name, 'the job rollback, by hand', 'success: rolled_back, v1 serves', async () => {
  expect(await tell(await deploy(v2.sha))).toBe('success: deployed, v2 serves');
  return tell(await deploy(v2.sha, 'rollback'), 'rollback');
});
