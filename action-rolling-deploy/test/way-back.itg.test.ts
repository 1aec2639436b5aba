import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pauseDeploy } from '../../lab/src/pause.ts';
import { itInMatrix } from '../../scripts/whole-matrix.ts';
import { appImage, makeProject, withKey, type Project } from './project.ts';
import { standAt } from './standing.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('rolling-back');
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
});

const digest = (release: 'v1' | 'v2' | 'v3'): string => project.lab.images.app[release].digest;

describe('a rollout that does not reach its end', () => {
  it('rolls a never healthy image back by itself, keeps the old container running and shows the evidence', async () => {
    await project.lay();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await project.containers();
    const broken = await project.deploy({ images: appImage(project.lab, 'v3') });
    expect(broken.exitCode).toBe(1);
    expect(broken.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONTAINER_UNHEALTHY', release: '1' });
    expect(broken.log).toContain('NEVER_HEALTHY: the port stays closed');
    expect(broken.log).toMatch(/health probe: /);
    expect(broken.log).toMatch(/--- last \d+ log lines of /);
    // Names of the environment, never its values.
    expect(broken.log).toMatch(/environment:.* GREETING/);
    expect(broken.log).not.toContain('hello');
    expect(broken.summary).toContain('rolled back');
    expect(broken.summary).toContain('health probe: ');
    const record: unknown = JSON.parse(await project.read('.deploy/releases/2.json'));
    expect(record).toMatchObject({ result: 'rolled_back', error: { code: 'CONTAINER_UNHEALTHY' } });
    const [audited = ''] = (await project.read('.deploy/audit.jsonl')).trim().split('\n').slice(-1);
    expect(JSON.parse(audited)).toMatchObject({ what: 'went back', release: 2, error: 'CONTAINER_UNHEALTHY' });
    expect(await project.containers()).toEqual(before);
    expect(await project.read('.env')).toContain('COMPOSE_FILE=compose.yaml:.deploy/pins.yaml');
    expect(await project.read('.deploy/pins.yaml')).toContain(digest('v1'));
    expect(await project.read('.deploy/lease.json')).toBe('');
  });

  it('removes what it made when the very first deploy fails', async () => {
    await project.lay();
    const broken = await project.deploy({ images: appImage(project.lab, 'v3') });
    expect(broken.outputs['outcome']).toBe('rolled_back');
    expect(await project.containers()).toEqual([]);
  });

  it('rolls every service back when a later one fails', async () => {
    await project.lay(`services:
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
    expect(await project.runningDigests()).toEqual([digest('v1'), digest('v1')]);
    const after = await project.containers();
    await project.upByHand();
    expect(await project.containers()).toEqual(after);
  });

  itInMatrix('goes back to the previous release when told to, once', async () => {
    await project.lay();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const second = await project.deploy({ images: appImage(project.lab, 'v2') });
    const back = await project.deploy({ mode: 'rollback', 'from-release': second.outputs['release'] ?? '' });
    expect(back.outputs).toMatchObject({ outcome: 'rolled_back', release: '3' });
    expect(await project.runningDigests()).toEqual([digest('v1')]);
    const again = await project.deploy({ mode: 'rollback', 'from-release': second.outputs['release'] ?? '' });
    expect(again.outputs['outcome']).toBe('noop');
    expect(await project.runningDigests()).toEqual([digest('v1')]);
  });

  it('is undone by the next run when the runner dies in the middle', async () => {
    await project.lay();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await project.containers();
    const pause = await pauseDeploy(project.lab.server, { path: project.path, step: 'created' });
    const job = await project.newJob('dying');
    const inputs = withKey(project.lab, { images: appImage(project.lab, 'v3') });
    const step = job.step({ uses: 'action-rolling-deploy', with: inputs });
    try {
      await standAt(pause, step);
      expect(await project.containers()).toHaveLength(2);
      await job.kill();
      await pause.release();
      await step;
    } finally {
      await pause.remove();
    }
    await project.lab.server.exec(['rm', '-f', `${project.path}/.deploy/lease.json`]);
    const next = await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(next.log).toContain('did not reach its end');
    expect(next.outputs['outcome']).toBe('recovered');
    expect(next.summary).toContain('had not reached its end: undone');
    expect(await project.containers()).toEqual(before);
  });

  itInMatrix('is settled by its post step when it is cancelled', async () => {
    await project.lay();
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const before = await project.containers();
    const job = await project.newJob('cancelled');
    let cancelling: Promise<unknown> | undefined;
    await job.step({
      uses: 'action-rolling-deploy',
      with: withKey(project.lab, { images: appImage(project.lab, 'v3') }),
      onLine: (line) => {
        if (line.text.includes('starting 1 new container')) cancelling ??= job.cancel();
      },
    });
    await cancelling;
    await job.finish();
    expect(await project.containers()).toEqual(before);
    expect(await project.read('.deploy/lease.json')).toBe('');
  });
});
