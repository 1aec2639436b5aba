import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitUntil } from '../../lab/src/poll.ts';
import type { StepResult } from '../../lab/src/runner/index.ts';
import { makeProject, type Project } from './project.ts';

describe('gates that turn red at their deadline, which leaves a slow machine time for some attempts', () => {
  const untilRed = { deadline: '15s', interval: '2s' };
  const sickCheck = { checks: '- { type: container, service: sick }', 'stable-for': '0s', 'success-threshold': '2' };
  let project: Project;
  let sick: string;
  let mixed: StepResult;
  let broken: StepResult;
  let nobody: StepResult;
  let unhealthy: StepResult;

  beforeAll(async () => {
    project = await makeProject(`red-gates-${process.pid}`);
    const { lab } = project;
    const { server } = lab;
    const imageOf = (release: 'v1' | 'v3'): string =>
      lab.reference('anonymous', lab.images.app.repository, lab.images.app[release].sha);
    await project.start(`services:
  app: { image: "${imageOf('v1')}" }
  broken: { image: "${imageOf('v3')}" }
`);
    await project.addContainer('v2');
    // The probe hangs while /tmp/hold is there. The image's own start period would let the first failures pass.
    const probe = 'while [ -e /tmp/hold ]; do sleep 0.1; done; test -e /tmp/well';
    const limits = ['--health-timeout', '10m', '--health-retries', '1', '--health-start-period', '1ms'];
    sick = await project.runService('sick', ['--health-cmd', probe, '--health-interval', '1s', ...limits]);
    const health = ['inspect', '-f', '{{.State.Health.Status}}', sick];
    const isUnhealthy = async (): Promise<boolean> => (await server.docker(health)).stdout === 'unhealthy\n';
    await waitUntil('sick being unhealthy', isUnhealthy, 120_000);
    [mixed, broken, nobody, unhealthy] = await Promise.all([
      project.gate({ service: 'app', 'container-port': '8000', 'expect-sha': lab.images.app.v1.sha, ...untilRed }),
      project.gate({ service: 'broken', 'container-port': '8000', ...untilRed }),
      project.gate({ service: 'nobody', 'container-port': '8000', ...untilRed }),
      project.gate({ ...sickCheck, ...untilRed }),
    ]);
  });

  afterAll(() => project.remove());

  it('is red while one old container is behind the name, though the new ones answer', () => {
    expect(mixed.exitCode).toBe(1);
    expect(mixed.outputs).toMatchObject({ result: 'timeout', 'error-code': 'WRONG_COMMIT' });
    expect(mixed.outputs['failed-checks']).toContain(`commit ${project.lab.images.app.v2.sha.slice(0, 12)} answers`);
    expect(mixed.commands.errors).toHaveLength(1);
    expect(mixed.summary).toContain('❌ Health gate: red');
  });

  it('is red for a service whose port never opens, with how far an attempt came and what its containers say', () => {
    expect(broken.outputs).toMatchObject({ result: 'timeout', 'error-code': 'HEALTH_TIMEOUT' });
    expect(broken.commands.errors[0]).toMatch(/service broken from the server, attempt \d+: container \S+: connect: /);
    expect(broken.log).toMatch(/red-gates-\d+-broken-1 is running, health \w+; (no probe since|its only|none of its)/);
    expect(broken.log).toContain('  | ');
  });

  it('is red for a service that nobody has', () => {
    expect(nobody.outputs['error-code']).toBe('NO_CONTAINER');
    expect(nobody.commands.errors[0]).toContain('service nobody has no running container');
  });

  it('does not believe an `unhealthy` from before a restart', async () => {
    const { server } = project.lab;
    expect(unhealthy.commands.errors[0]).toMatch(/is unhealthy; last probe exit 1.*\(never healthy\)/);
    expect(unhealthy.summary).toContain('| never |');
    await server.docker(['exec', sick, 'touch', '/tmp/well', '/tmp/hold']);
    await server.docker(['restart', '-t', '0', sick]);
    let letting: Promise<unknown> | undefined;
    const green = await project.gate(sickCheck, {}, '1', ({ text }) => {
      if (text.includes('not healthy yet')) letting ??= server.docker(['exec', sick, 'rm', '/tmp/hold']);
    });
    await letting;
    expect(letting).toBeDefined();
    expect(green.outputs['result']).toBe('healthy');
    expect(green.log).not.toContain('is unhealthy');
  });
});
