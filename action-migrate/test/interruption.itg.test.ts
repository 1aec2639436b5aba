import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab } from '../../lab/src/index.ts';
import type { Job } from '../../lab/src/runner/index.ts';
import { itInMatrix } from '../../scripts/whole-matrix.ts';
import {
  cutConnection,
  makeTarget,
  migrate,
  oneOffs,
  openJob,
  putData,
  ran,
  removeTarget,
  resetTarget,
  stateFile,
  stepThrough,
  type Moment,
  type Target,
} from './server.ts';

/** One project for all of them: the stand-in for a database is started by the first. */
let lab: Lab;
let workspace: string;
let target: Target;

beforeAll(async () => {
  lab = await openLab();
  workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
  target = await makeTarget(lab, workspace);
});
afterEach(() => resetTarget(target));
afterAll(async () => {
  await removeTarget(target);
  rmSync(workspace, { recursive: true });
});

/** A command that says when it works, counts how often it ran, and ends only when the test opens the gate. */
const gated = (word: string, end = `echo end ${word} >> /data/ran`): string =>
  `sh -c 'echo begin ${word} >> /data/ran; echo working on ${word}; until [ -e /data/gate ]; do sleep 0.2; done; ${end}'`;
const quick = (word: string): string => `sh -c 'echo begin ${word} >> /data/ran; echo end ${word} >> /data/ran'`;
const openGate = (): Promise<void> => putData(target, 'gate', '');
const whole = (...words: readonly string[]): readonly string[] =>
  words.flatMap((word) => [`begin ${word}`, `end ${word}`]);
/** What a person does by hand. */
const unlock = () => lab.server.exec(['rm', '-f', `${target.path}/.deploy/lease.json`]);
const kill: Moment['act'] = (job) => job.kill();

/** Runs the step until its log shows that a command works, and does something to the job then. */
async function interrupt(commands: string, words: string, act: (job: Job) => Promise<unknown>, runId: string) {
  const job = await openJob(target, { runId });
  const result = await stepThrough(job, target, { commands }, [{ words, act }]);
  const { posts } = await job.finish();
  return { result, posts };
}

describe('a runner that dies while a migration runs', () => {
  it('leaves it running, and the re-run attaches to it: it ran exactly once', async () => {
    const commands = [quick('one'), gated('two'), quick('three')].join('\n');
    await interrupt(commands, '| working on two', kill, '902');
    expect((await oneOffs(target)).filter((line) => line.endsWith(' running'))).toHaveLength(1);

    const attached = { words: 'still runs: attaching to it', act: openGate };
    const again = await migrate(target, { commands }, { runId: '902', runAttempt: '2' }, [attached]);
    expect(again.outcome).toBe('success');
    expect(again.log).toContain('done in an earlier attempt');
    expect(await ran(target)).toEqual(whole('one', 'two', 'three'));
    expect(await oneOffs(target)).toEqual([]);
    expect(await stateFile(target, 'lease.json')).toBeUndefined();
  });

  it('is told by the re-run how the command ended that nobody watched', async () => {
    const commands = gated('it', 'echo broken >&2; exit 4');
    await interrupt(commands, '| working on it', kill, '903');
    await openGate();
    await lab.server.docker(['wait', `${target.project}-migrate-903-1-1`]);

    const again = await migrate(target, { commands }, { runId: '903', runAttempt: '2' });
    expect(again.log).toContain('ended while nobody watched');
    expect(again.outputs).toMatchObject({ 'error-code': 'COMMAND_FAILED', 'exit-code': '4' });
    expect(again.summary).toContain('| broken');
    expect(await ran(target)).toEqual(['begin it']);
    expect(await oneOffs(target)).toEqual([]);
  });
});

describe('a connection that is cut while a migration runs', () => {
  it('is made again, and the step ends well', async () => {
    const cut = (): Promise<void> => cutConnection(lab, `docker wai[t] ${target.project}-migrate-904-1-1`);
    const result = await migrate(target, { commands: gated('one') }, { runId: '904' }, [
      { words: '| working on one', act: cut },
      { words: 'the command goes on there', act: openGate },
    ]);
    expect(result.outcome).toBe('success');
    expect(result.log.match(/\| working on one/g)).toHaveLength(1);
    expect(await ran(target)).toEqual(whole('one'));
    expect(await oneOffs(target)).toEqual([]);
  });
});

