import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJob, runComposite, runWorkflowJob, type JobOptions } from '../../src/runner/index.ts';

const probe = `
const { appendFileSync } = require('node:fs');
const put = (file, text) => appendFileSync(process.env[file], text);
const script = process.env['INPUT_SCRIPT'] ?? '';
new Function('put', 'require', 'process', script)(put, require, process);
`;
const post = `
const { appendFileSync } = require('node:fs');
appendFileSync(process.env['INPUT_TRACE'], process.env['GITHUB_ACTION'] + ':' + (process.env['STATE_saved'] ?? '') + '\\n');
`;
const probeYml = `
name: probe
inputs:
  script: { description: x, default: '' }
  trace: { description: x, default: /dev/null }
  token: { description: x, default: '\${{ github.token }}' }
runs: { using: node24, main: dist/index.js, post: dist/post.js }
`;
const compositeYml = `
name: chain
inputs:
  mode: { description: x, default: deploy }
  trace: { description: x }
  script: { description: x, default: '' }
outputs:
  gate: { value: '\${{ steps.gate.outputs.result }}' }
runs:
  using: composite
  steps:
    - id: gate
      uses: your-org/deploy-actions/action-probe@v1
      if: inputs.mode == 'deploy'
      with: { script: '\${{ inputs.script }}', trace: '\${{ inputs.trace }}' }
    - id: back
      if: failure() && steps.gate.outcome == 'failure'
      shell: bash
      run: echo "rolling back" && echo "done=yes" >> "$GITHUB_OUTPUT"
    - id: notify
      if: always()
      uses: your-org/deploy-actions/action-probe@v1
      with: { script: 'console.log("\${{ steps.back.outputs.done || steps.gate.outcome }}")', trace: '\${{ inputs.trace }}' }
`;

let root = '';
let workspace = '';

async function writeAction(): Promise<void> {
  await mkdir(join(root, 'action-probe/dist'), { recursive: true });
  await writeFile(join(root, 'action-probe/action.yml'), probeYml);
  await writeFile(join(root, 'action-probe/dist/index.js'), probe);
  await writeFile(join(root, 'action-probe/dist/post.js'), post);
  await writeFile(join(root, 'action.yml'), compositeYml);
}

function newSignal(): { readonly isUp: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const isUp = new Promise<void>((done) => (resolve = done));
  return { isUp, resolve };
}

const newJob = (options: Partial<JobOptions> = {}): ReturnType<typeof createJob> =>
  createJob({ workspace, root, ...options });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'harness-test-'));
  workspace = join(root, 'workspace');
  await writeAction();
});
afterEach(async () => rm(root, { recursive: true, force: true }));

