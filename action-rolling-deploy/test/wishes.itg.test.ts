import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { appImage, makeProject, type Project } from './project.ts';
import { recordTimeline } from './timeline.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('rolling-wishes');
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
});

const digest = (release: 'v1' | 'v2'): string => project.lab.images.app[release].digest;
const registry = (): string => project.lab.registry.anonymous.address;
const ids = async (): Promise<readonly string[]> => (await project.running()).map(({ id }) => id);
const scaled = (count: number): string => `services:
  app:
    image: unset.example/app:0
    scale: ${count}
`;

describe('what a step wishes', () => {
  it('recreate: all makes everything anew, and by the same strategy', async () => {
    await project.lay();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await ids();
    const recording = await recordTimeline(project, 'app');
    const { outputs, log } = await project.deploy({ images: appImage(project.lab, 'v1'), recreate: 'all' });
    expect(outputs, log).toMatchObject({ outcome: 'deployed', 'changed-services': 'app' });
    expect(await recording.end()).toMatchObject({ fewest: 1, most: 2 });
    const after = await ids();
    expect(after).not.toEqual(before);
    await project.upByHand();
    expect(await ids()).toEqual(after);
  });

  it('recreate: a service that does not exist is refused by name', async () => {
    await project.lay();
    const { outputs, log } = await project.deploy({ images: appImage(project.lab, 'v1'), recreate: 'web' });
    expect(outputs).toMatchObject({ outcome: 'refused', 'error-code': 'SERVICE_UNKNOWN' });
    expect(log).toContain('`recreate`: "web" is not a service');
  });

  it('parallelism replaces so many at a time, with as much surge', async () => {
    await project.lay(scaled(2));
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const recording = await recordTimeline(project, 'app');
    const { outputs, log } = await project.deploy({ images: appImage(project.lab, 'v2'), parallelism: '2' });
    expect(outputs, log).toMatchObject({ outcome: 'deployed' });
    expect(await recording.end(), log).toMatchObject({ fewest: 2, most: 4 });
    expect(await project.runningDigests()).toEqual(Array(2).fill(digest('v2')));
  });

  it('another number of replicas comes with the new image: up and down, never below the smaller one', async () => {
    await project.lay(scaled(1));
    await project.deploy({ images: appImage(project.lab, 'v1') });
    await project.lay(scaled(3));
    const up = await recordTimeline(project, 'app');
    await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(await up.end()).toMatchObject({ fewest: 1, most: 4 });
    expect(await project.runningDigests()).toEqual(Array(3).fill(digest('v2')));
    await project.lay(scaled(1));
    const down = await recordTimeline(project, 'app');
    await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(await down.end()).toMatchObject({ fewest: 1, most: 3 });
    expect(await project.runningDigests()).toEqual([digest('v1')]);
  });

  it('healthcheck: require refuses a service without one before anything stops', async () => {
    await project.lay(`${scaled(1)}    healthcheck: { disable: true }\n`);
    const strict = await project.deploy({ images: appImage(project.lab, 'v1'), healthcheck: 'require' });
    expect(strict.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'NO_HEALTHCHECK' });
    expect(await project.containers()).toEqual([]);
    const lenient = await project.deploy({ images: appImage(project.lab, 'v1'), 'min-healthy': '1s' });
    expect(lenient.outputs['outcome']).toBe('deployed');
    expect(lenient.log).toContain('app has no health check');
  });

  it('orphans: remove takes away what left the files once the rest serves; keep leaves it', async () => {
    const both = `services:
  app: { image: "unset.example/app:0" }
  old: { image: "unset.example/app:0" }
`;
    const images = (app: 'v1' | 'v2'): string => appImage(project.lab, app);
    await project.lay(both);
    await project.deploy({ images: `${images('v1')}\n${appImage(project.lab, 'v1', 'old')}` });
    await project.lay('services:\n  app: { image: "unset.example/app:0" }\n');
    const kept = await project.deploy({ images: images('v2') });
    expect(kept.log).toContain('left alone');
    expect((await project.running()).map(({ service }) => service)).toEqual(['app', 'old']);
    const removed = await project.deploy({ images: images('v2'), orphans: 'remove' });
    expect(removed.outputs).toMatchObject({ outcome: 'deployed', 'changed-services': 'old' });
    expect(removed.outputs['plan']).toContain('"action":"remove"');
    expect((await project.containers()).map(({ service }) => service)).toEqual(['app']);
    expect(await project.read('.deploy/releases/3.json')).not.toContain('"old":');
  });
});

