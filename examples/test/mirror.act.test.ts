import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ensureAct, runAct } from '../../lab/src/act/index.ts';
import { openLab, type Lab } from '../../lab/src/index.ts';
import { listBundle } from '../../scripts/bundle.ts';
import { Git } from '../../scripts/release/git.ts';
import { runPublish } from '../../scripts/release/run.ts';
import { listUses } from './action-map.ts';
import { testPath } from './path-row.ts';
import { openProject, type Project } from './project.ts';

/** The mirror, as a workflow names it: an action in the root of a repository of its own. */
const pin = 'your-org/action-migrate@v1';
const root = join(import.meta.dirname, '../..');
const workflow = `
on: workflow_dispatch
jobs:
  migrate:
    runs-on: ubuntu-24.04
    env:
      DEPLOY_HOST: \${{ secrets.DEPLOY_HOST }}
      DEPLOY_USER: \${{ secrets.DEPLOY_USER }}
      DEPLOY_SSH_PRIVATE_KEY: \${{ secrets.DEPLOY_SSH_PRIVATE_KEY }}
      DEPLOY_KNOWN_HOSTS: \${{ vars.DEPLOY_KNOWN_HOSTS }}
      DEPLOY_PATH: \${{ vars.DEPLOY_PATH }}
    steps:
      - id: migrate
        uses: ${pin}
        with:
          images: API_IMAGE=\${{ vars.IMAGE }}
          service: api
          commands: sh -c 'echo "$GIT_SHA" >> /data/ran'
`;
const composeFile = `
services:
  api:
    image: \${API_IMAGE:?set by images}
    volumes: ["./data:/data"]
`;

let lab: Lab;
let project: Project;
let place: string;

beforeAll(async () => {
  lab = await openLab();
  place = mkdtempSync(join(tmpdir(), 'mirrored-'));
  project = openProject(lab, 'act-mirrored');
  await project.remove();
  const { user } = lab.server;
  await lab.server.exec(['install', '-d', '-o', user, '-g', user, project.deployPath]);
  await lab.server.exec(['install', '-d', '-m', '0777', `${project.deployPath}/data`]);
  await lab.server.exec(['tee', `${project.deployPath}/compose.yaml`], { stdin: composeFile });
});

afterAll(async () => {
  await project.remove();
  rmSync(place, { recursive: true, force: true });
});

/** Releases action-migrate of this tree as 1.0.0 into bare repositories; returns the folder of the mirrors. */
async function releaseMirror(): Promise<string> {
  const clone = join(place, 'clone');
  for (const path of ['LICENSE', 'package.json', 'action-migrate/package.json']) {
    mkdirSync(join(clone, path, '..'), { recursive: true });
    // Only where a version stands by itself: "version": "0.1.0".
    const text = readFileSync(join(root, path), 'utf8').replace(/^( {2}"version": )"[^"]+"/m, '$1"1.0.0"');
    writeFileSync(join(clone, path), text);
  }
  for (const path of ['action.yml', 'README.md', 'CHANGELOG.md', 'dist']) {
    const file = join(root, 'action-migrate', path);
    if (existsSync(file)) cpSync(file, join(clone, 'action-migrate', path), { recursive: true });
  }
  const remote = join(place, 'remote.git');
  const mirrors = join(place, 'mirrors');
  for (const path of [remote, join(mirrors, 'action-migrate.git')]) {
    mkdirSync(path, { recursive: true });
    await new Git(path).run(['init', '--quiet', '--bare', '--initial-branch=main']);
  }
  const git = new Git(clone);
  await git.run(['init', '--quiet', '--initial-branch=main']);
  await git.run(['config', 'user.name', 'test']);
  await git.run(['config', 'user.email', 'test@localhost']);
  await git.run(['add', '--all']);
  await git.run(['commit', '--quiet', '--message', 'Versions']);
  await git.run(['push', '--quiet', remote, 'HEAD:refs/heads/main']);
  // That a bundle is what its sources give is proved where there are sources.
  const build = async (folder: string) => listBundle(join(folder, 'dist'));
  await runPublish({ git, remote, build, log: () => undefined }, { branch: 'main', mirrors, gh: undefined });
  return mirrors;
}

/** A repository that has the workflow and nothing else of ours. */
async function makeConsumer(): Promise<string> {
  const folder = join(place, 'consumer');
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  writeFileSync(join(folder, '.github/workflows/migrate.yml'), workflow);
  const git = new Git(folder);
  const author = ['-c', 'user.name=t', '-c', 'user.email=t@localhost'];
  await git.run(['init', '--quiet', '--initial-branch=main']);
  await git.run(['add', '--all']);
  await git.run([...author, 'commit', '--quiet', '--message', 'A workflow']);
  return folder;
}

/** `success, v2's command ran once` with what the mirror holds: read off the run, the server and the mirror. */
async function migrateByMirror(): Promise<string> {
  const mirrors = await releaseMirror();
  const mirror = join(place, 'v1');
  await new Git(mirrors).run(['clone', '--quiet', '--branch', 'v1', join(mirrors, 'action-migrate.git'), mirror]);
  const { app } = lab.images;
  const { server } = lab;
  const { jobs, lines } = await runAct({
    act: await ensureAct(),
    repository: await makeConsumer(),
    workflow: '.github/workflows/migrate.yml',
    eventName: 'workflow_dispatch',
    event: { ref: 'refs/heads/main' },
    actions: new Map([[pin, mirror]]),
    vars: {
      DEPLOY_KNOWN_HOSTS: server.knownHosts,
      DEPLOY_PATH: project.deployPath,
      IMAGE: lab.reference('anonymous', app.repository, app.v2.digest),
    },
    secrets: { DEPLOY_HOST: server.address, DEPLOY_USER: server.user, DEPLOY_SSH_PRIVATE_KEY: server.privateKey },
    env: { GITHUB_REPOSITORY: 'acme/shop', GITHUB_API_URL: 'http://127.0.0.1:9' },
  });
  const step = jobs['migrate']?.steps['migrate'];
  const { stdout } = await server.exec(['cat', `${project.deployPath}/data/ran`], { allowFailure: true });
  const ran = stdout.trim() === app.v2.sha ? "v2's command ran once" : `on the server: ${stdout}\n${lines.join('\n')}`;
  const readme = readFileSync(join(mirror, 'README.md'), 'utf8');
  const isNamed = listUses(readme).some(({ repository, ref }) => `${repository}@${ref}` === pin);
  const held = readdirSync(mirror).filter((name) => name !== '.git');
  return `${step?.outcome ?? 'skipped'}: ${ran}; README says ${isNamed ? pin : 'another pin'}; ${held.sort().join(' ')}`;
}

testPath(
  'mirror',
  'migrate from a repository of its own',
  `success: v2's command ran once; README says ${pin}; CHANGELOG.md LICENSE README.md action.yml dist`,
  migrateByMirror,
);
