import { HostError, type Host } from '@deploy-actions/kit/host/host';
import { localHost } from '@deploy-actions/kit/host/local-host';
import { describe, expect, it } from 'vitest';
import { collectEvidence } from '../src/evidence.ts';
import { container } from './builders.ts';

/** A server whose commands end with this error. */
function failing(code: 'COMMAND_TIMEOUT' | 'CONNECTION_LOST'): Host {
  const fail = (): Promise<never> => Promise.reject(new HostError({ code, message: 'web1: docker logs hangs' }));
  const { name, kind } = localHost();
  return { name, kind, commandCount: 0, exec: fail, forward: fail, script: fail, close: () => Promise.resolve() };
}

describe('the evidence of a container that failed', () => {
  const failed = container('new1', 'app', { status: 'exited', exitCode: 3 });

  it('says that Docker did not tell more, and leaves the reason of the failure alone', async () => {
    const lines = await collectEvidence(failing('COMMAND_TIMEOUT'), failed);
    expect(lines[0]).toContain('exited, exit code 3');
    expect(lines.join('\n')).toContain('could not be read: web1: docker logs hangs');
  });

  it('is none where the connection broke: then nobody knows what runs', async () => {
    await expect(collectEvidence(failing('CONNECTION_LOST'), failed)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
  });
});
