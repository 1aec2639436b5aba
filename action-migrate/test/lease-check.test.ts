import { HostError, type ExecResult } from '@deploy-actions/kit/host/host';
import { parseDeployPath } from '@deploy-actions/kit/state/deploy-path';
import { describe, expect, it } from 'vitest';
import { NotBegun, requireLease } from '../src/lease-check.ts';
import { lost, scriptedHost } from './builder.ts';

const owner = { id: 'acme/api#78', actor: 'mona', runUrl: 'https://github.example/acme/api/actions/runs/78' };
const lease = JSON.stringify({ owner, generation: 2, acquired: 1000, renewed: 1000, expires: 1600 });

/** Asks a server that answers in this order. */
function ask(id: string, answers: readonly (Partial<ExecResult> | Error)[]): Promise<void> {
  const left = [...answers];
  const host = scriptedHost(() => {
    const next = left.shift() ?? expect.fail('one look more than thought');
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  return requireLease({ host, deployPath: parseDeployPath('/srv/shop') }, id);
}
const held = { stdout: `1060\n${lease}\n` };

describe('requireLease', () => {
  it('lets a job that holds it begin, also on a second connection', async () => {
    await ask(owner.id, [held]);
    await ask(owner.id, [lost(), held]);
  });

  it('names who holds it instead, and is no failure of a command', async () => {
    const refused = await ask('acme/api#77', [held]).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(NotBegun);
    expect(refused).toMatchObject({ code: 'LEASE_LOST', message: expect.stringContaining('runs/78') as string });
  });

  it('counts a lease that is gone as lost', async () => {
    await expect(ask(owner.id, [{ stdout: '1060\n' }])).rejects.toMatchObject({
      code: 'LEASE_LOST',
      message: expect.stringContaining('nobody holds it now') as string,
    });
  });

  it('says that nothing was started where the server does not answer', async () => {
    await expect(ask(owner.id, [lost(), lost()])).rejects.toMatchObject({
      code: 'SSH_LOST',
      message: expect.stringContaining('nothing more was started') as string,
    });
  });

  it('leaves a cancel a cancel', async () => {
    const cancelled = new HostError({ code: 'CANCELLED', message: 'cancelled' });
    await expect(ask(owner.id, [cancelled])).rejects.toBe(cancelled);
  });
});