describe('a tag', () => {
  it('in images is refused, or resolved to its digest and deployed by that', async () => {
    await project.lay();
    const images = `app=${registry()}/lab/app:latest`;
    const refused = await project.deploy({ images });
    expect(refused.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'INPUT_INVALID' });
    const first = await project.deploy({ images, 'allow-mutable-tags': 'true' });
    expect(first.outputs).toMatchObject({ outcome: 'deployed' });
    expect(await project.runningDigests()).toEqual([digest('v1')]);
    expect(await project.read('.deploy/pins.yaml')).toContain(digest('v1'));
    const second = await project.deploy({ images, 'allow-mutable-tags': 'true' });
    expect(second.outputs).toMatchObject({ outcome: 'noop' });
  });

  it('in the compose file may float only where it decides nothing', async () => {
    const file = (more = ''): string => `services:
  app:
    image: ${registry()}/lab/app:latest
    environment: { GREETING: "hello${more}" }
`;
    await project.lay(file());
    const refused = await project.deploy({});
    expect(refused.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'MUTABLE_TAG' });
    const planned = await project.deploy({ mode: 'plan' });
    expect(planned.outputs['outcome']).toBe('planned');
    expect(planned.log).toContain('would refuse (MUTABLE_TAG)');
    const allowed = await project.deploy({ 'allow-mutable-tags': 'true' });
    expect(allowed.outputs, allowed.log).toMatchObject({ outcome: 'deployed' });
    expect(allowed.outputs['digests']).toBe(`app=${registry()}/lab/app@${digest('v1')}`);
    await project.lay(file(' again'));
    const same = await project.deploy({});
    expect(same.outputs, same.log).toMatchObject({ outcome: 'deployed', 'changed-services': 'app' });
  });

  it('that names a full commit needs no leave, and is recorded by digest', async () => {
    const { v1 } = project.lab.images.app;
    await project.lay(`services:\n  app: { image: "${registry()}/lab/app:${v1.sha}" }\n`);
    const { outputs, log } = await project.deploy({});
    expect(outputs, log).toMatchObject({ outcome: 'deployed' });
    const recorded = await project.read('.deploy/releases/1.json');
    expect(recorded).toMatch(new RegExp(`"app":"${registry()}/lab/app@sha256:[0-9a-f]{64}"`));
  });
});

describe('a service that must follow another', () => {
  it('is made anew with it: a sidecar in its network, and one that depends on it with restart', async () => {
    await project.lay(`services:
  app:
    image: unset.example/app:0
  sidecar:
    image: ${registry()}/lab/app:${project.lab.images.app.v1.sha}
    network_mode: service:app
    environment: { PORT: "9000" }
  follower:
    image: ${registry()}/lab/app:${project.lab.images.app.v1.sha}
    depends_on: { app: { condition: service_healthy, restart: true } }
`);
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await ids();
    const { outputs, log } = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(outputs, log).toMatchObject({ outcome: 'deployed', 'changed-services': 'app\nfollower\nsidecar' });
    expect((await ids()).filter((id) => before.includes(id))).toEqual([]);
    const [sidecar] = (await project.running()).filter(({ service }) => service === 'sidecar');
    const ask = ['exec', sidecar?.id ?? '', '/bin/busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1:8000/healthz'];
    expect((await project.lab.server.docker(ask)).stdout).toContain(project.lab.images.app.v2.sha);
    const after = await ids();
    await project.upByHand();
    expect(await ids()).toEqual(after);
  });
});