describe('a step', () => {
  it('sees a clean environment: what the runner sets, the job sets, and its inputs', async () => {
    process.env['LEAKED_FROM_TEST'] = 'x';
    await using job = await newJob({ env: { DEPLOY_HOST: 'web1' }, github: { token: 'tok-1' } });
    const { outputs } = await job.step({
      uses: 'action-probe',
      with: { script: "put('GITHUB_OUTPUT', 'env=' + JSON.stringify(process.env) + '\\n')" },
    });
    delete process.env['LEAKED_FROM_TEST'];
    const env = JSON.parse(outputs['env'] ?? '{}') as Record<string, string>;
    expect(env).toMatchObject({
      DEPLOY_HOST: 'web1',
      INPUT_TOKEN: 'tok-1',
      INPUT_TRACE: '/dev/null',
      GITHUB_ACTIONS: 'true',
      HOME: job.home,
    });
    const own = /^(CI|PATH|HOME|DEPLOY_HOST|GITHUB_\w+|RUNNER_\w+|INPUT_\w+)$/;
    expect(Object.keys(env).filter((name) => !own.test(name))).toEqual([]);
  });
  it('gives outputs, summary, exports and log, and hands exports and paths to the next step', async () => {
    await using job = await newJob({ secrets: { KEY: 'line1\nline2' } });
    const script = `put('GITHUB_OUTPUT', 'a<<X\\n1\\n2\\nX\\n'); put('GITHUB_ENV', 'SHARED=7\\n'); put('GITHUB_PATH', '/opt/extra\\n');
      put('GITHUB_STEP_SUMMARY', '# it line2'); console.log('::group::Phase'); console.log('with line1'); console.log('::endgroup::')`;
    const first = await job.step({ uses: 'action-probe', id: 'one', with: { script } });
    expect(first).toMatchObject({
      outcome: 'success',
      exitCode: 0,
      outputs: { a: '1\n2' },
      summary: '# it ***',
      exported: { SHARED: '7' },
    });
    expect(first.log).toBe('##[group]Phase\nwith ***\n##[endgroup]');
    expect(first.rawLog).toContain('with line1');
    const second = await job.step({ run: 'echo "$SHARED ${PATH%%:*}"' });
    expect(second.log).toBe('7 /opt/extra');
  });
  it('fails on a broken command file although its process ended well', async () => {
    await using job = await newJob();
    const result = await job.step({ uses: 'action-probe', with: { script: "put('GITHUB_OUTPUT', 'broken')" } });
    expect(result).toMatchObject({ outcome: 'failure', exitCode: 0 });
    expect(result.commands.errors).toContain("Invalid format 'broken'");
  });
  it("may be given variables that only look like the runner's, and none of the runner's own", async () => {
    await using job = await newJob();
    const step = await job.step({
      run: 'echo "$GITHUB_TOKEN $GITHUB_JOB"',
      env: { GITHUB_TOKEN: 'mine', GITHUB_JOB: 'forged' },
    });
    expect(step.log).toBe('mine deploy');
  });
  it('that has no bundle is a mistake, not a failure', async () => {
    await rm(join(root, 'action-probe/dist/index.js'));
    await using job = await newJob();
    await expect(job.step({ uses: 'action-probe' })).rejects.toThrow('npm run build');
  });
  it('warns of an input that the action does not declare', async () => {
    await using job = await newJob();
    const result = await job.step({ uses: 'action-probe', with: { typo: '1' } });
    expect(result.commands.warnings[0]).toContain("Unexpected input(s) 'typo'");
  });
  it('is skipped after a failed one unless its condition says otherwise', async () => {
    await using job = await newJob();
    await job.step({ run: 'exit 3', id: 'bad' });
    expect((await job.step({ run: 'true', id: 'plain' })).outcome).toBe('skipped');
    expect((await job.step({ run: 'true', id: 'on-failure', if: 'failure' })).outcome).toBe('success');
    expect(
      (await job.step({ run: 'true', id: 'expr', if: "steps.bad.outcome == 'failure' && always()" })).outcome,
    ).toBe('success');
    expect((await job.finish()).conclusion).toBe('failure');
  });
  it('that may fail does not fail the job', async () => {
    await using job = await newJob();
    expect(await job.step({ run: 'exit 1', continueOnError: true })).toMatchObject({
      outcome: 'failure',
      conclusion: 'success',
    });
    expect((await job.finish()).conclusion).toBe('success');
  });
  it('that hangs is stopped at its timeout and fails', async () => {
    await using job = await newJob({ cancelTimes: { interruptMs: 100, terminateMs: 100 } });
    expect(await job.step({ run: 'sleep 60', timeoutMs: 200 })).toMatchObject({ outcome: 'failure' });
  });
});

describe('a job', () => {
  it('runs posts last step first, with the state of each, also after a failure', async () => {
    const trace = join(root, 'trace');
    await using job = await newJob();
    const script = "put('GITHUB_STATE', 'saved=' + process.env['GITHUB_ACTION'].toUpperCase() + '\\n')";
    await job.step({ uses: 'action-probe', id: 'a', with: { script, trace } });
    await job.step({ uses: 'action-probe', id: 'b', with: { script: `${script}; process.exit(1)`, trace } });
    await job.step({ uses: 'action-probe', id: 'skipped', with: { trace } });
    const { posts, conclusion } = await job.finish();
    expect(posts.map((result) => [result.id, result.outcome])).toEqual([
      ['b', 'success'],
      ['a', 'success'],
    ]);
    expect(conclusion).toBe('failure');
    expect(await readFile(trace, 'utf8')).toBe('b:B\na:A\n');
  });
  it('that is cancelled interrupts, terminates, then kills, and still runs posts', async () => {
    await using job = await newJob({ cancelTimes: { interruptMs: 150, terminateMs: 150 } });
    const script = `for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => console.log(s)); console.log('up'); setInterval(() => {}, 1000)`;
    const { isUp, resolve } = newSignal();
    const step = job.step({
      uses: 'action-probe',
      with: { script },
      onLine: (line) => line.text === 'up' && resolve(),
    });
    await isUp;
    await job.cancel();
    const result = await step;
    expect(result).toMatchObject({ outcome: 'cancelled', signal: 'SIGKILL', log: 'up\nSIGINT\nSIGTERM' });
    expect((await job.step({ run: 'true', if: 'cancelled' })).outcome).toBe('success');
    const { conclusion, posts } = await job.finish();
    expect([conclusion, posts[0]?.outcome]).toEqual(['cancelled', 'success']);
  });
  it('lets an always() step go on when it is cancelled', async () => {
    await using job = await newJob();
    const { isUp, resolve } = newSignal();
    const step = job.step({ run: 'echo up; sleep 0.3', if: 'always', onLine: () => resolve() });
    await isUp;
    await job.cancel();
    expect((await step).outcome).toBe('success');
  });
  it('that is killed leaves no process and runs no post', async () => {
    await using job = await newJob();
    const { isUp, resolve } = newSignal();
    const script =
      "require('node:child_process').spawn('setsid', ['sleep', '600'], { stdio: 'ignore' }); console.log('up'); setInterval(() => {}, 1000)";
    const step = job.step({ uses: 'action-probe', with: { script }, onLine: () => resolve() });
    await isUp;
    await job.kill();
    expect((await step).signal).toBe('SIGKILL');
    expect(await job.finish()).toMatchObject({ posts: [{ outcome: 'skipped' }], orphans: 0 });
  });
  it('counts and kills the processes that its steps left behind', async () => {
    await using job = await newJob();
    await job.step({ run: 'setsid sleep 600 >/dev/null 2>&1 &' });
    expect((await job.finish()).orphans).toBe(1);
  });
  it('leaves nothing behind when disposed', async () => {
    const job = await newJob();
    await job.step({ uses: 'action-probe', with: { script: '' } });
    expect(await readdir(join(job.temp, '_runner_file_commands'))).toEqual([]);
    await job.finish();
    await job.dispose();
    await expect(readdir(job.temp)).rejects.toThrow('ENOENT');
  });
});

