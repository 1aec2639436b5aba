import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { defaultTuning } from '../../src/host/connection.ts';
import { limitsOf, readServerSoftware } from '../../src/host/server-software.ts';
import { runChannel } from '../../src/host/ssh-channel.ts';
import { openConnection } from '../../src/host/ssh-connection.ts';
import { connectSsh } from '../../src/host/ssh-host.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { startServer } from './ssh-server.ts';

const never = new AbortController().signal;

describe('what a server calls itself', () => {
  it.each([
    ['SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n', 'OpenSSH_9.2p1'],
    ['SSH-2.0-dropbear_2022.83\r\n\0\0\u0001', 'dropbear_2022.83'],
    ['Welcome\nto this server\r\nSSH-2.0-dropbear\n', 'dropbear'],
    ['SSH-2.0-dropbear_20', undefined],
    ['HTTP/1.1 400 Bad Request\r\n', undefined],
    ['', undefined],
  ])('is read from its first line (%j)', (bytes, software) => {
    expect(readServerSoftware(bytes)).toBe(software);
  });

  it.each([
    ['OpenSSH_9.2p1', undefined],
    [undefined, undefined],
    ['dropbear_2026.94', undefined],
    ['dropbear_2024.86', undefined],
    ['dropbear_2024.85', 1],
    ['dropbear_2022.83', 1],
    ['dropbear_0.53', 1],
    ['dropbear', 1],
  ])('tells how many sessions %s stands at once', (software, mostSessions) => {
    expect(limitsOf(software)).toEqual({ mostSessions });
  });
});

describe.each(['ssh2', 'openssh'] as const)(
  'a Dropbear that ends sessions which have no command yet, by %s',
  (choice) => {
    it('has one session at a time, also for what stops a command', async () => {
      await using server = await startServer({ ident: 'dropbear_2022.83' });
      const host = await connectSsh({ ...server.target, transport: choice }, fakeRunner(), never, defaultTuning);
      try {
        await Promise.all(Array.from({ length: 6 }, () => host.exec(['true'])));
        expect(server.mostSessions()).toBe(1);
        await expect(host.exec(['sleep', '20031'], { timeoutMs: 2000 })).rejects.toMatchObject({
          message: expect.stringContaining('was stopped') as string,
        });
        expect(server.connectionCount()).toBe(2);
      } finally {
        await host.close();
      }
    });
  },
);

describe('the SSH library', () => {
  it('asks for another session where the server closed one before it got its command', async () => {
    const client = Object.assign(new ssh2.Client(), {
      exec: (_line: string, done: (error: Error) => void) => {
        done(new Error('Channel is not open'));
      },
    });
    const io = { onStdout: () => undefined, onStderr: () => undefined, onStart: () => undefined, signal: never };
    await expect(runChannel(client, 'true', io)).resolves.toMatchObject({ kind: 'no-session' });
  });

  it('waits for no goodbye on a connection that is lost: nothing would keep the process alive for it', async () => {
    await using server = await startServer();
    const connection = await openConnection(server.target, fakeRunner(), never, defaultTuning);
    server.cut();
    await connection.lost.catch(() => undefined);
    const soon = new Promise((resolve) => setImmediate(resolve, 'still waiting'));
    expect(await Promise.race([connection.close(), soon])).toBeUndefined();
  });
});