describe('a step that is cancelled while a migration runs', () => {
  it('leaves it running, says how to stop it, and no other run starts beside it', async () => {
    const container = `${target.project}-migrate-905-1-1`;
    const { result, posts } = await interrupt(gated('one'), '| working on one', (job) => job.cancel(), '905');
    expect(result.commands.errors.join()).toContain(`docker stop ${container}`);
    expect(result.outputs).toMatchObject({ 'error-code': 'CANCELLED', status: 'unknown' });
    expect(await oneOffs(target)).toEqual([`${container} running`]);
    expect(posts[0]?.log).toContain('the lease is left to expire');
    expect(await stateFile(target, 'lease.json')).toContain('"runId":"905"');

    await unlock();
    const late = await migrate(target, { commands: quick('two'), 'run-timeout': '1s' }, { runId: '906' });
    expect(late.outputs).toMatchObject({ 'error-code': 'ONE_OFF_RUNNING', status: 'refused' });
    expect(await oneOffs(target)).toEqual([`${container} running`]);

    // Its post leaves the lease to what still runs, too.
    await unlock();
    const waiting = { words: 'of another run still goes on; waiting', act: openGate };
    const other = await migrate(target, { commands: quick('two') }, { runId: '907' }, [waiting]);
    expect(other.outcome).toBe('success');
    expect(await ran(target)).toEqual(whole('one', 'two'));
  });
});

/** What a person does who forces an unlock and begins a deploy of their own. */
async function takeLease(): Promise<void> {
  const file = `${target.path}/.deploy/lease.json`;
  const lease = JSON.parse((await stateFile(target, 'lease.json')) ?? '') as Readonly<
    Record<'owner', object> & { generation: number }
  >;
  const owner = { ...lease.owner, id: 'other', runId: '999', actor: 'mona', runUrl: 'https://github.example/runs/999' };
  const taken = JSON.stringify({ ...lease, owner, generation: lease.generation + 1 });
  await lab.server.exec(['sh', '-c', 'cat > "$1"', 'sh', file], { stdin: `${taken}\n` });
}

describe('a lease that another takes while a migration runs', () => {
  it('lets the command end and starts no further one; the re-run goes on behind it', async () => {
    const commands = [gated('one'), quick('two')].join('\n');
    const takeAndOpen = async (): Promise<void> => {
      await takeLease();
      await openGate();
    };
    const moment = { words: '| working on one', act: takeAndOpen };
    const result = await migrate(target, { commands }, { runId: '908' }, [moment]);
    expect(result.outputs).toMatchObject({ 'error-code': 'LEASE_LOST', status: 'failed', applied: 'true' });
    expect(result.commands.errors.join()).toMatch(/mona in https:\S+999.*Done before it: .*working on one/);
    expect(result.summary).toMatch(/✅ done[\s\S]*– not run/);
    expect(await ran(target)).toEqual(whole('one'));
    expect(await stateFile(target, 'lease.json')).toContain('"runId":"999"');

    await unlock();
    const again = await migrate(target, { commands }, { runId: '908', runAttempt: '2' });
    expect(again.outcome).toBe('success');
    expect(await ran(target)).toEqual(whole('one', 'two'));
  });

  // The heartbeat comes every two minutes: only in `npm run test:matrix`.
  itInMatrix('is noticed while the command runs: it goes on, and the step says who holds the lease', async () => {
    const moment = { words: '| working on one', act: takeLease };
    const result = await migrate(target, { commands: gated('one') }, { runId: '909' }, [moment]);
    expect(result.outputs).toMatchObject({ 'error-code': 'LEASE_LOST', status: 'unknown' });
    expect(result.commands.errors.join()).toMatch(/another job took the lease.*runs\/999.*goes on/s);
    expect(await oneOffs(target)).toEqual([`${target.project}-migrate-909-1-1 running`]);
    await openGate();
    await lab.server.docker(['wait', `${target.project}-migrate-909-1-1`]);
    expect(await ran(target)).toEqual(whole('one'));
  });
});
