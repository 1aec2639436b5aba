import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { itInMatrix } from '../../scripts/whole-matrix.ts';
import { appImage, makeProject, type Project } from './project.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('rolling-itg');
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
});

const digest = (release: 'v1' | 'v2' | 'v3'): string => project.lab.images.app[release].digest;

describe('a rollout on a real server', () => {
  it('goes from nothing to v1, plans v2 without touching anything, goes to v2, and does nothing the third time', async () => {
    await project.lay();
    const first = await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(first.log).toContain('Outcome: deployed');
    expect(first.outputs).toMatchObject({ outcome: 'deployed', release: '1' });
    const deployed = await project.containers();
    const plan = await project.deploy({ mode: 'plan', images: appImage(project.lab, 'v2') });
    expect(plan.outputs['outcome']).toBe('planned');
    expect(plan.outputs['plan']).toContain('"action":"start-first"');
    expect(await project.containers()).toEqual(deployed);
    const second = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(second.outputs).toMatchObject({ outcome: 'deployed', release: '2', 'changed-services': 'app' });
    expect(second.outputs['previous-digests']).toContain(digest('v1'));
    expect(second.outputs['digests']).toContain(digest('v2'));
    expect(second.outputs['error-code']).toBe('');
    const phases = JSON.parse(second.outputs['timings'] ?? '') as Readonly<Record<string, number>>;
    expect(Object.keys(phases)).toEqual(['plan', 'pull', 'roll', 'commit', 'total']);
    expect(await project.read(`.deploy/journal/${second.outputs['deploy-id'] ?? ''}.jsonl`)).toContain('"committed"');
    const record: unknown = JSON.parse(await project.read('.deploy/releases/2.json'));
    const app = expect.stringContaining(digest('v2')) as string;
    expect(record).toMatchObject({ number: 2, result: 'ok', digests: { app } });
    const [audited = ''] = (await project.read('.deploy/audit.jsonl')).trim().split('\n').slice(-1);
    expect(JSON.parse(audited)).toMatchObject({ what: 'deployed', release: 2 });
    expect(await project.runningDigests()).toEqual([digest('v2')]);
    const before = await project.containers();
    const third = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(third.outputs).toMatchObject({ outcome: 'noop', release: '2' });
    expect(await project.containers()).toEqual(before);
  });

  itInMatrix('leaves a project that a person’s plain docker compose up -d does not change', async () => {
    await project.lay();
    await project.deploy({ images: appImage(project.lab, 'v1', 'APP_IMAGE') });
    await project.deploy({ images: appImage(project.lab, 'v2', 'APP_IMAGE') });
    const before = await project.containers();
    await project.upByHand();
    expect(await project.containers()).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('replaces a service of a fixed host port stop-first, and says why', async () => {
    await project.lay(`services:
  app:
    image: unset.example/app:0
    ports: ["18731:8000"]
`);
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const second = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(second.log).toContain('publishes the fixed port 18731');
    expect(await project.runningDigests()).toEqual([digest('v2')]);
    const broken = await project.deploy({ images: appImage(project.lab, 'v3') });
    expect(broken.outputs['outcome']).toBe('rolled_back');
    expect(await project.runningDigests()).toEqual([digest('v2')]);
  });

  itInMatrix('keeps three replicas three, one surplus at most', async () => {
    await project.lay(`services:
  app:
    image: unset.example/app:0
    scale: 3
`);
    await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(await project.running()).toHaveLength(3);
    await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(await project.runningDigests()).toEqual([digest('v2'), digest('v2'), digest('v2')]);
    expect(await project.containers()).toHaveLength(3);
  });
});
