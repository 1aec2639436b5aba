import { Readable } from 'node:stream';
import ssh2, { type ClientCallback } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { defaultTuning } from '../../src/host/connection.ts';
import { runChannel } from '../../src/host/ssh-channel.ts';
import { openConnection } from '../../src/host/ssh-connection.ts';
import { onRequested, shortenLogin } from '../../src/host/ssh-flights.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { startServer, userKey } from './ssh-server.ts';

const never = new AbortController().signal;
const io = { onStdout: () => undefined, onStderr: () => undefined, onStart: () => undefined, signal: never };

describe('what the SSH library waits for', () => {
  it('shows the key with its signature at once, without asking first whether it would do', async () => {
    const logins: string[] = [];
    await using server = await startServer({
      onLogin: (method, isSigned) => logins.push(`${method} ${isSigned ? 'signed' : 'asked'}`),
    });
    await (await openConnection(server.target, fakeRunner(), never, defaultTuning)).close();
    expect(logins).toEqual(['publickey signed']);
  });

  it('asks once with a key that is refused, and says so', async () => {
    const logins: string[] = [];
    await using server = await startServer({ isKeyAccepted: false, onLogin: (method) => logins.push(method) });
    const connecting = openConnection(server.target, fakeRunner(), never, defaultTuning);
    await expect(connecting).rejects.toMatchObject({ code: 'SSH_AUTH_REJECTED' });
    expect(logins).toEqual(['publickey']);
  });

  it('sends stdin behind the request for the command, before the answer', async () => {
    await using server = await startServer();
    const connection = await openConnection(server.target, fakeRunner(), never, defaultTuning);
    const order: string[] = [];
    const exec = connection.client.exec.bind(connection.client);
    Object.assign(connection.client, {
      exec: (line: string, answered: ClientCallback) =>
        exec(line, (error, channel) => {
          order.push('answered');
          answered(error, channel);
        }),
    });
    const stdin = Readable.from(
      (function* () {
        order.push('sent');
        yield 'content';
      })(),
    );
    let said = '';
    const end = await runChannel(connection.client, 'cat', {
      ...io,
      stdin,
      onStdout: (chunk) => (said += chunk.toString()),
    });
    await connection.close();
    expect({ end, said, order }).toEqual({
      end: { kind: 'exit', code: 0 },
      said: 'content',
      order: ['sent', 'answered'],
    });
  });

  it('sends what is known of stdin by then in the request itself', async () => {
    await using server = await startServer();
    const connection = await openConnection(server.target, fakeRunner(), never, defaultTuning);
    const stdin = new Readable({ read: () => undefined });
    let said = '';
    const end = await runChannel(connection.client, 'cat', {
      ...io,
      stdin,
      earlyProgram: () => 'printf %s known; cat',
      onStdout: (chunk) => (said += chunk.toString()),
    });
    await connection.close();
    expect({ end, said, isGone: stdin.destroyed }).toEqual({
      end: { kind: 'exit', code: 0 },
      said: 'known',
      isGone: true,
    });
  });

  it('leaves a library alone that looks otherwise inside', () => {
    const client = new ssh2.Client();
    shortenLogin(client, userKey.parsed);
    expect(() => {
      onRequested(client, 'anything', { use: () => undefined }).forget();
    }).not.toThrow();
  });
});
