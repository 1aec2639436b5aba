import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DJANGO_RELEASES, ensureImages, type Lab } from '../../lab/src/index.ts';
import { readCommandBlock } from '../../scripts/command-blocks.ts';
import { askContainer } from './django.ts';
import { openProject, type Project } from './project.ts';

const root = join(import.meta.dirname, '../..');

let lab: Lab;
let project: Project;
let repository: string;
let deployPath: string;

beforeAll(async () => {
  lab = await ensureImages('full');
  repository = mkdtempSync(join(tmpdir(), 'simulate-'));
  cpSync(join(root, 'examples/promote-by-sha'), repository, { recursive: true });
  project = openProject(lab, 'example-simulated');
  deployPath = join(lab.local.folder, 'example-simulated');
  await project.remove();
  rmSync(deployPath, { recursive: true, force: true });
  const postgres = lab.images.full?.postgres;
  const image = postgres === undefined ? '' : lab.reference('anonymous', postgres.repository, postgres.digest);
  mkdirSync(deployPath, { recursive: true });
  writeFileSync(join(deployPath, '.env'), `POSTGRES_IMAGE=${image}\n`);
}, 600_000);

afterAll(async () => {
  await project.remove();
  rmSync(deployPath, { recursive: true, force: true });
  rmSync(repository, { recursive: true, force: true });
});

/** The documented command, typed in the example's root, on a "developer's machine" whose Docker is the lab's. */
function simulate(image: string): Promise<{ readonly code: number | null; readonly text: string }> {
  const { readOnlyUsername = '', readOnlyPassword = '', address } = lab.registry.bearer;
  const typed = readCommandBlock('simulate').replace('ghcr.io/your-org/api:<full commit SHA>', image);
  const child = spawn('sh', ['-c', typed], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${lab.local.bin}:${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: repository,
      DOCKER_HOST: lab.local.dockerHost,
      DEPLOY_ACTIONS: root,
      DEPLOY_PATH: deployPath,
      DEPLOY_REGISTRY_USERNAME: readOnlyUsername,
      DEPLOY_REGISTRY_PASSWORD: readOnlyPassword,
      INSECURE_REGISTRIES: address,
    },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}

test('deploys two commits one after the other on one’s own machine', async () => {
  const { v1, v2 } = DJANGO_RELEASES;
  const repositoryName = lab.images.full?.django.repository ?? '';
  for (const { sha } of [v1, v2]) {
    const { code, text } = await simulate(lab.reference('bearer', repositoryName, sha));
    expect(code, text).toBe(0);
    expect(text).toContain('deployed: APP_IMAGE=');
    expect(text).not.toContain(lab.registry.bearer.readOnlyPassword);
  }
  const running = await project.listContainers('api');
  expect(await Promise.all(running.map((id) => askContainer(lab, id)))).toEqual([v2.sha]);
  expect(readFileSync(join(deployPath, '.env'), 'utf8')).toContain(lab.images.full?.django.v2.digest);
});

test('says in one line what is missing when no image is given', async () => {
  const { code, text } = await simulate('');
  expect(code).toBe(2);
  expect(text.trim().split('\n')).toEqual([expect.stringContaining('APP_IMAGE=')]);
});
