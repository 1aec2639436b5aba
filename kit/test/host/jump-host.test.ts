import { describe, expect, it } from 'vitest';
import { defaultTuning } from '../../src/host/connection.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import type { SshTarget } from '../../src/host/ssh-target.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { startServer, type TestServer } from './ssh-server.ts';
import { makeEd25519Pair } from './key-pairs.ts';

const never = new AbortController().signal;
const quick = { ...defaultTuning, clock: { ...defaultTuning.clock, sleep: () => Promise.resolve() } };

describe.each(['ssh2', 'openssh'] as const)('a connection through a jump host by %s', (transport) => {
  const through = (jump: TestServer, server: TestServer): SshTarget => ({
    ...server.target,
    transport,
    jump: jump.target,
  });

  it('runs commands, checks both host keys, and closes both connections', async () => {
    await using jump = await startServer();
    await using server = await startServer({ hostKeys: [makeEd25519Pair().private] });
    const host = await connectSsh(through(jump, server), fakeRunner(), never, quick);
    expect(await host.exec(['wc', '-c'], { stdin: Buffer.alloc(2_000_000) })).toMatchObject({ stdout: '2000000\n' });
    expect(jump.connectionCount()).toBe(1);
    await host.close();
    await expect.poll(() => [...jump.sockets, ...server.sockets].every((socket) => socket.destroyed)).toBe(true);
  });

  it('goes through a chain', async () => {
    await using near = await startServer();
    await using far = await startServer();
    await using server = await startServer();
    const target = { ...server.target, transport, jump: { ...far.target, jump: near.target } };
    const host = await connectSsh(target, fakeRunner(), never, quick);
    expect(await host.exec(['echo', 'far'])).toMatchObject({ stdout: 'far\n' });
    await host.close();
  });

  it('names the host whose key is not pinned', async () => {
    await using jump = await startServer({ hostKeys: [makeEd25519Pair().private] });
    await using server = await startServer();
    const nothing = { pins: [], revoked: [], fingerprints: [`SHA256:${'A'.repeat(43)}`] as const };
    const failure = connectSsh(
      { ...server.target, transport, jump: { ...jump.target, hostKeys: nothing } },
      fakeRunner(),
      never,
      quick,
    );
    await expect(failure).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: expect.stringContaining(`(port ${jump.port})`) as string,
    });
    expect(server.connectionCount()).toBe(0);
    const second = connectSsh({ ...through(server, jump), hostKeys: nothing }, fakeRunner(), never, quick);
    await expect(second).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: expect.stringContaining(`(port ${jump.port})`) as string,
    });
  });

  it('explains a jump host that does not forward, and a server that it cannot reach', async () => {
    await using closed = await startServer({ isForwardingAllowed: false });
    await using jump = await startServer();
    await using server = await startServer();
    await expect(connectSsh(through(closed, server), fakeRunner(), never, quick)).rejects.toMatchObject({
      code: 'FORWARD_PROHIBITED',
    });
    const gone = { ...server.target, transport, port: 1, jump: jump.target };
    await expect(connectSsh(gone, fakeRunner(), never, quick)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1 from the server') as string,
    });
  });

  it('loses the connection with the jump host', async () => {
    await using jump = await startServer();
    await using server = await startServer();
    const host = await connectSsh(through(jump, server), fakeRunner(), never, quick);
    const running = host.script('echo started; exec sleep 20061', [], { onStdoutLine: () => jump.cut() });
    await expect(running).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await host.close();
  });
});
