import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { defaultTuning } from '../../src/host/connection.ts';
import { runChannel } from '../../src/host/ssh-channel.ts';
import { openConnection } from '../../src/host/ssh-connection.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { startServer } from './ssh-server.ts';

const never = new AbortController().signal;

it('a stdin that failed before its session was there ends the command with what it failed with', async () => {
  await using server = await startServer();
  const { client, close } = await openConnection(server.target, fakeRunner(), never, defaultTuning);
  const stdin = new Readable({ read: () => undefined });
  stdin.on('error', () => undefined);
  stdin.destroy(new Error('the file went away'));
  const io = { stdin, onStdout: () => undefined, onStderr: () => undefined, onStart: () => undefined, signal: never };
  await expect(runChannel(client, 'cat', io)).rejects.toThrow('the file went away');
  await close();
});
