import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { appImage, makeProject, withKey, type Project } from './project.ts';

/** An image that no registry knows, as `docker build` on the server leaves it. */
const builtTag = 'by-hand/rolling-adopted:1.0';
const adoptedTag = 'deploy-actions/rolling-adopted/app:adopted';

let project: Project;
let builtId: string;

async function onServer(script: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await project.lab.server.exec(['sh', '-ec', script, 'sh', ...args], { timeoutMs: 120_000 });
  return stdout.trim();
}

beforeAll(async () => {
  project = await makeProject('rolling-adopted');
  const from = appImage(project.lab, 'v1').replace('app=', '');
  const build = `docker image inspect "$1" >/dev/null 2>&1 || docker pull -q "$1" >/dev/null
    id=$(docker create "$1"); docker commit -c 'ENV BUILT=by-hand' "$id" "$2" >/dev/null; docker rm "$id" >/dev/null
    docker image inspect --format '{{.Id}}' "$2"`;
  builtId = await onServer(build, from, builtTag);
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
  await onServer('docker rmi -f "$1" "$2" >/dev/null 2>&1 || true', builtTag, adoptedTag);
});

/** A person's stack: an app by a tag of this server, and a neighbour that no deploy of ours changes. */
async function runByHand(app = ''): Promise<void> {
  await project.lay(`services:
  app:
    image: \${APP_IMAGE:-${builtTag}}
    expose: ["8000"]
    ${app}
  neighbour:
    image: ${builtTag}
`);
  await project.write('.env', 'GREETING=from-env\n');
  await project.upByHand();
}

const imageIds = async (service: string): Promise<string> => {
  const own = (await project.running()).filter((container) => container.service === service);
  return onServer('docker inspect --format "{{.Image}}" "$@"', ...own.map(({ id }) => id));
};

const idOf = async (service: string): Promise<readonly string[]> =>
  (await project.running()).filter((container) => container.service === service).map(({ id }) => id);

describe('the first deploy over a stack that a person runs', () => {
  it('records it as release 0 before anything changes, and a rollback goes back to it', async () => {
    await runByHand();
    const neighbour = await idOf('neighbour');
    const first = await project.deploy({ images: appImage(project.lab, 'v2', 'APP_IMAGE') });
    expect(first.outputs).toMatchObject({ outcome: 'deployed', release: '1', 'changed-services': 'app' });
    expect(first.log).toContain('recorded what runs as release 0: app, neighbour');
    const zero: unknown = JSON.parse(await project.read('.deploy/releases/0.json'));
    expect(zero).toMatchObject({
      number: 0,
      isAdopted: true,
      pins: [{ kind: 'env', name: 'APP_IMAGE', ref: adoptedTag }],
      restorePins: [],
      digests: { app: adoptedTag },
    });
    const files = await onServer('stat -c %a "$1"; tar -tf "$1"', `${project.path}/.deploy/files/0.tar`);
    expect(files.split('\n')).toEqual(expect.arrayContaining(['600', 'tree/compose.yaml', 'env/.env']));

    const back = await project.deploy({ mode: 'rollback', to: '0' });
    expect(back.outputs).toMatchObject({ outcome: 'rolled_back', release: '2' });
    expect(await imageIds('app')).toBe(builtId);
    expect(await idOf('neighbour')).toEqual(neighbour);
    const before = await project.containers();
    await project.upByHand();
    expect(await project.containers()).toEqual(before);
    expect(await project.read('.env')).toContain('GREETING=from-env');
  });

  it('gives the files laid by hand back, after a sync had replaced them', async () => {
    await runByHand();
    const byHand = await project.read('compose.yaml');
    const synced = `services:\n  app:\n    image: unset.example/app:0\n    env_file: app.env\n    expose: ["8000"]\n`;
    await writeFile(join(project.workspace, 'compose.yaml'), synced);
    const job = await project.newJob('synced');
    const sync = await job.step({ uses: 'action-sync-remote', with: withKey(project.lab, {}) });
    expect(sync.outcome).toBe('success');
    const images = appImage(project.lab, 'v2');
    const first = await job.step({ uses: 'action-rolling-deploy', with: withKey(project.lab, { images }) });
    expect(first.outputs['outcome']).toBe('deployed');
    await job.finish();
    expect(await project.read('compose.yaml')).toBe(synced);

    const back = await project.deploy({ mode: 'rollback' });
    expect(back.outputs['outcome']).toBe('rolled_back');
    expect(await project.read('compose.yaml')).toBe(byHand);
    expect(await imageIds('app')).toBe(builtId);
    const before = await project.containers();
    await project.upByHand();
    expect(await project.containers()).toEqual(before);
  });

  it('that fails leaves what ran, release 0, and nothing else', async () => {
    await runByHand();
    const before = await project.containers();
    const broken = await project.deploy({ images: appImage(project.lab, 'v3', 'APP_IMAGE') });
    expect(broken.outputs).toMatchObject({ outcome: 'rolled_back', release: '' });
    expect(await project.containers()).toEqual(before);
    await project.upByHand();
    expect(await project.containers()).toEqual(before);
    const status = await project.deploy({ mode: 'status' });
    expect(status.log).toMatch(/ 1 +rolled_back/);
    expect(status.log).toMatch(/ 0 +ok/);
  });

  it('that fails brings back the image that ran, also where its tag has moved since', async () => {
    await runByHand('container_name: rolling-adopted-single');
    const other = appImage(project.lab, 'v2').replace('app=', '');
    await onServer('docker pull -q "$1" >/dev/null; docker tag "$1" "$2"', other, builtTag);
    try {
      const broken = await project.deploy({ images: appImage(project.lab, 'v3', 'APP_IMAGE') });
      expect(broken.outputs['outcome']).toBe('rolled_back');
      expect(await imageIds('app')).toBe(builtId);
    } finally {
      await onServer('docker tag "$1" "$2"', builtId, builtTag);
    }
  });
});
