import { HostError } from '@deploy-actions/kit/host/host';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { reconnectingHost } from '../src/reconnecting-host.ts';
import { lost, scriptedHost } from './builder.ts';

const fine = () => scriptedHost(async () => ({ stdout: 'fine' }));
const broken = () => scriptedHost(() => Promise.reject(lost()));
const refusal = (code: 'HOST_UNREACHABLE' | 'HOST_KEY_MISMATCH') => new HostError({ code, message: code });

function redial(answers: readonly (Error | ReturnType<typeof fine>)[]) {
  const clock = fakeClock();
  let dials = 0;
  const connect = async () => {
    const answer = answers[Math.min(dials, answers.length - 1)];
    dials += 1;
    if (answer === undefined || answer instanceof Error) throw answer ?? lost();
    return answer;
  };
  return { connect, clock, signal: new AbortController().signal, say: () => undefined, dials: () => dials, answers };
}

describe('reconnectingHost', () => {
  it('fails the command under which the connection broke, and dials for the next one', async () => {
    const again = redial([fine()]);
    const host = reconnectingHost(broken(), again);
    await expect(host.exec(['a'])).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(again.dials()).toBe(0);
    expect((await host.exec(['b'])).stdout).toBe('fine');
    expect(host.commandCount).toBe(2);
  });

  it('dials once for commands that ask at the same time', async () => {
    const again = redial([fine()]);
    const host = reconnectingHost(broken(), again);
    await host.exec(['a']).catch(() => undefined);
    await Promise.all([host.exec(['b']), host.script('c', [])]);
    expect(again.dials()).toBe(1);
  });

  it('goes on dialing for a minute while the network is away', async () => {
    const again = redial([refusal('HOST_UNREACHABLE'), refusal('HOST_UNREACHABLE'), fine()]);
    const host = reconnectingHost(broken(), again);
    await host.exec(['a']).catch(() => undefined);
    expect((await host.exec(['b'])).stdout).toBe('fine');
    expect(again.clock.now()).toBe(6000);
  });

  it('gives up after that minute', async () => {
    const again = redial([refusal('HOST_UNREACHABLE')]);
    const host = reconnectingHost(broken(), again);
    await host.exec(['a']).catch(() => undefined);
    await expect(host.exec(['b'])).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(again.clock.now()).toBe(60_000);
  });

  it('never dials again after another host key was offered', async () => {
    const again = redial([refusal('HOST_KEY_MISMATCH')]);
    const host = reconnectingHost(broken(), again);
    await host.exec(['a']).catch(() => undefined);
    await expect(host.exec(['b'])).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
    expect(again.dials()).toBe(1);
  });
});