describe('a composite', () => {
  it('runs its steps, gives its outputs and runs the posts of its children', async () => {
    const trace = join(root, 'trace');
    const { steps, posts, conclusion } = await runComposite({
      workspace,
      root,
      with: { trace, script: "put('GITHUB_OUTPUT', 'result=green\\n')" },
    });
    expect(conclusion).toBe('success');
    expect(steps[0]?.outputs).toEqual({ gate: 'green' });
    expect(steps[0]?.children.map((child) => [child.id, child.outcome])).toEqual([
      ['gate', 'success'],
      ['back', 'skipped'],
      ['notify', 'success'],
    ]);
    expect(posts.map((result) => result.id)).toEqual(['notify', 'gate']);
  });
  it('takes its failure path and fails the step', async () => {
    const { steps, conclusion } = await runComposite({
      workspace,
      root,
      with: { trace: '/dev/null', script: 'process.exit(1)' },
    });
    expect(conclusion).toBe('failure');
    expect(steps[0]?.children.map((child) => [child.id, child.outcome])).toEqual([
      ['gate', 'failure'],
      ['back', 'success'],
      ['notify', 'success'],
    ]);
    expect(steps[0]?.children[2]?.log).toBe('yes');
  });
});

const workflow = `
name: deploy-api
on:
  workflow_dispatch:
    inputs:
      environment: { type: choice, options: [dev, prod], required: true }
      image_tag: { type: string, required: true }
env: { TAG: '\${{ inputs.image_tag }}' }
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: \${{ inputs.environment }}
    steps:
      - uses: actions/checkout@v6
      - id: probe
        uses: your-org/deploy-actions/action-probe@v1
        with: { script: 'console.log(process.env.TAG, "\${{ vars.PLACE }}", "\${{ secrets.KEY }}")' }
      - run: test "\${{ steps.probe.outcome }}" = success
`;

describe('a workflow file', () => {
  const run = (inputs: Readonly<Record<string, string>>): ReturnType<typeof runWorkflowJob> =>
    runWorkflowJob({
      file: join(root, 'w.yml'),
      workspace,
      root,
      inputs,
      vars: { PLACE: 'here' },
      secrets: { KEY: 'hush' },
    });

  it('runs its job with the given inputs, variables and secrets', async () => {
    await writeFile(join(root, 'w.yml'), workflow);
    const { steps, conclusion } = await run({ environment: 'dev', image_tag: 'abc' });
    expect(conclusion).toBe('success');
    expect(steps.find((step) => step.id === 'probe')?.log).toBe('abc here ***');
  });
  it.each([
    [{ environment: 'qa', image_tag: 'x' }, 'qa is not one of its options'],
    [{ environment: 'dev' }, 'input image_tag is required'],
    [{ environment: 'dev', image_tag: 'x', other: '1' }, 'has no input other'],
  ])('refuses the form %j', async (inputs, message) => {
    await writeFile(join(root, 'w.yml'), workflow);
    await expect(run(inputs)).rejects.toThrow(message);
  });
  it('refuses a key it cannot honour', async () => {
    await writeFile(
      join(root, 'w.yml'),
      workflow.replace('runs-on: ubuntu-latest', 'runs-on: ubuntu-latest\n    services: {}'),
    );
    await expect(run({ environment: 'dev', image_tag: 'x' })).rejects.toThrow('the key services is not supported');
  });
});
