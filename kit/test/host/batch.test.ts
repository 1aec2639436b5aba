import { describe, expect, it } from 'vitest';
import { programPart, runBatch } from '../../src/host/batch.ts';
import { deferred } from '../../src/host/deferred.ts';
import { localHost } from '../../src/host/local-host.ts';

const host = localHost();

describe('runBatch', () => {
  it('runs all parts in one command and tells the output of each', async () => {
    const before = host.commandCount;
    const results = await runBatch(host, [
      { purpose: 'count', source: 'echo "$# $2"; echo quiet >&2', args: ['a', "it's $HOME"] },
      programPart('print', ['printf', '%s', 'no newline']),
      { purpose: 'twelve', source: 'echo "${12}"', args: Array.from({ length: 12 }, (_, index) => `w${index + 1}`) },
    ]);
    expect(host.commandCount - before).toBe(1);
    expect(results).toEqual([
      { code: 0, stdout: "2 it's $HOME\n", stderr: 'quiet\n' },
      { code: 0, stdout: 'no newline', stderr: '' },
      { code: 0, stdout: 'w12\n', stderr: '' },
    ]);
  });

  it('gives each part its own input, also where an earlier one reads none of its own', async () => {
    const results = await runBatch(host, [
      { purpose: 'first', source: 'cat', stdin: 'one\ntwo' },
      { purpose: 'nothing', source: 'cat' },
      { purpose: 'deaf', source: ':', stdin: 'ignored\n'.repeat(5000) },
      { purpose: 'back\\slash', source: 'cat', stdin: ' spaces \\n kept\n' },
      { purpose: 'last', source: 'cat', stdin: 'rest\nof it\n' },
      { purpose: 'after', source: 'cat' },
    ]);
    expect(results.map(({ stdout }) => stdout)).toEqual([
      'one\ntwo\n',
      '',
      '',
      ' spaces \\n kept\n',
      'rest\nof it\n',
      '',
    ]);
  });

  it('lets what has an input wait for one that is known later, and what has none go on', async () => {
    const late = deferred<string>();
    const parts = [
      { purpose: 'look', source: 'echo here' },
      { purpose: 'gate', source: 'cat', stdin: 'go' },
      { purpose: 'last', source: 'cat', stdin: '' },
    ];
    const results = runBatch(host, parts, {
      lateStdin: late.promise,
      timeLimit: late.promise.then(() => 60_000),
    });
    late.resolve('the rest');
    expect((await results).map(({ stdout }) => stdout)).toEqual(['here\n', 'go\n', 'the rest\n']);
  });

  it('gives no part an input where that is never known', async () => {
    const lateStdin = Promise.reject(new RangeError('no source'));
    const gate = { purpose: 'wait for go', source: 'IFS= read -r word && [ "$word" = go ]', stdin: 'go' };
    const last = { purpose: 'work', source: 'echo reached', stdin: '' };
    await expect(runBatch(host, [gate, last], { lateStdin })).rejects.toMatchObject({
      message: expect.stringContaining('wait for go') as string,
    });
  });

  it('bounds the time of a command from when the bound is known', async () => {
    const part = { purpose: 'sleep', source: 'sleep 600' };
    await expect(runBatch(host, [part], { timeLimit: Promise.resolve(50) })).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
    });
  });

  it('stops at the first failure and names what failed', async () => {
    const parts = [
      { purpose: 'say one', source: 'echo one' },
      { purpose: 'write the record', source: 'echo "disk full" >&2; exit 7' },
      { purpose: 'never', source: 'echo reached >&2; exit 9' },
    ];
    await expect(runBatch(host, parts)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'local: write the record ended with exit code 7: disk full',
    });
  });

  it('goes on after a part that may fail, and keeps parts apart', async () => {
    const results = await runBatch(host, [
      { purpose: 'leave', source: 'cd /; set -e; umask 077; exit 3', mayFail: true },
      { purpose: 'look', source: 'umask; pwd' },
    ]);
    expect(results.map(({ code }) => code)).toEqual([3, 0]);
    expect(results[1]?.stdout).toBe(`0022\n${process.cwd()}\n`);
  });

  it('lets a part say what its own exit codes mean', async () => {
    const parts = [
      { purpose: 'guard', source: 'echo c0ffee; exit 70', fail: () => new Error('somebody else was here') },
    ];
    await expect(runBatch(host, parts)).rejects.toThrow('somebody else was here');
  });
});
