import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pauseDeploy } from '../../lab/src/pause.ts';
import { findDisorder } from './convergence.ts';
import { appImage, makeProject, withKey, type Project } from './project.ts';
import { requireSuccess, standAt } from './standing.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('uncommitted');
});

afterAll(async () => {
  await project.remove();
});

describe('a commit that cannot be written', () => {
  it('is not rolled back: the new version serves, and the post step finishes it once it can', async () => {
    const { server, images } = project.lab;
    await project.lay();
    requireSuccess(await project.deploy({ images: appImage(project.lab, 'v1') }));
    const pause = await pauseDeploy(server, { path: project.path, step: 'pins-staged' });
    const job = await project.newJob(`${process.pid}1`);
    try {
      const deploying = job.step({
        uses: 'action-rolling-deploy',
        with: withKey(project.lab, { images: appImage(project.lab, 'v2') }),
      });
      await standAt(pause, deploying);
      await server.exec(['chown', 'root:root', `${project.path}/.deploy/releases`]);
      await pause.release();
      const result = await deploying;
      expect(result.outputs).toMatchObject({ outcome: 'unknown', 'error-code': 'COMMIT_UNFINISHED' });
      expect(await project.runningDigests()).toEqual([images.app.v2.digest]);
      await server.exec(['chown', 'deploy:deploy', `${project.path}/.deploy/releases`]);
      const { posts } = await job.finish();
      expect(posts.map(({ exitCode }) => exitCode)).toEqual([0]);
    } finally {
      await pause.remove();
      await job.dispose();
    }
    expect(await findDisorder(project, images.app.v2.digest)).toEqual([]);
  });
});
