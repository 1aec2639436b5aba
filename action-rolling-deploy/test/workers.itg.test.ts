import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeProject, type Project } from './project.ts';
import { recordTimeline, type Timeline } from './timeline.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('rolling-workers');
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
});

const worker = (release: 'v1' | 'v2'): string => {
  const { repository, [release]: published } = project.lab.images.worker;
  return `queue=${project.lab.reference('anonymous', repository, published.digest)}`;
};

/** v1, then v2 of a worker laid out like this; what Docker saw of the second deploy, and its log. */
async function replaceWorker(text: string, replicas = 1): Promise<Timeline & { readonly log: string }> {
  await project.lay(`services:\n  queue:\n    image: unset.example/queue:0\n${text}`);
  const inputs = { 'min-healthy': '1s', healthcheck: 'ignore' };
  await project.deploy({ images: worker('v1'), ...inputs });
  const recording = await recordTimeline(project, 'queue');
  const { log, outputs } = await project.deploy({ images: worker('v2'), ...inputs });
  const seen = await recording.end();
  expect(outputs, log).toMatchObject({ outcome: 'deployed', 'changed-services': 'queue' });
  expect(outputs['plan']).toContain('"action":"restart"');
  const ids = (await project.running()).map(({ image }) => image);
  expect(ids).toHaveLength(replicas);
  return { ...seen, log };
}

describe('a worker', () => {
  it('that stops first is never two, and ends its job within a grace period longer than Docker’s own', async () => {
    const seen = await replaceWorker(
      `    labels: { deploy-actions.role: worker }
    environment: { JOB_MS: "12000" }
    healthcheck: { disable: true }
    stop_grace_period: 5m
`,
    );
    expect(seen).toMatchObject({ fewest: 0, most: 1, exitCodes: [0] });
    expect(seen.log).not.toContain('was killed (137)');
  });

  it('that overlaps is never none', async () => {
    const seen = await replaceWorker(`    labels: { deploy-actions.role: worker, deploy-actions.worker: overlap }
    stop_grace_period: 5m
`);
    expect(seen).toMatchObject({ fewest: 1, most: 2, exitCodes: [0] });
  });

  it('of several replicas stops first one by one', async () => {
    const seen = await replaceWorker(
      `    labels: { deploy-actions.role: worker }
    stop_grace_period: 5m
    scale: 2
`,
      2,
    );
    expect(seen).toMatchObject({ fewest: 1, most: 2, exitCodes: [0, 0] });
  });

  it('that quiesces is told, ends its job, and is stopped only then', async () => {
    // Ends with 9 when SIGTERM comes before its job is over.
    const program = [
      "const { existsSync, writeFileSync } = require('node:fs');",
      "process.on('SIGTSTP', () => setTimeout(() => writeFileSync('/tmp/idle', ''), 2000));",
      "process.on('SIGTERM', () => process.exit(existsSync('/tmp/idle') ? 0 : 9));",
      'setInterval(() => undefined, 1000);',
    ].join(' ');
    const seen = await replaceWorker(
      `    command: ["/usr/bin/node", "-e", ${JSON.stringify(program)}]
    healthcheck: { disable: true }
    stop_grace_period: 5m
    labels:
      deploy-actions.role: worker
      deploy-actions.worker: quiesce
      deploy-actions.quiesce-signal: TSTP
      deploy-actions.idle-command: test -e /tmp/idle
`,
    );
    expect(seen).toMatchObject({ fewest: 0, most: 1, exitCodes: [0] });
    expect(seen.log).toContain('has no job any more');
  });

  it('with a policy that does not exist is refused before anything is touched', async () => {
    await project.lay(`services:
  queue:
    image: unset.example/queue:0
    labels: { deploy-actions.role: worker, deploy-actions.worker: sometimes }
`);
    const { outputs, log } = await project.deploy({ images: worker('v1') });
    expect(outputs).toMatchObject({ outcome: 'refused', 'error-code': 'INPUT_INVALID' });
    expect(log).toContain('service queue: label deploy-actions.worker: "sometimes"');
    expect(await project.containers()).toEqual([]);
  });
});
