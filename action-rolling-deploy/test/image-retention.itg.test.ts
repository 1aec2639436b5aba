import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveImage } from './derived-image.ts';
import { makeProject, type Project } from './project.ts';

let project: Project;
let neighbour: Project;
const refs: string[] = [];

beforeAll(async () => {
  project = await makeProject('rolling-retention');
  neighbour = await makeProject('rolling-retention-neighbour');
  for (const version of ['a', 'b', 'c', 'd', 'e'])
    refs.push(await deriveImage(project.lab, `retention-${version}`, [`ENV VERSION=${version}`]));
  // Only the digest is deployed: the tag that made it would keep the image.
  for (const ref of refs)
    await project.lab.server.docker(['rmi', `${ref.split('@')[0] ?? ''}:1`], { allowFailure: true });
});

afterAll(async () => {
  await project.remove();
  await neighbour.remove();
  await project.lab.server.docker(['rmi', '-f', ...refs], { allowFailure: true });
});

const compose = 'services:\n  app:\n    image: unset.example/app:0\n';

async function isThere(index: number): Promise<boolean> {
  const format = ['image', 'inspect', '--format', 'there', refs[index] ?? ''];
  return (await project.lab.server.docker(format, { allowFailure: true })).stdout.includes('there');
}

describe('images of releases that nobody goes back to any more', () => {
  it('go after a deploy, by digest; those that a rollback, a container or another project needs stay', async () => {
    await project.lay(compose);
    await neighbour.lay(compose);
    const deploy = async (index: number): Promise<string> => {
      const result = await project.deploy({ images: `app=${refs[index] ?? ''}`, retain: '2', 'min-healthy': '0' });
      expect(result.outputs['outcome']).toBe('deployed');
      return result.log;
    };
    // The neighbour has deployed b and then c: b is its way back.
    for (const index of [1, 2]) await neighbour.deploy({ images: `app=${refs[index] ?? ''}`, 'min-healthy': '0' });
    await deploy(0);
    await deploy(1);
    expect(await isThere(0)).toBe(true);
    expect(await deploy(3)).toContain('images: removed 1 that no rollback to the last 2 releases needs');
    expect(await isThere(0)).toBe(false);
    expect(await deploy(4)).toContain('images: 1 old ones stay: containers or other projects use them');
    expect(await Promise.all([1, 2, 3, 4].map(isThere))).toEqual([true, true, true, true]);

    // The way back needs no registry: what it needs is there.
    const back = await project.deploy({ mode: 'rollback', retain: '2', 'min-healthy': '0' });
    expect(back.outputs['outcome']).toBe('rolled_back');
    expect(back.log).toContain(`image: ${refs[3] ?? ''} is on the server`);
    expect(back.log).not.toContain('image: pulled');
  });
});
