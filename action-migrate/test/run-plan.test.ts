import { describe, expect, it } from 'vitest';
import { runArguments } from '../src/run-plan.ts';
import { image, plan } from './builder.ts';

describe('planRun', () => {
  it('names containers by project, run, attempt and number', () => {
    const names = plan(['a', 'b']).steps.map((step) => step.containerName);
    expect(names).toEqual(['shop-migrate-77-1-1', 'shop-migrate-77-1-2']);
  });

  it('names a rehearsal by the process id of its shell', () => {
    const rehearsal = plan(['a'], { owner: { id: 'ann@laptop#4711', runId: '', runAttempt: 1 } });
    expect(rehearsal.steps[0]?.containerName).toBe('shop-migrate-local4711-1-1');
  });

  it('gives the pending check the number 0', () => {
    const check = plan(['a'], { pendingCheck: { text: 'c', argv: ['c'] } }).pendingCheck;
    expect(check).toMatchObject({ number: 0, containerName: 'shop-migrate-77-1-0' });
  });

  it('has the same hash in every attempt and run, and another for another image, service or command', () => {
    const owner = { id: 'x', runId: '78', runAttempt: 3 };
    const base = plan(['a b']).hash;
    expect(plan(['a  b'], { owner }).hash).toBe(base);
    expect(plan(['a b'], { image: `${image.slice(0, -1)}b` }).hash).not.toBe(base);
    expect(plan(['a b'], { service: 'api' }).hash).not.toBe(base);
    expect(plan(["'a b'"]).hash).not.toBe(base);
  });
});

describe('runArguments', () => {
  it('runs detached, without TTY, stdin and dependencies, and keeps the container', () => {
    const run = plan(["sh -c 'x --rm'"]);
    const [step] = run.steps;
    if (step === undefined) expect.fail('no step');
    const words = runArguments(run, step);
    expect(words.slice(0, 7)).toEqual([
      'run',
      '--detach',
      '--no-TTY',
      '--interactive=false',
      '--no-deps',
      '--name',
      'shop-migrate-77-1-1',
    ]);
    expect(words).not.toContain('--rm');
    expect(words).toContain('deploy-actions.deploy-path=/srv/shop');
    expect(words.slice(-4)).toEqual(['migrate', 'sh', '-c', 'x --rm']);
  });

  it('leaves the command to the service when the user named none', () => {
    const run = plan([], { commands: [{ text: '', argv: [] }] });
    const [step] = run.steps;
    if (step === undefined) expect.fail('no step');
    expect(runArguments(run, step).at(-1)).toBe('migrate');
  });
});
