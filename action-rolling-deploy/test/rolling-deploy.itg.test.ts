import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { appImage, makeProject, withKey, type Listed, type Project } from './project.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('rolling-itg');
});

afterEach(async () => {
  await project.remove();
  await project.lab.server.exec(['sh', '-c', 'mkdir -p "$1" && chown deploy:deploy "$1"', 'sh', project.path]);
});

afterAll(async () => {
  await project.remove();
});

const compose = `services:
  app:
    image: \${APP_IMAGE:-unset.example/app:0}
    env_file: app.env
    labels:
      deploy-actions.pre-stop: touch /tmp/drain
`;

async function laid(text: string = compose): Promise<void> {
  await project.write('compose.yaml', text);
  await project.write('app.env', 'GREETING=hello\n');
}

const running = async (): Promise<readonly Listed[]> =>
  (await project.containers()).filter(({ state }) => state === 'running');
const digest = (release: 'v1' | 'v2' | 'v3'): string => project.lab.images.app[release].digest;

/** Image digests that the project's running containers were created from. */
async function runningDigests(): Promise<readonly string[]> {
  const ids = (await running()).map(({ id }) => id);
  const { stdout } = await project.lab.server.docker(['inspect', '--format', '{{.Config.Image}}', ...ids]);
  return stdout
    .trim()
    .split('\n')
    .map((ref) => ref.slice(ref.indexOf('@') + 1));
}

describe('a rollout on a real server', () => {
  it('goes from nothing to v1, to v2 with the old one gone, and does nothing the third time', async () => {
    await laid();
    const first = await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(first.log).toContain('Outcome: deployed');
    expect(first.outputs).toMatchObject({ outcome: 'deployed', release: '1' });
    const second = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(second.outputs).toMatchObject({ outcome: 'deployed', release: '2', 'changed-services': 'app' });
    expect(second.outputs['previous-digests']).toContain(digest('v1'));
    expect(second.outputs['digests']).toContain(digest('v2'));
    expect(await runningDigests()).toEqual([digest('v2')]);
    const before = await project.containers();
    const third = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(third.outputs).toMatchObject({ outcome: 'noop', release: '2' });
    expect(await project.containers()).toEqual(before);
  });

  it('leaves a project that a person’s plain docker compose up -d does not change', async () => {
    await laid();
    await project.deploy({ images: appImage(project.lab, 'v1', 'APP_IMAGE') });
    await project.deploy({ images: appImage(project.lab, 'v2', 'APP_IMAGE') });
    const before = await project.containers();
    await project.upByHand();
    expect(await project.containers()).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('rolls a never healthy image back by itself, keeps the old container running and shows the evidence', async () => {
    await laid();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await project.containers();
    const broken = await project.deploy({ images: appImage(project.lab, 'v3') });
    expect(broken.exitCode).toBe(1);
    expect(broken.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONTAINER_UNHEALTHY', release: '1' });
    expect(broken.log).toContain('NEVER_HEALTHY: the port stays closed');
    expect(broken.summary).toContain('rolled back');
    expect(await project.containers()).toEqual(before);
    expect(await project.read('.env')).toContain('COMPOSE_FILE=compose.yaml:.deploy/pins.yaml');
    expect(await project.read('.deploy/pins.yaml')).toContain(digest('v1'));
    expect(await project.read('.deploy/lease.json')).toBe('');
  });

  it('removes what it made when the very first deploy fails', async () => {
    await laid();
    const broken = await project.deploy({ images: appImage(project.lab, 'v3') });
    expect(broken.outputs['outcome']).toBe('rolled_back');
    expect(await project.containers()).toEqual([]);
  });

  it('rolls every service back when a later one fails', async () => {
    await laid(`services:
  api:
    image: unset.example/app:0
  web:
    image: unset.example/app:0
    depends_on: [api]
`);
    const images = (api: 'v1' | 'v2', web: 'v1' | 'v3'): string =>
      `${appImage(project.lab, api, 'api')}\n${appImage(project.lab, web, 'web')}`;
    await project.deploy({ images: images('v1', 'v1') });
    const broken = await project.deploy({ images: images('v2', 'v3') });
    expect(broken.outputs['outcome']).toBe('rolled_back');
    expect(await runningDigests()).toEqual([digest('v1'), digest('v1')]);
    const after = await project.containers();
    await project.upByHand();
    expect(await project.containers()).toEqual(after);
  });

  it('goes back to the previous release when told to, once', async () => {
    await laid();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const second = await project.deploy({ images: appImage(project.lab, 'v2') });
    const back = await project.deploy({ mode: 'rollback', 'from-release': second.outputs['release'] ?? '' });
    expect(back.outputs).toMatchObject({ outcome: 'rolled_back', release: '3' });
    expect(await runningDigests()).toEqual([digest('v1')]);
    const again = await project.deploy({ mode: 'rollback', 'from-release': second.outputs['release'] ?? '' });
    expect(again.outputs['outcome']).toBe('noop');
    expect(await runningDigests()).toEqual([digest('v1')]);
  });

  it('replaces a service of a fixed host port stop-first, and says why', async () => {
    await laid(`services:
  app:
    image: unset.example/app:0
    ports: ["18731:8000"]
`);
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const second = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(second.log).toContain('publishes the fixed port 18731');
    expect(await runningDigests()).toEqual([digest('v2')]);
    const broken = await project.deploy({ images: appImage(project.lab, 'v3') });
    expect(broken.outputs['outcome']).toBe('rolled_back');
    expect(await runningDigests()).toEqual([digest('v2')]);
  });

  it('keeps three replicas three, one surplus at most', async () => {
    await laid(`services:
  app:
    image: unset.example/app:0
    scale: 3
`);
    await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(await running()).toHaveLength(3);
    await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(await runningDigests()).toEqual([digest('v2'), digest('v2'), digest('v2')]);
    expect(await project.containers()).toHaveLength(3);
  });

  it('plans without touching anything', async () => {
    await laid();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await project.containers();
    const plan = await project.deploy({ mode: 'plan', images: appImage(project.lab, 'v2') });
    expect(plan.outputs['outcome']).toBe('planned');
    expect(plan.outputs['plan']).toContain('"action":"start-first"');
    expect(await project.containers()).toEqual(before);
  });

  it('is undone by the next run when the runner dies in the middle', async () => {
    await laid();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await project.containers();
    const job = await project.newJob('dying');
    const step = job.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images: appImage(project.lab, 'v3') }),
      onLine: (line) => {
        if (line.text.includes('starting 1 new container')) setTimeout(() => void job.kill(), 1500);
      },
    });
    await step;
    expect(await project.containers()).toHaveLength(2);
    await project.lab.server.exec(['rm', '-f', `${project.path}/.deploy/lease.json`]);
    const next = await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(next.log).toContain('did not reach its end');
    expect(next.outputs['outcome']).toBe('noop');
    expect(await project.containers()).toEqual(before);
  });

  it('is settled by its post step when it is cancelled', async () => {
    await laid();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await project.containers();
    const job = await project.newJob('cancelled');
    await job.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images: appImage(project.lab, 'v3') }),
      onLine: (line) => {
        if (line.text.includes('starting 1 new container')) setTimeout(() => void job.cancel(), 1500);
      },
    });
    await job.finish();
    expect(await project.containers()).toEqual(before);
    expect(await project.read('.deploy/lease.json')).toBe('');
  });
});
