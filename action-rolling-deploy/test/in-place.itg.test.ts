import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { itInMatrix } from '../../scripts/whole-matrix.ts';
import { deriveImage } from './derived-image.ts';
import { appImage, makeProject, type Project } from './project.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('in-place');
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
});

const docker = async (...argv: readonly string[]): Promise<string> =>
  (await project.lab.server.docker(argv)).stdout.trim();

describe('a service of which two cannot exist', () => {
  it('gets its anonymous volume back when its new container ends, and nothing is left over', async () => {
    const dying = await deriveImage(project.lab, 'dying-db', ['ENV CRASH_LOOP=1 CRASH_AFTER_MS=300']);
    await project.lay(
      'services:\n  app:\n    image: unset.example/app:0\n    env_file: app.env\n    volumes: ["/data"]\n',
    );
    await project.deploy({ images: appImage(project.lab, 'v1') });
    const [old] = await project.running();
    await docker('exec', '-u', '0', old?.id ?? '', 'sh', '-c', 'echo mine > /data/file');
    const result = await project.deploy({ images: `app=${dying}` });
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONTAINER_EXITED' });
    const [back, ...others] = await project.containers();
    expect(others).toEqual([]);
    expect(back?.state).toBe('running');
    expect(await docker('exec', back?.id ?? '', 'cat', '/data/file')).toBe('mine');
    expect(await project.runningDigests()).toEqual([project.lab.images.app.v1.digest]);
  });

  itInMatrix('is replaced without its dependencies, also where a tag was moved under one of them', async () => {
    const ref = (release: 'v1' | 'v2'): string => appImage(project.lab, release).slice('app='.length);
    const tag = 'cache.example/app:1.0.0';
    await docker('pull', '-q', ref('v1'));
    await docker('pull', '-q', ref('v2'));
    await docker('tag', ref('v1'), tag);
    await project.lay(
      `services:\n  app:\n    image: ${ref('v1')}\n    container_name: in-place-app\n    depends_on: [cache]\n  cache:\n    image: ${tag}\n`,
    );
    await project.upByHand();
    await docker('tag', ref('v2'), tag);
    const cache = (await project.containers()).filter(({ service }) => service === 'cache');
    const result = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(result.outputs).toMatchObject({ outcome: 'deployed', 'changed-services': 'app' });
    const now = await project.containers();
    expect(now.filter(({ service }) => service === 'cache')).toMatchObject([{ id: cache[0]?.id, state: 'running' }]);
    expect(now.filter(({ service }) => service === 'app')).toMatchObject([{ name: 'in-place-app', state: 'running' }]);
    await docker('rmi', tag);
  });
});
