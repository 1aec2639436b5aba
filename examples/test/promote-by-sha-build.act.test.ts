import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import type { ActResult } from '../../lab/src/act/index.ts';
import { ensureImages, type Lab } from '../../lab/src/index.ts';
import { askContainer } from './django.ts';
import { testPath } from './path-row.ts';
import { openTeam, type Team } from './team.ts';

/** The app of the example itself, from its sources to the server: doctor, build-api, deploy-api. */
const example = 'promote-by-sha: build';
const repository = 'lab/act-own-api';

let lab: Lab;
let team: Team;
let commit: string;

beforeAll(async () => {
  lab = await ensureImages('full');
  const { postgres } = lab.images.full ?? {};
  const { address } = lab.registry.bearer;
  const password = randomBytes(12).toString('hex');
  team = await openTeam(lab, {
    example: 'promote-by-sha',
    name: 'act-own-api',
    hasDocker: true,
    envFile: [
      `POSTGRES_IMAGE=${postgres === undefined ? '' : lab.reference('anonymous', postgres.repository, postgres.digest)}`,
      `POSTGRES_PASSWORD=${password}`,
      `DATABASE_URL=postgres://api:${password}@postgres:5432/api`,
      `DJANGO_SECRET_KEY=${randomBytes(16).toString('hex')}`,
    ],
    vars: { APP_ENV_FILE: '.env', IMAGE_REPOSITORY: `${address}/${repository}` },
    secrets: {},
  });
  writeForLab(address);
  commit = team.repository.commit();
});

afterAll(async () => {
  await team[Symbol.asyncDispose]();
});

/** What the lab forces: its registries have no TLS, no public images and no packages of PyPI, and its Django is Debian's. */
function writeForLab(address: string): void {
  const { username = '' } = lab.registry.bearer;
  const files = team.repository;
  const deploy = '.github/workflows/deploy-api.yml';
  const marker = '          expect-revision:';
  files.replace(deploy, marker, `          insecure-registries: ${address}\n${marker}`);
  const build = '.github/workflows/build-api.yml';
  files.replace(build, 'ghcr.io/${{ github.repository_owner }}/api', `${address}/${repository}`);
  files.replace(
    build,
    'docker login ghcr.io --username "$GITHUB_ACTOR"',
    `docker login ${address} --username ${username}`,
  );
  const { django } = lab.images.full ?? {};
  const base = django === undefined ? '' : lab.reference('anonymous', django.repository, django.v1.digest);
  files.replace('apps/api/Dockerfile', 'python:3.13-slim-trixie', base);
  files.replace('apps/api/Dockerfile', /^COPY requirements.*\nRUN pip .*\n/m, 'USER root\nRUN rm -r /app/*\n');
  files.replace('apps/api/Dockerfile', /^RUN useradd.*\n/m, '');
  // The lab's image has a GIT_SHA of its own, which an argument of that name does not replace.
  files.replace('apps/api/Dockerfile', 'ARG GIT_SHA\nENV GIT_SHA=${GIT_SHA}', 'ARG COMMIT\nENV GIT_SHA=${COMMIT}');
  files.replace(build, '--build-arg "GIT_SHA=', '--build-arg "COMMIT=');
  for (const file of ['models.py', 'migrations/0002_note_pinned.py'])
    files.replace(`apps/api/notes/${file}`, ', db_default=False', '');
}

/** `success: v1 serves`: the commit that the container says, from the image that the registry has. */
async function tell(run: ActResult, job: string): Promise<string> {
  const [id, ...others] = await team.project.listContainers('api');
  expect(others).toEqual([]);
  const served =
    id === undefined ? 'nothing' : (await askContainer(lab, id)) === commit ? 'the commit' : 'another commit';
  return `${run.jobs[job]?.outcome ?? 'no job'}: ${served} serves`;
}

async function listServerFiles(): Promise<string> {
  const { stdout } = await lab.server.exec(['find', team.project.deployPath, '-printf', '%p %m %T@\\n']);
  return stdout;
}

testPath(example, 'doctor before the first deploy, which changes nothing', 'success: nothing serves', async () => {
  const before = await listServerFiles();
  const run = await team.dispatch('doctor.yml', { environment: 'dev' });
  expect(await listServerFiles()).toBe(before);
  return tell(run, 'doctor');
});

testPath(example, 'doctor of a folder that nobody made', 'failure: nothing serves', async () => {
  const run = await team.dispatch('doctor.yml', { environment: 'dev' }, { vars: { DEPLOY_PATH: '/srv/none/api' } });
  expect(run.lines.join('\n')).toContain('SERVER_UNFIT');
  return tell(run, 'doctor');
});

testPath(example, 'a commit on main: built and pushed once', 'success: nothing serves', async () => {
  const run = await team.push('build-api.yml', commit);
  expect(run.exitCode, run.lines.join('\n')).toBe(0);
  return tell(run, 'build');
});

testPath(example, 'that commit deployed, with its migrations', 'success: the commit serves', async () => {
  const run = await team.dispatch('deploy-api.yml', { environment: 'dev', image_tag: commit });
  expect(run.exitCode, run.lines.join('\n')).toBe(0);
  expect(run.jobs['deploy']?.steps['migrate']?.outputs['applied']).toBe('true');
  const [id = ''] = await team.project.listContainers('api');
  const ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/notes').read().decode())";
  expect((await lab.server.docker(['exec', id, 'python3', '-c', ask])).stdout).toContain('"notes": []');
  expect((await team.readLedger()).map(({ result }) => result)).toEqual(['ok']);
  return tell(run, 'deploy');
});
