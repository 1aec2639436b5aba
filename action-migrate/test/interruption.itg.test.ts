import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../../lab/src/index.ts';
import type { LineListener } from '../../lab/src/runner/index.ts';
import {
  cutConnection,
  makeTarget,
  migrate,
  oneOffs,
  openJob,
  ran,
  removeTarget,
  stateFile,
  stepOptions,
  type Target,
} from './server.ts';

let lab: Lab;
let workspace: string;
let target: Target;

beforeAll(async () => {
  lab = await openLab();
  workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
});
afterAll(() => rmSync(workspace, { recursive: true }));
afterEach(() => removeTarget(target));

/** A migration that counts how often it ran, and ends when {@link letGo} was called. */
const held = (word: string): string =>
  `sh -c 'echo begin ${word} >> /data/ran; echo working on ${word}; until [ -e /data/go ]; do sleep 0.1; done; echo end ${word} >> /data/ran'`;
const quick = (word: string): string => `sh -c 'echo begin ${word} >> /data/ran; echo end ${word} >> /data/ran'`;

async function letGo(): Promise<void> {
  await lab.server.exec(['touch', `${target.path}/data/go`]);
}

/** Resolves when the step's log holds the words. */
function awaitLine(words: string): {
  readonly seen: Promise<void>;
  readonly onLine: (line: { readonly text: string }) => void;
} {
  let resolve: (value: undefined) => void = () => undefined;
  const promise = new Promise<undefined>((done) => {
    resolve = done;
  });
  return {
    seen: promise,
    onLine: ({ text }) => {
      if (text.includes(words)) resolve(undefined);
    },
  };
}

/** Runs a step until its log holds the words, then does something to it. */
async function interrupt(
  commands: string,
  words: string,
  what: (job: Awaited<ReturnType<typeof openJob>>) => Promise<unknown>,
  runId: string,
  onLine: LineListener = () => undefined,
) {
  const job = await openJob(target, { runId });
  const line = awaitLine(words);
  const listeners = [line.onLine, onLine];
  const running = job.step({
    ...stepOptions(target, { commands }),
    onLine: (...seen) => {
      for (const listener of listeners) listener(...seen);
    },
  });
  await Promise.race([line.seen, running]);
  await what(job);
  return { job, result: await running };
}

describe('a runner that dies while a migration runs', () => {
  it('leaves it running, and the re-run attaches to it: it ran exactly once', async () => {
    target = await makeTarget(lab, workspace);
    const commands = [quick('one'), held('two'), quick('three')].join('\n');
    const { job } = await interrupt(commands, '| working on two', (it_) => it_.kill(), '902');
    await job.finish();
    expect((await oneOffs(target)).filter((line) => line.endsWith(' running'))).toHaveLength(1);

    const again = await migrate(target, { commands }, { runId: '902', runAttempt: '2' }, ({ text }) => {
      if (text.includes('still runs: attaching to it')) void letGo();
    });
    expect(again.outcome).toBe('success');
    expect(again.log).toContain('still runs: attaching to it');
    expect(again.log).toContain('done in an earlier attempt');
    expect(await ran(target)).toEqual(['one', 'two', 'three'].flatMap((word) => [`begin ${word}`, `end ${word}`]));
    expect(await oneOffs(target)).toEqual([]);
    expect(await stateFile(target, 'lease.json')).toBeUndefined();
  });

  it('is told by the re-run how the command ended that nobody watched', async () => {
    target = await makeTarget(lab, workspace);
    const commands =
      "sh -c 'echo begin >> /data/ran; echo working; until [ -e /data/go ]; do sleep 0.1; done; echo broken >&2; exit 4'";
    const { job } = await interrupt(commands, '| working', (it_) => it_.kill(), '903');
    await job.finish();
    await letGo();
    await lab.server.docker(['wait', `${target.project}-migrate-903-1-1`]);

    const again = await migrate(target, { commands }, { runId: '903', runAttempt: '2' });
    expect(again.log).toContain('ended while nobody watched');
    expect(again.outputs).toMatchObject({ 'error-code': 'COMMAND_FAILED', 'exit-code': '4' });
    expect(again.summary).toContain('| broken');
    expect(await ran(target)).toEqual(['begin']);
    expect(await oneOffs(target)).toEqual([]);
  });
});

describe('a connection that is cut while a migration runs', () => {
  it('is made again, and the step ends well', async () => {
    target = await makeTarget(lab, workspace);
    const name = `${target.project}-migrate-904-1-1`;
    const { job, result } = await interrupt(
      held('one'),
      '| working on one',
      () => cutConnection(lab, `docker wai[t] ${name}`),
      '904',
      ({ text }) => {
        if (text.includes('the command goes on there')) void letGo();
      },
    );
    await job.finish();
    expect(result.outcome).toBe('success');
    expect(result.log).toContain('the command goes on there');
    expect(result.log.match(/\| working on one/g)).toHaveLength(1);
    expect(await ran(target)).toEqual(['begin one', 'end one']);
    expect(await oneOffs(target)).toEqual([]);
  });
});

describe('a step that is cancelled while a migration runs', () => {
  it('leaves it running and says how to stop it', async () => {
    target = await makeTarget(lab, workspace);
    const { job, result } = await interrupt(held('one'), '| working on one', (it_) => it_.cancel(), '905');
    const { posts } = await job.finish();
    expect(result.commands.errors.join()).toContain(`docker stop ${target.project}-migrate-905-1-1`);
    expect(result.outputs).toMatchObject({ 'error-code': 'CANCELLED', status: 'unknown' });
    expect(await oneOffs(target)).toEqual([`${target.project}-migrate-905-1-1 running`]);
    expect(posts[0]?.log).toContain('the lease is left to expire');
    expect(await stateFile(target, 'lease.json')).toContain('"runId":"905"');
  });
});

describe('a migration of another run that still goes on', () => {
  it('is waited for, never run beside', async () => {
    target = await makeTarget(lab, workspace);
    const { job } = await interrupt(held('one'), '| working on one', (it_) => it_.kill(), '906');
    await job.finish();
    await lab.server.exec(['rm', '-f', `${target.path}/.deploy/lease.json`]);

    const other = await migrate(target, { commands: quick('two') }, { runId: '907' }, ({ text }) => {
      if (text.includes('still goes on; waiting')) void letGo();
    });
    expect(other.outcome).toBe('success');
    expect(other.log).toContain('of another run still goes on; waiting');
    expect(await ran(target)).toEqual(['begin one', 'end one', 'begin two', 'end two']);
  });

  it('fails the step when it does not end in time, and is left alone', async () => {
    target = await makeTarget(lab, workspace);
    const { job } = await interrupt(held('one'), '| working on one', (it_) => it_.kill(), '908');
    await job.finish();
    await lab.server.exec(['rm', '-f', `${target.path}/.deploy/lease.json`]);

    const other = await migrate(target, { commands: quick('two'), 'run-timeout': '2s' }, { runId: '909' });
    expect(other.outputs).toMatchObject({ 'error-code': 'ONE_OFF_RUNNING', status: 'refused' });
    expect(await oneOffs(target)).toEqual([`${target.project}-migrate-908-1-1 running`]);
    expect(await ran(target)).toEqual(['begin one']);
  });
});
