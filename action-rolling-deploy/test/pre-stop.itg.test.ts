import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab } from '../../lab/src/index.ts';
import { appImage, makeProject, type Project } from './project.ts';

let project: Project;

beforeAll(async () => {
  // Compose knows `pre_stop` since 2.30.
  project = await makeProject('pre-stop-itg', await (await openLab()).modernServer());
});

afterAll(async () => {
  await project.remove();
});

const compose = (hooks: string): string => `services:
  app:
    image: unset.example/app:0
    volumes: ['./out:/out']
    labels:
      deploy-actions.pre-stop: touch /tmp/drain
${hooks}
`;

const hooks = `    pre_stop:
      - command: [sh, -c, 'echo "$$MODE as $$(id -u) in $$(pwd), drain file: $$(ls /tmp/drain)" > /out/hook']
        user: root
        working_dir: /tmp
        environment: { MODE: 'two words' }
      - command: ['false']`;

describe('pre-stop hooks', () => {
  it('run in the old container before SIGTERM as Compose would run them, those of the new files, after the label’s', async () => {
    await project.write('out/.keep', '');
    await project.lay(compose(''));
    await project.deploy({ images: appImage(project.lab, 'v1') });
    await project.lay(compose(hooks));
    const step = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(await project.read('out/hook')).toBe('two words as 0 in /tmp, drain file: /tmp/drain\n');
    expect(step.log).toMatch(/pre-stop-itg-app-1: pre-stop hook 3 ended with 1.*; going on/);
    expect(step.log).not.toContain('pre-stop hook 2');
  });
});
