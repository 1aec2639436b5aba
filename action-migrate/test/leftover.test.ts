import { describe, expect, it } from 'vitest';
import { sortLeftovers } from '../src/leftover.ts';
import { oneOff, plan } from './builder.ts';

const run = plan(['a', 'b', 'c']);
const mine = { planHash: run.hash };

describe('sortLeftovers', () => {
  it('finds nothing on a clean server', () => {
    expect(sortLeftovers([], run)).toEqual({ own: undefined, foreign: undefined, stale: [] });
  });

  it('attaches to the running container of the same plan, whoever started it', () => {
    const running = oneOff({ ...mine, state: 'running', runKey: '12', number: 2 });
    expect(sortLeftovers([running], run)).toEqual({ own: running, foreign: undefined, stale: [] });
  });

  it('takes the end of an ended container in a re-run of the same run', () => {
    const ended = oneOff({ ...mine, exitCode: 1 });
    expect(sortLeftovers([ended], run).own).toBe(ended);
  });

  it('runs again what an earlier run with the same commands had ended', () => {
    const ended = oneOff({ ...mine, runKey: '12' });
    expect(sortLeftovers([ended], run)).toEqual({ own: undefined, foreign: undefined, stale: [ended] });
  });

  it('goes on at the highest number, because those before it ended well', () => {
    const [one, two] = [oneOff({ ...mine, number: 1 }), oneOff({ ...mine, number: 2, state: 'running' })];
    expect(sortLeftovers([two, one], run)).toEqual({ own: two, foreign: undefined, stale: [one] });
  });

  it('waits for a running container of another plan and never removes it', () => {
    const other = oneOff({ state: 'running' });
    expect(sortLeftovers([other], run)).toEqual({ own: undefined, foreign: other, stale: [] });
  });

  it('starts anew where a container was created but never started', () => {
    const created = oneOff({ ...mine, state: 'created' });
    expect(sortLeftovers([created], run)).toEqual({ own: undefined, foreign: undefined, stale: [created] });
  });

  it('removes a pending check, running or not, and never takes it for a command', () => {
    const check = oneOff({ ...mine, number: 0, state: 'running' });
    expect(sortLeftovers([check], run)).toEqual({ own: undefined, foreign: undefined, stale: [check] });
  });
});
